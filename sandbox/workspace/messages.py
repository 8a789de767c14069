"""Messages as they stand, and the store that posts, edits and deletes them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sandbox.workspace.errors import SlackError
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.people import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a message says; what chat.update replaces."""

    text: str = ""
    blocks: tuple[JsonObject, ...] = ()
    attachments: tuple[JsonObject, ...] = ()
    metadata: JsonObject | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message. `ts` is its identity within the channel; `thread_ts` names the root it replies to."""

    channel: str
    ts: str
    user: str
    content: Content
    thread_ts: str | None = None
    broadcast: bool = False
    by_app: bool = False
    username: str | None = None
    files: tuple[JsonObject, ...] = ()
    reactions: tuple[tuple[str, str], ...] = ()  # (emoji name, user)
    subtype: str | None = None
    edits: int = 0
    edited_ts: str | None = None
    shown_only_to: str | None = None

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def as_slack(self, *, with_metadata: bool = False) -> JsonObject:
        """The message object of the Web API and of interaction payloads."""
        shown: JsonObject = {"type": "message", "user": self.user, "ts": self.ts, "text": self.content.text}
        shown["team"] = TEAM_ID
        if self.by_app:
            shown |= {"bot_id": BOT_ID, "app_id": APP_ID}
        if self.content.blocks:
            shown["blocks"] = list(self.content.blocks)
        if self.content.attachments:
            shown["attachments"] = list(self.content.attachments)
        if with_metadata and self.content.metadata is not None:
            shown["metadata"] = self.content.metadata
        optional = {
            "thread_ts": self.thread_ts,
            "subtype": self.subtype,
            "username": self.username,
            "files": list(self.files) or None,
            "is_ephemeral": self.shown_only_to is not None or None,
            "edited": self.edited_ts and {"user": self.user, "ts": self.edited_ts},
            "reactions": self._grouped_reactions() or None,
        }
        return shown | {name: value for name, value in optional.items() if value is not None}

    def _grouped_reactions(self) -> list[JsonObject]:
        names = dict.fromkeys(name for name, _ in self.reactions)
        users = {name: [user for at, user in self.reactions if at == name] for name in names}
        return [{"name": name, "users": users[name], "count": len(users[name])} for name in names]


class Messages:
    """All messages by channel, in order of time. `next_ts` gives a new, larger ts each time it is asked."""

    def __init__(self, *, next_ts: Callable[[], str]) -> None:
        self._next_ts = next_ts
        self._by_channel: dict[str, dict[str, Message]] = {}

    def post(self, draft: Message) -> Message:
        """Keep a message under a new ts; a root that gets its first reply becomes a thread."""
        message = replace(draft, ts=self._next_ts())
        if message.thread_ts is not None:
            root = self.find(message.channel, message.thread_ts)
            # A reply's own ts does not open a thread: Slack wants the root's.
            if root is None or root.is_reply or root.shown_only_to is not None:
                raise SlackError("thread_not_found")
            self.keep(replace(root, thread_ts=root.ts))
        self.keep(message)
        return message

    def keep(self, message: Message) -> None:
        self._by_channel.setdefault(message.channel, {})[message.ts] = message

    def find(self, channel: str, ts: str) -> Message | None:
        return self._by_channel.get(channel, {}).get(ts)

    def get(self, channel: str, ts: str) -> Message:
        message = self.find(channel, ts)
        if message is None or message.subtype == "tombstone":
            raise SlackError("message_not_found")
        return message

    def edit(self, message: Message, content: Content) -> Message:
        edited = replace(message, content=content, edits=message.edits + 1, edited_ts=self._next_ts())
        self.keep(edited)
        return edited

    def delete(self, message: Message) -> None:
        """Remove a message; a root with replies leaves a tombstone, as its thread stays."""
        if not self.replies(message.channel, message.ts):
            del self._by_channel[message.channel][message.ts]
            return
        gone = Message(
            channel=message.channel,
            ts=message.ts,
            thread_ts=message.ts,
            user="USLACKBOT",
            content=Content(text="This message was deleted."),
            subtype="tombstone",
        )
        self.keep(gone)

    def replies(self, channel: str, root_ts: str) -> list[Message]:
        """The replies of a thread, without its root and without ephemeral messages."""
        return [m for m in self.of(channel) if m.is_reply and m.thread_ts == root_ts and m.shown_only_to is None]

    def of(self, channel: str) -> Iterator[Message]:
        return iter(list(self._by_channel.get(channel, {}).values()))

    def with_thread(self, message: Message, shown: JsonObject) -> JsonObject:
        """Add to a root what history shows of its thread: how many replies, by whom, the latest."""
        replies = self.replies(message.channel, message.ts)
        if not replies:
            return shown
        people = list(dict.fromkeys(reply.user for reply in replies))
        return shown | {
            "reply_count": len(replies),
            "reply_users": people,
            "reply_users_count": len(people),
            "latest_reply": replies[-1].ts,
        }


def by_app(
    *, channel: str, content: Content, thread_ts: str | None = None, shown_only_to: str | None = None
) -> Message:
    """A draft written by the installed app; its ts is given when it is posted."""
    return Message(
        channel=channel,
        ts="",
        user=BOT_USER_ID,
        by_app=True,
        content=content,
        thread_ts=thread_ts,
        shown_only_to=shown_only_to,
        subtype=None,
    )
