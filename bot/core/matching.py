"""Alertmanager's matcher grammar: `name="value"`, `!=`, `=~`, `!~`; regular expressions match whole values."""

import re
from collections.abc import Mapping

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_GRAMMAR = re.compile(
    r'\s*(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*(?P<op>=~|!~|!=|=)\s*(?P<value>"(?:[^"\\]|\\.)*"|[^"\s]*)\s*'
)
_ESCAPE = re.compile(r"\\(.)")


class Matcher:
    """One matcher. An absent label is the empty text, as in Alertmanager. Raises ValueError when malformed."""

    def __init__(self, source: str) -> None:
        parsed = _GRAMMAR.fullmatch(source)
        if parsed is None:
            raise ValueError(f'{source!r} is not a matcher; write name="value", with = != =~ or !~')
        self.source = source
        self.name = parsed["name"]
        self.op = parsed["op"]
        self.value = _unquoted(parsed["value"])
        try:
            self._pattern = re.compile(self.value) if "~" in self.op else None
        except re.error as error:
            raise ValueError(f"{source!r}: not a regular expression: {error}") from error

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels satisfy it."""
        actual = labels.get(self.name, "")
        equal = bool(self._pattern.fullmatch(actual)) if self._pattern else actual == self.value
        return equal is not self.op.startswith("!")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matcher) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Matcher({self.source!r})"

    def __str__(self) -> str:
        return self.source

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: object) -> "Matcher":
            if isinstance(value, Matcher):
                return value
            if isinstance(value, str):
                return cls(value)
            raise ValueError('write a matcher, such as alertname=~"Reconciliation.*"')

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "examples": ['alertname=~"Reconciliation.*"']}


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return _ESCAPE.sub(lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), value[1:-1])
