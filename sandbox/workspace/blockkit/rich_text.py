"""Rich text: what the message composer produces, sections of styled pieces."""

from typing import Annotated, Literal

from pydantic import Field

from sandbox.workspace.blockkit.objects import Id, Strict


class TextStyle(Strict):
    bold: bool | None = None
    italic: bool | None = None
    strike: bool | None = None
    code: bool | None = None
    underline: bool | None = None


class Piece(Strict):
    style: TextStyle | None = None


class TextPiece(Piece):
    type: Literal["text"]
    text: Annotated[str, Field(min_length=1)]


class LinkPiece(Piece):
    type: Literal["link"]
    url: Annotated[str, Field(min_length=1)]
    text: str | None = None
    unsafe: bool | None = None


class UserPiece(Piece):
    type: Literal["user"]
    user_id: str


class UsergroupPiece(Piece):
    type: Literal["usergroup"]
    usergroup_id: str


class ChannelPiece(Piece):
    type: Literal["channel"]
    channel_id: str


class EmojiPiece(Piece):
    type: Literal["emoji"]
    name: str
    unicode: str | None = None
    skin_tone: int | None = None


class DatePiece(Piece):
    type: Literal["date"]
    timestamp: int
    format: str
    url: str | None = None
    fallback: str | None = None


class BroadcastPiece(Piece):
    type: Literal["broadcast"]
    range: Literal["here", "channel", "everyone"]


class ColorPiece(Piece):
    type: Literal["color"]
    value: str


AnyPiece = Annotated[
    TextPiece
    | LinkPiece
    | UserPiece
    | UsergroupPiece
    | ChannelPiece
    | EmojiPiece
    | DatePiece
    | BroadcastPiece
    | ColorPiece,
    Field(discriminator="type"),
]


class RichSection(Strict):
    type: Literal["rich_text_section"]
    elements: list[AnyPiece]


class RichList(Strict):
    type: Literal["rich_text_list"]
    elements: list[RichSection]
    style: Literal["bullet", "ordered"]
    indent: Annotated[int, Field(ge=0, le=8)] | None = None
    offset: Annotated[int, Field(ge=0)] | None = None
    border: Literal[0, 1] | None = None


class RichQuote(Strict):
    type: Literal["rich_text_quote"]
    elements: list[AnyPiece]
    border: Literal[0, 1] | None = None


class RichPreformatted(Strict):
    type: Literal["rich_text_preformatted"]
    elements: list[Annotated[TextPiece | LinkPiece, Field(discriminator="type")]]
    border: Literal[0, 1] | None = None
    language: str | None = None


class RichText(Strict):
    """The rich_text block, which is also a table cell and the inside of a task card."""

    type: Literal["rich_text"]
    block_id: Id | None = None
    elements: list[Annotated[RichSection | RichList | RichQuote | RichPreformatted, Field(discriminator="type")]]
