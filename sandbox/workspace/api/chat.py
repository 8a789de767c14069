"""chat.*: post, update, delete, ephemeral, permalink."""

from dataclasses import replace

from sandbox.workspace.api.call import Call
from sandbox.workspace.arguments import Arguments
from sandbox.workspace.errors import SlackError
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.messages import Content, Message, by_app
from sandbox.workspace.state import Workspace
from sandbox.workspace.validate import check_message, check_metadata


def post_message(call: Call) -> JsonObject:
    channel = call.workspace.channel_of_bot(call.args.required("channel"))
    username = call.args.text("username")
    if username is not None or "icon_emoji" in call.args or "icon_url" in call.args:
        call.caller.require("chat:write.customize")
    draft = by_app(
        channel=channel.id,
        content=_content(call.workspace, call.args, before=Content()),
        thread_ts=call.args.text("thread_ts"),
    )
    broadcast = call.args.flag("reply_broadcast") and draft.thread_ts is not None
    draft = replace(draft, username=username, broadcast=broadcast, subtype="thread_broadcast" if broadcast else None)
    message = call.workspace.post(draft)
    return {"channel": channel.id, "ts": message.ts, "message": message.as_slack(with_metadata=True)}


def update(call: Call) -> JsonObject:
    channel = call.workspace.channel_of_bot(call.args.required("channel"), absent="cant_update_message")
    message = call.workspace.messages.get(channel.id, call.args.required("ts"))
    if not message.by_app or message.shown_only_to is not None:
        raise SlackError("cant_update_message" if message.shown_only_to is None else "message_not_found")
    edited = call.workspace.edit(message, _content(call.workspace, call.args, before=message.content))
    return {
        "channel": channel.id,
        "ts": edited.ts,
        "text": edited.content.text,
        "message": edited.as_slack(with_metadata=True),
    }


def delete(call: Call) -> JsonObject:
    channel = call.workspace.channel_of_bot(call.args.required("channel"))
    message = call.workspace.messages.get(channel.id, call.args.required("ts"))
    if message.shown_only_to is not None:
        raise SlackError("message_not_found")
    if not message.by_app:
        raise SlackError("cant_delete_message")
    call.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(call: Call) -> JsonObject:
    channel = call.workspace.channel_of_bot(call.args.required("channel"))
    person = call.workspace.person(call.args.required("user"))
    if person.id not in channel.members:
        raise SlackError("user_not_in_channel")
    content = _content(call.workspace, call.args, before=Content())
    draft = by_app(channel=channel.id, content=content, thread_ts=call.args.text("thread_ts"), shown_only_to=person.id)
    return {"message_ts": call.workspace.post(draft).ts}


def get_permalink(call: Call) -> JsonObject:
    channel = call.workspace.channel_of_bot(call.args.required("channel"))
    message = call.workspace.messages.get(channel.id, call.args.required("message_ts"))
    return {"channel": channel.id, "permalink": permalink(call.workspace, message)}


def permalink(workspace: Workspace, message: Message) -> str:
    """Where the page shows a message."""
    address = f"{workspace.config.url}/#/{message.channel}"
    return f"{address}/{message.thread_ts}/{message.ts}" if message.is_reply else f"{address}/{message.ts}"


def _content(workspace: Workspace, args: Arguments, *, before: Content) -> Content:
    """What the message shall say; what an update leaves out stays as it was, and an empty list removes."""
    text, markdown = args.text("text"), args.text("markdown_text")
    blocks = args.document("blocks", wrong="invalid_blocks_format")
    attachments = args.document("attachments", wrong="invalid_attachments")
    if markdown is not None:
        if text is not None or blocks is not None:
            raise SlackError("markdown_text_conflict")
        text, blocks = markdown, [{"type": "markdown", "text": markdown}]
    check_message(
        text=before.text if text is None else text,
        blocks=list(before.blocks) if blocks is None else blocks,
        attachments=list(before.attachments) if attachments is None else attachments,
    )
    workspace.check_pictures(blocks)
    return Content(
        text=before.text if text is None else text,
        blocks=before.blocks if not isinstance(blocks, list) else tuple(blocks),
        attachments=before.attachments if not isinstance(attachments, list) else tuple(attachments),
        metadata=_metadata(args, before=before),
    )


def _metadata(args: Arguments, *, before: Content) -> JsonObject | None:
    metadata = args.document("metadata", wrong="invalid_metadata_format")
    if metadata is None:
        return before.metadata
    if metadata == {}:
        return None
    check_metadata(metadata)
    assert isinstance(metadata, dict)
    return metadata
