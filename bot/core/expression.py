"""Expressions in content files: `drift.max <= 0.005 and ready.status == "healthy"`.

Jinja2's expression grammar in its sandbox, so nothing can be called but filters and nothing changed.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from jinja2 import Undefined, nodes
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from bot.core.errors import ExpressionError
from bot.core.reads import names_of, paths_of, reads_of
from bot.core.sandbox import FAILURES, LONGEST_EXPRESSION, environment, vetted

_ENV = environment()


@lru_cache(maxsize=4096)
def _compiled(source: str):  # type: ignore[no-untyped-def]  # jinja2 does not name the type
    return _ENV.compile_expression(source, undefined_to_none=False)


def _parsed(source: str) -> nodes.Template:
    if len(source) > LONGEST_EXPRESSION:
        raise ValueError(f"longer than {LONGEST_EXPRESSION} characters")
    tree = vetted(_ENV.parse("{{ (" + source + ") }}"))
    _compiled(source)
    return tree


@lru_cache(maxsize=8192)
def _read(source: str) -> "Expression":
    """One value for all that spell it alike: content is read again and again, and mostly the same."""
    return Expression(source)


class Expression:
    """A parsed expression. Equal when its source is equal; raises ValueError when it does not parse."""

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            tree = _parsed(source)
        except (*FAILURES, SyntaxError) as error:
            raise ValueError(f"not an expression: {source[:80]!r}: {error}") from error
        self.names = names_of(tree)
        self.paths = paths_of(tree)
        self.reads = reads_of(tree)

    def value(self, scope: Mapping[str, object]) -> object:
        """Evaluate. Raises ExpressionError, naming the expression, when a value is missing or of the wrong type."""
        try:
            result = _compiled(self.source)(**scope)
            result = list(result) if isinstance(result, Iterator) else result  # a filter's, which would fail later
            for each in result if isinstance(result, list | tuple) else [result]:
                if isinstance(each, Undefined):
                    str(each)  # raises, naming what is missing
        except FAILURES as error:
            raise ExpressionError(f"{self.source!r}: {error}") from error
        return result

    def holds(self, scope: Mapping[str, object]) -> bool:
        """Evaluate as a condition."""
        return bool(self.value(scope))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: object) -> "Expression":
            match value:
                case Expression():
                    return value
                case bool() | int() | float():
                    return _read(repr(value).lower() if isinstance(value, bool) else repr(value))
                case str() if value.strip():
                    return _read(value)
            raise ValueError("write an expression, such as: drift.max <= 0.005")

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(lambda e: e.source)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": ["string", "number", "boolean"], "description": "an expression over evidence"}
