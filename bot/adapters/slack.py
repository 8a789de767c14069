"""Slack's Web API: one method each for what we do there, its errors translated once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient

from bot.adapters.slack_calls import translated
from bot.core.errors import Refused, Unavailable
from bot.core.place import Place
from bot.core.ports import Json

_EVENT_TYPE = "countersign_message"
_CLOCKS = timedelta(minutes=2)  # how far our clock and Slack's may be apart
_PAGES = 5

Blocks = Sequence[dict[str, Json]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A message of ours as it stands in Slack, the revision it shows, and whether somebody replied to it."""

    place: Place
    revision: int
    has_replies: bool = False


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
