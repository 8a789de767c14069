"""Values of templates as JSON, for bodies and parameters."""

from collections.abc import Mapping
from datetime import date

from bot.core.errors import ExpressionError
from bot.core.ports import Json
from bot.core.quoting import iso


def jsonable(value: object) -> Json:
    """The value as JSON: moments as RFC 3339, sets as sorted lists. Raises ExpressionError on anything else."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case date():
            return iso(value)
        case list() | tuple():
            return [jsonable(item) for item in value]
        case set() | frozenset():
            return [jsonable(item) for item in sorted(value, key=str)]
        case Mapping():
            return {str(name): jsonable(item) for name, item in value.items()}
    raise ExpressionError(f"a {type(value).__name__} cannot be sent")


def text(value: object) -> str:
    """The value as one query parameter or argument. Raises ExpressionError when it is not a single value."""
    match jsonable(value):
        case bool() as flag:
            return "true" if flag else "false"
        case str() | int() | float() as single:
            return str(single)
    raise ExpressionError(f"a {type(value).__name__} is not a single text")
