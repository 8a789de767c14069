"""Slack's Web API: one method each for what we do there, its errors translated once."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import HTTPError, URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.core.errors import Refused, Unavailable, Unknown
from bot.core.place import Place
from bot.core.ports import Json

_EVENT_TYPE = "countersign_message"
_TIMEOUT = 10  # seconds
_CLOCKS = timedelta(minutes=2)  # how far our clock and Slack's may be apart
_PAGES = 5
# Errors after which nobody can say whether the call had its effect.
_THROTTLED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_UNCERTAIN = frozenset(
    {"fatal_error", "internal_error", "no_json", "request_timeout", "service_unavailable", "team_added_to_org"}
)

Blocks = Sequence[dict[str, Json]]


class Throttled(Unavailable):
    """Slack asks for a pause of one method: it did nothing, and will do nothing before `pause` has passed."""

    def __init__(self, pause: timedelta, *, method: str = "", word: str = "ratelimited") -> None:
        self.pause = pause
        self.method = method
        self.word = word
        super().__init__("slack", f"{word}: a pause of {int(pause.total_seconds())} s")


class Unanswered(Unknown):
    """No answer came at all: Slack may still be at it, and the effect may come later than we stopped waiting."""


class Denied(Refused):
    """Slack's no to one method; `scope` is the one that was missing, where that is why."""

    def __init__(self, word: str, *, status: int, method: str, scope: str | None) -> None:
        self.method = method
        self.scope = scope
        super().__init__("slack", word, status=status)


class Watch(Protocol):
    """Is told of every call: its method, and `ok`, Slack's word for what went wrong, or `no_answer`."""

    def __call__(self, method: str, outcome: str) -> None: ...


_made: ContextVar[list[str] | None] = ContextVar("calls_made", default=None)


@contextmanager
def calls_made() -> Iterator[list[str]]:
    """The methods called from this thread until the block ends, one by one: an upload, say, is more than one."""
    made: list[str] = []
    token = _made.set(made)
    try:
        yield made
    finally:
        _made.reset(token)


class _Watched(WebClient):
    """Every method of the SDK, those that its uploads make included, goes through this one call."""

    watch: Watch | None = None

    def api_call(self, api_method: str, **given: Any) -> SlackResponse:
        outcome = "no_answer"
        if (made := _made.get()) is not None:
            made.append(api_method)
        try:
            answer = super().api_call(api_method, **given)
        except SlackApiError as error:
            outcome = _word(error)
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            if self.watch is not None:
                self.watch(api_method, outcome)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A message of ours as it stands in Slack, the revision it shows, and whether somebody replied to it."""

    place: Place
    revision: int
    has_replies: bool = False


def web_client(*, token: str, base_url: str, timeout: int = _TIMEOUT, watch: Watch | None = None) -> WebClient:
    """A client that never repeats a call by itself: a message posted twice stays posted twice.

    `timeout` is in seconds. What a person waits for (the directory, a modal) has 3 s in all: give it 2.
    """
    quiet = logging.getLogger("bot.adapters.slack.sdk")
    quiet.setLevel(logging.CRITICAL)  # the SDK logs whole bodies of failed calls
    client = _Watched(token=token, base_url=base_url, timeout=timeout, retry_handlers=[], logger=quiet)
    client.watch = watch
    return client


class Slack:
    """What we do in the workspace.

    Raises `Throttled` and `Unavailable` when nothing was done, `Refused` (its `why` is Slack's own word for it) when
    nothing will be, and `Unknown` when a call may have had its effect.
    """

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def post(
        self,
        *,
        channel: str,
        text: str,
        blocks: Blocks,
        thread_ts: str | None,
        message_id: str,
        revision: int,
        is_for_all: bool = False,
    ) -> Place:
        """Post a message; `channel` is an id or a `#name`. `is_for_all`: a reply that the channel sees, too."""
        with translated():
            reply = self._client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=list(blocks) or None,
                thread_ts=thread_ts,
                reply_broadcast=True if is_for_all and thread_ts is not None else None,
                metadata=_metadata(message_id, revision),
                unfurl_links=False,
                unfurl_media=False,
                parse="none",
                link_names=False,
            )
        return Place(channel=str(reply["channel"]), ts=str(reply["ts"]))

    def update(self, place: Place, *, text: str, blocks: Blocks, message_id: str, revision: int) -> None:
        """Make a message say this; saying the same twice changes nothing."""
        with translated():
            self._client.chat_update(
                channel=place.channel,
                ts=place.ts,
                text=text,
                blocks=list(blocks),
                metadata=_metadata(message_id, revision),
                parse="none",
                link_names=False,
            )

    def delete(self, place: Place) -> None:
        with translated():
            self._client.chat_delete(channel=place.channel, ts=place.ts)

    def find(self, message_id: str, *, channel_id: str, thread_ts: str | None, since: datetime) -> list[Found]:
        """Our message by its metadata, among those posted after `since`: each time it stands there, oldest first."""
        found = []
        for message in self._messages(channel_id, thread_ts=thread_ts, since=since):
            metadata = message.get("metadata", {})
            payload = metadata.get("event_payload", {})
            if metadata.get("event_type") == _EVENT_TYPE and payload.get("message_id") == message_id:
                place = Place(channel=channel_id, ts=str(message["ts"]))
                revision, replies = int(payload.get("revision", 0)), int(message.get("reply_count", 0))
                found.append(Found(place=place, revision=revision, has_replies=replies > 0))
        return sorted(found, key=lambda each: each.place.ts)

    def upload(self, picture: bytes, *, filename: str, title: str, channel_id: str, thread_ts: str | None) -> None:
        """Put a picture into a thread."""
        with translated():
            self._client.files_upload_v2(
                content=picture,
                filename=filename,
                title=title,
                alt_txt=title,
                channel=channel_id,
                thread_ts=thread_ts,
            )

    def find_file(self, filename: str, *, channel_id: str, thread_ts: str | None, since: datetime) -> Place | None:
        """The message that shares the file of this name; None when there is none."""
        for message in self._messages(channel_id, thread_ts=thread_ts, since=since):
            if any(file.get("name") == filename for file in message.get("files", [])):
                return Place(channel=channel_id, ts=str(message["ts"]))
        return None

    def channel_id(self, channel: str) -> str:
        """The id of a `#name`; an id is its own. Raises Refused when there is no such channel."""
        if not channel.startswith("#"):
            return channel
        cursor: str | None = None
        while cursor != "":
            with translated():
                page = self._client.conversations_list(
                    types="public_channel,private_channel", exclude_archived=True, limit=1000, cursor=cursor
                )
            for each in page["channels"]:
                if each["name"] == channel[1:]:
                    return str(each["id"])
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        raise Refused("slack", "channel_not_found")

    def tell(self, *, channel: str, user: str, text: str, thread_ts: str | None) -> None:
        """Say something that only this person sees."""
        with translated():
            self._client.chat_postEphemeral(channel=channel, user=user, text=text, thread_ts=thread_ts)

    def answer(self, *, channel: str, user: str, text: str, blocks: Blocks, thread_ts: str | None) -> None:
        """The same with blocks, such as what somebody asked for."""
        with translated():
            self._client.chat_postEphemeral(
                channel=channel, user=user, text=text, blocks=list(blocks) or None, thread_ts=thread_ts
            )

    def open_view(self, *, trigger_id: str, view: dict[str, Json]) -> str:
        """Open a modal; returns the view's id."""
        with translated():
            reply = self._client.views_open(trigger_id=trigger_id, view=view)
        return str(reply["view"]["id"])

    def publish_home(self, user: str, *, view: dict[str, Json]) -> None:
        """Make this the Home that the person sees."""
        with translated():
            self._client.views_publish(user_id=user, view=view)

    def update_view(self, view_id: str, *, view: dict[str, Json]) -> None:
        with translated():
            self._client.views_update(view_id=view_id, view=view)

    def _messages(self, channel_id: str, *, thread_ts: str | None, since: datetime) -> Iterator[Any]:
        oldest = f"{(since - _CLOCKS).timestamp():.6f}"
        cursor: str | None = None
        for _ in range(_PAGES):
            with translated():
                common: dict[str, Any] = {
                    "channel": channel_id,
                    "oldest": oldest,
                    "limit": 200,
                    "cursor": cursor,
                    "include_all_metadata": True,
                }
                if thread_ts is None:
                    page = self._client.conversations_history(**common)
                else:
                    page = self._client.conversations_replies(ts=thread_ts, **common)
            yield from page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return
        # Five pages in which we cannot tell whether the message is: not knowing must not become a second post.
        raise Unavailable("slack", "too many messages to look through for one that may be there")


def _metadata(message_id: str, revision: int) -> dict[str, Any]:
    return {"event_type": _EVENT_TYPE, "event_payload": {"message_id": message_id, "revision": revision}}


@contextmanager
def translated() -> Iterator[None]:
    """Turns the SDK's and the network's errors into ours; see `Slack` for which."""
    try:
        yield
    except SlackApiError as error:
        raise _said_no(error) from error
    except SlackClientError as error:
        # The SDK's own complaints, such as an upload address that did not take the bytes.
        raise Unavailable("slack", str(error)[:200]) from error
    except HTTPError as error:
        raise Unknown("slack", f"HTTP {error.code}") from error
    except URLError as error:
        raise _not_reached(error.reason) from error
    except (OSError, HTTPException, ValueError) as error:
        raise _not_reached(error) from error


def _said_no(error: SlackApiError) -> Exception:
    status, word = int(error.response.status_code), _word(error)
    method = str(getattr(error.response, "api_url", "")).rpartition("/")[2]
    if status == 429 or word in _THROTTLED:
        return Throttled(timedelta(seconds=_retry_after(error)), method=method, word=word)
    if status >= 500 or word in _UNCERTAIN:
        return Unknown("slack", word if status < 500 else f"HTTP {status}")
    scope = error.response.get("needed")
    return Denied(word, status=status, method=method, scope=str(scope) if scope else None)


def _word(error: SlackApiError) -> str:
    """Slack's own word for what went wrong, or the status where it had none."""
    status = int(error.response.status_code)
    word = str(error.response.get("error", ""))
    if status >= 500 or word.startswith("Received a response"):  # the SDK's sentence about what is no JSON
        return "no_json" if status < 400 else f"http_{status}"
    return word[:80] or ("ratelimited" if status == 429 else f"http_{status}")


def _retry_after(error: SlackApiError) -> float:
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    value = headers.get("retry-after", "30")
    value = value[0] if isinstance(value, list) else value
    return max(1.0, float(value)) if str(value).replace(".", "", 1).isdigit() else 30.0


def _not_reached(reason: object) -> Exception:
    """No connection means nothing was sent; anything later may have arrived."""
    if isinstance(reason, ConnectionRefusedError) or type(reason).__name__ == "gaierror":
        return Unavailable("slack", "cannot be reached")
    return Unanswered("slack", type(reason).__name__)
