"""The arguments of one Web API call, however they were sent: form, query or JSON body."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from sandbox.workspace.errors import SlackError, refused_with

_TRUE = {"1", "true", "True"}


class Arguments:
    """Typed reading of what was sent; a wrong type is `invalid_arguments`."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _invalid("must be a string", name)
        return str(value)

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise refused_with("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        value = self._values.get(name)
        return value is True or value in _TRUE

    def number(self, name: str, *, default: int, most: int) -> int:
        """A whole number between 1 and `most`."""
        text = self.text(name)
        if text is None:
            return default
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise _invalid(f"must be between 1 and {most}", name)
        return int(text)

    def names(self, name: str) -> list[str]:
        """A list that is sent with commas."""
        return [each.strip() for each in (self.text(name) or "").split(",") if each.strip()]

    def document(self, name: str, *, wrong: str) -> object:
        """A JSON value: as it is in a JSON body, as a string of JSON in a form. `wrong` is the error for bad JSON."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise SlackError(wrong) from error


def parse(*, content_type: str, query: str, body: bytes) -> Arguments:
    """Read a request as Slack does: the query first, then the body over it."""
    values: dict[str, object] = dict(parse_qsl(query))
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return Arguments(values)
    if kind == "application/json":
        try:
            sent = json.loads(body)
        except ValueError as error:
            raise SlackError("invalid_json") from error
        if not isinstance(sent, dict):
            raise SlackError("json_not_object")
        return Arguments(values | sent)
    if kind == "application/x-www-form-urlencoded":
        return Arguments(values | dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True)))
    raise SlackError("invalid_post_type")


def _invalid(said: str, name: str) -> SlackError:
    return refused_with("invalid_arguments", [f"[ERROR] {said} [json-pointer:/{name}]"])
