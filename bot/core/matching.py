"""Alertmanager's matcher grammar: `name="value"`, `!=`, `=~`, `!~`; regular expressions match whole values."""

import re
from collections.abc import Mapping

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from bot.core.regex import compiled, whole

# Where Alertmanager's releases read a spelling differently (spaces, commas or quotes in a value without quotes, names
# beyond letters, \t), it is not accepted: what is accepted means the same in all of them.
_GRAMMAR = re.compile(
    r"\s*(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*(?P<op>=~|!~|!=|=)\s*"
    r'(?P<value>"(?:[^"\\]|\\.)*"|[^"\s,{}\'`\\=!~][^"\s,{}\'`\\]*|)\s*',
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Matcher:
    """One matcher. An absent label is the empty text, as in Alertmanager. Raises ValueError when malformed."""

    def __init__(self, source: str) -> None:
        parsed = _GRAMMAR.fullmatch(source)
        if parsed is None:
            raise ValueError(f'{source!r} is not a matcher; write name="value", with = != =~ or !~')
        self.source = source
        self.name = parsed["name"]
        self.op = parsed["op"]
        is_regex = "~" in self.op
        try:
            self.value = _unquoted(parsed["value"], keeps_others=is_regex)
            self._pattern = compiled(self.value) if is_regex else None
        except ValueError as error:
            raise ValueError(f"{source!r}: {error}") from error

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels satisfy it."""
        actual = labels.get(self.name, "")
        equal = whole(self._pattern, actual) if self._pattern else actual == self.value
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


def _unquoted(value: str, *, keeps_others: bool) -> str:
    r"""The value inside the quotes; a regular expression keeps the escapes that are its own, such as `\.`."""
    if not value.startswith('"'):
        return value

    def read(found: re.Match[str]) -> str:
        if found[1] in _MEANS:
            return _MEANS[found[1]]
        if keeps_others:
            return found[0]
        raise ValueError(f'{found[0]} is not an escape; there are \\\\, \\" and \\n')

    return _ESCAPE.sub(read, value[1:-1])


_MEANS = {"n": "\n", '"': '"', "\\": "\\"}
