"""How the workspace says no, in Slack's own words."""

from collections.abc import Sequence

from sandbox.workspace.jsontype import JsonObject


class SlackError(Exception):
    """A call that Slack would refuse: `code` is Slack's name for it, `status` the HTTP status (mostly 200)."""

    def __init__(self, code: str, *, status: int = 200, extra: JsonObject | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.extra = extra or {}

    def body(self) -> JsonObject:
        return {"ok": False, "error": self.code, **self.extra}


def refused_with(code: str, messages: Sequence[str]) -> SlackError:
    """An error that names each offending place, as Slack does under response_metadata.messages."""
    return SlackError(code, extra={"response_metadata": {"messages": list(messages)}})


def missing_scope(*, needed: str, provided: frozenset[str]) -> SlackError:
    return SlackError("missing_scope", extra={"needed": needed, "provided": ",".join(sorted(provided))})
