"""A record of every Web API call and every delivery to the bot, for counting in tests."""

from collections import deque
from dataclasses import asdict, dataclass

from sandbox.workspace.jsontype import JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiCall:
    """One call. `outcome` is "ok", Slack's error, or the kind of fault that swallowed it."""

    method: str
    channel: str | None
    ts: str | None
    outcome: str
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One callback to the bot. `outcome` is "ok", "operation_timeout", "dispatch_failed" or "not_connected"."""

    kind: str
    outcome: str
    attempt: int
    status: int | None
    seconds: float
    at: float


class Journal:
    """The latest calls and deliveries, oldest first."""

    def __init__(self, *, keep: int = 20_000) -> None:
        self.calls: deque[ApiCall] = deque(maxlen=keep)
        self.deliveries: deque[Delivery] = deque(maxlen=keep)

    def as_json(self, *, method: str | None) -> list[JsonObject]:
        return [asdict(call) for call in self.calls if method in {None, call.method}]

    def deliveries_as_json(self) -> list[JsonObject]:
        return [asdict(delivery) for delivery in self.deliveries]

    def clear(self) -> None:
        self.calls.clear()
        self.deliveries.clear()
