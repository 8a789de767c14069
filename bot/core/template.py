"""Templates in content files, each of a kind that knows what its text becomes."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import ClassVar

from jinja2 import Undefined, nodes
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from bot.core.errors import ExpressionError
from bot.core.expression import Expression
from bot.core.quoting import Segment, segment
from bot.core.reads import names_of, paths_of, reads_of
from bot.core.sandbox import FAILURES, LONGEST_TEMPLATE, Sandbox, environment, vetted

_INSERTED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_ODD_PATH = re.compile(r"//|/\.{1,2}(?:/|$)|[\s\\#\x00-\x1f\x7f]")


def _plain(value: object) -> object:
    return value


def _encoded(value: object) -> object:
    return value if isinstance(value, Undefined | Segment) else segment(value)


@lru_cache(maxsize=8192)
def _read(kind: "type[Template]", source: str) -> "Template":
    """One value for all that spell it alike: content is read again and again, and mostly the same."""
    return kind(source)


@cache
def _environment(finalize: Callable[[object], object]) -> Sandbox:
    """One for each kind of template."""
    made = environment()
    made.finalize = finalize
    return made


class Template:
    """Text with `{{ … }}` in it; parsed at load, rendered later. Raises ValueError when it does not parse."""

    _finalize: ClassVar = staticmethod(_plain)

    def __init__(self, source: str) -> None:
        self.source = source
        env = _environment(self._finalize)
        try:
            if len(source) > LONGEST_TEMPLATE:
                raise ValueError(f"longer than {LONGEST_TEMPLATE} characters")
            tree = vetted(env.parse(source))
            self._template = env.from_string(source)
        except (*FAILURES, SyntaxError) as error:
            raise ValueError(f"not a template: {error}") from error
        self.names = names_of(tree)
        self.paths = paths_of(tree)
        self.reads = reads_of(tree)
        self._body = tree.body

    def filled(self, stand_in: str) -> str:
        """The text with `stand_in` for every value, for a check of what surrounds them."""
        return "".join(part.data if isinstance(part, nodes.TemplateData) else stand_in for part in self._parts())

    def unfiltered(self, name: str) -> list[str]:
        """The inserted values that do not go through this filter last, by the names they read."""
        return [
            ", ".join(
                sorted({each.name for each in (part, *part.find_all(nodes.Name)) if isinstance(each, nodes.Name)})
            )
            for part in self._parts()
            if not isinstance(part, nodes.TemplateData) and not (isinstance(part, nodes.Filter) and part.name == name)
        ]

    def _parts(self) -> Iterator[nodes.Node]:
        for each in self._body:
            yield from each.nodes if isinstance(each, nodes.Output) else [each]

    def render(self, scope: Mapping[str, object]) -> str:
        """Fill in. Raises ExpressionError, naming the template, when a value is missing."""
        try:
            return self._template.render(scope)
        except FAILURES as error:
            raise ExpressionError(f"{self.source!r}: {error}") from error

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, Template) and other.source == self.source

    def __hash__(self) -> int:
        return hash((type(self), self.source))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: object) -> "Template":
            if isinstance(value, Template):
                return value
            if isinstance(value, str):
                return _read(cls, value)  # type: ignore[arg-type]  # a class has a hash of its own
            raise ValueError("write text; quote it if it looks like a number, a date or yes/no")

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(lambda t: t.source)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string"}


class PathTemplate(Template):
    """A URL path: every inserted value is encoded as one segment; the literal part must begin with `/`."""

    _finalize: ClassVar = staticmethod(_encoded)

    def __init__(self, source: str) -> None:
        super().__init__(source)
        if not source.startswith("/") or "?" in _INSERTED.sub("", source):
            raise ValueError("a path begins with / and has no ?; put parameters under query:")
        if _ODD_PATH.search(_INSERTED.sub("x", source)):
            raise ValueError("a path has no empty or dotted segments, spaces or #")


class Value:
    """A leaf of a JSON body or parameter: a literal, a template, or, when it is one `{{ … }}` alone, its value."""

    def __init__(self, source: str | int | float | bool | None) -> None:
        self.source = source
        self._inner: Expression | Template | None = None
        if isinstance(source, str) and "{" in source:
            text = source.strip()
            alone = text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1
            self._inner = Expression(text[2:-2].strip()) if alone else Template(source)
        self.names = self._inner.names if self._inner else frozenset()
        self.paths = self._inner.paths if self._inner else frozenset()
        self.reads = self._inner.reads if self._inner else frozenset()

    def value(self, scope: Mapping[str, object]) -> object:
        """The literal, or what the template gives on `scope`. Raises ExpressionError."""
        match self._inner:
            case Expression() as expression:
                return expression.value(scope)
            case Template() as template:
                return template.render(scope)
        return self.source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and (type(other.source), other.source) == (
            type(self.source),
            self.source,
        )

    def __hash__(self) -> int:
        return hash((type(self.source), self.source))

    def __repr__(self) -> str:
        return f"Value({self.source!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: object) -> "Value":
            match value:
                case Value():
                    return value
                case None | bool() | int() | float() | str():
                    return cls(value)
            raise ValueError("write text, a number, true, false or null")

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(lambda v: v.source)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": ["string", "number", "boolean", "null"]}
