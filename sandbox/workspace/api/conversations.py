"""conversations.*: channels, their members and their messages."""

from dataclasses import replace

from sandbox.workspace.api.call import Call
from sandbox.workspace.api.paging import page
from sandbox.workspace.arguments import Arguments
from sandbox.workspace.errors import SlackError
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.messages import Message
from sandbox.workspace.people import BOT_USER_ID, Channel
from sandbox.workspace.state import Workspace

# What conversations.list calls a kind of conversation, and what its scopes call it.
TYPES = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


def list_conversations(call: Call) -> JsonObject:
    kinds = [TYPES[name] for name in call.args.names("types") or ["public_channel"] if name in TYPES]
    if not kinds:
        raise SlackError("invalid_types")
    for kind in kinds:
        call.caller.require(f"{kind}:read")
    seen = [
        channel
        for channel in call.workspace.channels.values()
        if channel.kind in kinds
        and _is_visible(channel)
        and not (call.args.flag("exclude_archived") and channel.is_archived)
    ]
    channels, cursor = page(seen, call.args, default=100)
    return {
        "channels": [channel.as_slack() for channel in channels],
        "response_metadata": {"next_cursor": cursor},
    }


def info(call: Call) -> JsonObject:
    return {"channel": _visible(call, verb="read").as_slack()}


def members(call: Call) -> JsonObject:
    channel = _visible(call, verb="read")
    people, cursor = page(sorted(channel.members), call.args, default=100)
    return {"members": people, "response_metadata": {"next_cursor": cursor}}


def join(call: Call) -> JsonObject:
    channel = call.workspace.channel(call.args.required("channel"))
    if channel.kind != "channels":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    joined = replace(channel, members=channel.members | {BOT_USER_ID})
    call.workspace.change_channel(joined)
    return {"channel": joined.as_slack()}


def open_conversation(call: Call) -> JsonObject:
    users = call.args.names("users")
    if len(users) != 1:
        raise SlackError("users_list_not_supplied" if not users else "not_enough_users")
    channel = call.workspace.direct_messages(users[0])
    return {"channel": channel.as_slack() if call.args.flag("return_im") else {"id": channel.id}}


def history(call: Call) -> JsonObject:
    """The roots and broadcast replies of a channel, newest first."""
    channel = _joined(call)
    roots = [m for m in call.workspace.messages.of(channel.id) if m.shown_only_to is None]
    roots = [m for m in _between(roots, call.args) if not m.is_reply or m.broadcast]
    shown, cursor = page(roots[::-1], call.args, default=100)
    return {
        "messages": [_shown(call.workspace, message, call.args) for message in shown],
        "has_more": bool(cursor),
        "pin_count": 0,
        "response_metadata": {"next_cursor": cursor},
    }


def replies(call: Call) -> JsonObject:
    """A thread, its root first, oldest reply first."""
    channel = _joined(call)
    asked = call.workspace.messages.find(channel.id, call.args.required("ts"))
    if asked is None or asked.shown_only_to is not None:
        raise SlackError("thread_not_found")
    root = call.workspace.messages.find(channel.id, asked.thread_ts or asked.ts) or asked
    thread = [root, *_between(call.workspace.messages.replies(channel.id, root.ts), call.args)]
    shown, cursor = page(thread, call.args, default=1000)
    return {
        "messages": [_shown(call.workspace, message, call.args) for message in shown],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


def _is_visible(channel: Channel) -> bool:
    return channel.kind == "channels" or BOT_USER_ID in channel.members


def _visible(call: Call, *, verb: str) -> Channel:
    channel = call.workspace.channel(call.args.required("channel"))
    if not _is_visible(channel):
        raise SlackError("channel_not_found")
    call.caller.require(f"{channel.kind}:{verb}")
    return channel


def _joined(call: Call) -> Channel:
    channel = _visible(call, verb="history")
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _between(messages: list[Message], args: Arguments) -> list[Message]:
    oldest, latest = _time(args, "oldest", 0.0), _time(args, "latest", float("inf"))
    inclusive = args.flag("inclusive")
    return [
        message
        for message in messages
        if oldest < float(message.ts) < latest or (inclusive and float(message.ts) in {oldest, latest})
    ]


def _time(args: Arguments, name: str, default: float) -> float:
    try:
        return float(args.text(name) or default)
    except ValueError as error:
        raise SlackError(f"invalid_ts_{name}") from error


def _shown(workspace: Workspace, message: Message, args: Arguments) -> JsonObject:
    shown = message.as_slack(with_metadata=args.flag("include_all_metadata"))
    return shown if message.is_reply else workspace.messages.with_thread(message, shown)
