"""Messages that an app sends in answer to a person: by response URL, or as the answer to a slash command."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from sandbox.workspace.errors import SlackError
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.messages import Content, Message, by_app
from sandbox.workspace.state import Workspace
from sandbox.workspace.tickets import ResponseUrl
from sandbox.workspace.validate import check_message, check_metadata


class Reply(BaseModel):
    """What an app may send to a response URL."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    text: str | None = None
    blocks: list[Any] | None = None
    attachments: list[Any] | None = None
    metadata: dict[str, Any] | None = None
    response_type: Literal["ephemeral", "in_channel"] = "ephemeral"
    replace_original: bool = False
    delete_original: bool = False
    thread_ts: str | None = None

    def content(self) -> Content:
        """The message to show, checked as chat.postMessage checks it."""
        check_message(text=self.text, blocks=self.blocks, attachments=self.attachments)
        if self.metadata:
            check_metadata(self.metadata)
        return Content(
            text=self.text or "",
            blocks=tuple(self.blocks or ()),
            attachments=tuple(self.attachments or ()),
            metadata=self.metadata or None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an answer goes: the person who acted, the channel, and the message acted on."""

    user: str
    channel: str
    ts: str | None = None

    @classmethod
    def of(cls, url: ResponseUrl) -> "Place":
        return cls(user=url.user, channel=url.channel, ts=url.ts)


def answer(workspace: Workspace, place: Place, reply: Reply) -> None:
    """Post, replace or delete as the reply asks.

    :raises SlackError: what chat.postMessage would refuse; message_not_found when there is nothing to replace
    """
    if reply.delete_original:
        workspace.delete(_original(workspace, place))
        return
    content = reply.content()
    if reply.replace_original:
        workspace.edit(_original(workspace, place), content)
        return
    shown_only_to = place.user if reply.response_type == "ephemeral" else None
    draft = by_app(channel=place.channel, content=content, thread_ts=reply.thread_ts, shown_only_to=shown_only_to)
    workspace.post(draft)


def parse_reply(body: JsonObject) -> Reply:
    try:
        return Reply.model_validate(body)
    except ValueError as error:
        raise SlackError("invalid_payload", status=400) from error


def _original(workspace: Workspace, place: Place) -> Message:
    if place.ts is None:
        raise SlackError("message_not_found")
    message = workspace.messages.get(place.channel, place.ts)
    if not message.by_app:
        raise SlackError("cant_update_message")
    return message
