"""files.*: the three steps of an upload, and what is known of a file."""

from dataclasses import replace

from sandbox.workspace.api.call import Call
from sandbox.workspace.arguments import Arguments
from sandbox.workspace.errors import SlackError, refused_with
from sandbox.workspace.files import File, Share
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.messages import Content, by_app
from sandbox.workspace.people import Channel
from sandbox.workspace.state import Workspace
from sandbox.workspace.validate import check_blocks

MOST_BYTES = 50_000_000


def get_upload_url(call: Call) -> JsonObject:
    filename = call.args.required("filename")
    if "/" in filename or "\\" in filename:
        raise refused_with("invalid_arguments", ["[ERROR] must be a file name [json-pointer:/filename]"])
    file = File(
        id=call.workspace.new_id("F"),
        name=filename,
        length=call.args.number("length", default=0, most=MOST_BYTES),
        alt_text=call.args.text("alt_txt"),
        created=int(call.workspace.now()),
    )
    if file.length == 0:
        raise refused_with("invalid_arguments", ["[ERROR] missing required field: length"])
    call.workspace.files.promise(file)
    return {"upload_url": f"{call.workspace.config.url}/slack/upload/{file.id}", "file_id": file.id}


def complete_upload(call: Call) -> JsonObject:
    """Finish uploads and, where channels are named, share all files in one message in each."""
    named = call.args.document("files", wrong="invalid_arguments")
    if not isinstance(named, list) or not named or not all(isinstance(each, dict) and "id" in each for each in named):
        raise refused_with("invalid_arguments", ["[ERROR] must provide at least 1 items [json-pointer:/files]"])
    channels = [
        call.workspace.channel_of_bot(name) for name in [*call.args.names("channels"), *call.args.names("channel_id")]
    ]
    content = _comment(call.args)
    files = [call.workspace.files.finish(each["id"], title=each.get("title")) for each in named]
    for channel in channels:
        _share(call.workspace, channel, files, content=content, thread_ts=call.args.text("thread_ts"))
    return {"files": [_whole(call.workspace, call.workspace.files.get(file.id)) for file in files]}


def info(call: Call) -> JsonObject:
    file = call.workspace.files.get(call.args.required("file"))
    if not file.complete:
        raise SlackError("file_not_found")
    return {"file": _whole(call.workspace, file), "comments": [], "response_metadata": {"next_cursor": ""}}


def _comment(args: Arguments) -> Content:
    comment = args.text("initial_comment")
    blocks = args.document("blocks", wrong="invalid_blocks_format")
    if comment is not None or blocks is None:  # Slack lets the comment win over blocks
        return Content(text=comment or "")
    check_blocks(blocks)
    assert isinstance(blocks, list)
    if any(block["type"] == "markdown" for block in blocks):
        raise SlackError("internal_error")  # what Slack answers to a markdown block here
    return Content(blocks=tuple(blocks))


def _share(
    workspace: Workspace, channel: Channel, files: list[File], *, content: Content, thread_ts: str | None
) -> None:
    draft = by_app(channel=channel.id, content=content, thread_ts=thread_ts)
    message = workspace.post(draft)
    for file in files:
        workspace.files.shared(file.id, Share(channel=channel.id, ts=message.ts, thread_ts=message.thread_ts))
    shown = tuple(workspace.files.get(file.id).as_slack(base=workspace.config.url) for file in files)
    workspace.touch(replace(message, files=shown))


def _whole(workspace: Workspace, file: File) -> JsonObject:
    return file.as_slack(base=workspace.config.url) | {"shares": file.shares_as_slack()}
