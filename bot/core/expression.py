"""Expressions in content files: `drift.max <= 0.005 and ready.status == "healthy"`.

Jinja2's expression grammar in its sandbox, so nothing can be called but filters and nothing changed.
"""

from collections.abc import Mapping
from functools import lru_cache

from jinja2 import TemplateError, Undefined, UndefinedError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from bot.core.errors import ExpressionError
from bot.core.quoting import iso, minus, plus, promql, segment


class Missing(Undefined):
    """A name or attribute that is not there: falsy in `default(…)`, an error anywhere else."""

    __slots__ = ()
    __str__ = __iter__ = __bool__ = __eq__ = __ne__ = __hash__ = Undefined._fail_with_undefined_error  # noqa: SLF001 - jinja2's own StrictUndefined is made this way


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, where a dot on a mapping means its key and nothing else (`table.count` is no method)."""

    def getattr(self, obj: object, attribute: str) -> object:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


def environment() -> ImmutableSandboxedEnvironment:
    """The one sandbox of templates and expressions; it has our filters and no globals."""
    env = Sandbox(undefined=Missing, autoescape=False)
    env.globals.clear()
    env.filters.update({"promql": promql, "segment": segment, "iso": iso, "minus": minus, "plus": plus})
    return env


_ENV = environment()


@lru_cache(maxsize=4096)
def _compiled(source: str):  # type: ignore[no-untyped-def]  # jinja2 does not name the type
    return _ENV.compile_expression(source, undefined_to_none=False)


def _path(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr():
            inner = _path(node.node)
            return f"{inner}.{node.attr}" if inner else None
    return None


def names_of(tree: nodes.Template) -> frozenset[str]:
    """The names a parsed template or expression reads from its scope."""
    return frozenset(meta.find_undeclared_variables(tree))


def paths_of(tree: nodes.Template) -> frozenset[str]:
    """Every dotted path it reads: `drift.max`, `params.tenant`; the loader holds them against what is declared."""
    found = {_path(node) for node in tree.find_all((nodes.Getattr, nodes.Name))}
    whole = {path for path in found if path}
    return frozenset(path for path in whole if not any(other.startswith(f"{path}.") for other in whole))


class Expression:
    """A parsed expression. Equal when its source is equal; raises ValueError when it does not parse."""

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            tree = _ENV.parse("{{ (" + source + ") }}")
            _compiled(source)
        except TemplateError as error:
            raise ValueError(f"not an expression: {source!r}: {error}") from error
        self.names = names_of(tree)
        self.paths = paths_of(tree)

    def value(self, scope: Mapping[str, object]) -> object:
        """Evaluate. Raises ExpressionError, naming the expression, when a value is missing or of the wrong type."""
        try:
            result = _compiled(self.source)(**scope)
            if isinstance(result, Undefined):
                str(result)
        except (UndefinedError, TypeError, ValueError, ArithmeticError, TemplateError) as error:
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
                    return cls(repr(value).lower() if isinstance(value, bool) else repr(value))
                case str() if value.strip():
                    return cls(value)
            raise ValueError("write an expression, such as: drift.max <= 0.005")

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(lambda e: e.source)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": ["string", "number", "boolean"], "description": "an expression over evidence"}
