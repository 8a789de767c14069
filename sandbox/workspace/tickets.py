"""The short-lived rights that come with an interaction: to open a modal once, to answer by URL, to connect."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.workspace.errors import SlackError

TRIGGER_SECONDS = 3.0
RESPONSE_SECONDS = 30 * 60.0
RESPONSE_USES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    id: str
    user: str
    issued: float
    used: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseUrl:
    """Answers into `channel`; `ts` is the message that was acted on, if there was one."""

    token: str
    user: str
    channel: str
    issued: float
    ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


class Tickets:
    """Issues both kinds. `now` gives seconds, `new_id` an unguessable id for a prefix."""

    def __init__(self, *, now: Callable[[], float], new_id: Callable[[str], str]) -> None:
        self._now = now
        self._new_id = new_id
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}
        self._connections: set[str] = set()

    def trigger(self, user: str) -> str:
        trigger = Trigger(id=self._new_id("trigger"), user=user, issued=self._now())
        self._triggers[trigger.id] = trigger
        return trigger.id

    def exchange(self, trigger_id: str) -> str:
        """The person behind a trigger, which is spent by asking; Slack gives it 3 seconds."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._now() - trigger.issued > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        self._triggers[trigger_id] = replace(trigger, used=True)
        return trigger.user

    def connection(self) -> str:
        """A ticket for one Socket Mode connection."""
        ticket = self._new_id("socket")
        self._connections.add(ticket)
        return ticket

    def use_connection(self, ticket: str) -> bool:
        """Whether the ticket was good; it is not afterwards."""
        known = ticket in self._connections
        self._connections.discard(ticket)
        return known

    def response_url(self, *, user: str, channel: str, ts: str | None = None, thread_ts: str | None = None) -> str:
        """The token of a new response URL."""
        token = self._new_id("response")
        self._urls[token] = ResponseUrl(
            token=token, user=user, channel=channel, issued=self._now(), ts=ts, thread_ts=thread_ts
        )
        return token

    def use_response_url(self, token: str) -> ResponseUrl:
        url = self._urls.get(token)
        if url is None or self._now() - url.issued > RESPONSE_SECONDS:
            raise SlackError("expired_url", status=404)
        if url.uses >= RESPONSE_USES:
            raise SlackError("used_url", status=404)
        self._urls[token] = replace(url, uses=url.uses + 1)
        return self._urls[token]
