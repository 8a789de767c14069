"""The blocks of messages and views, and the sets that each surface takes."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sandbox.workspace.blockkit.elements import Beside, Button, Image, InActions, InInput
from sandbox.workspace.blockkit.objects import (
    AltText,
    Id,
    Mrkdwn3000,
    Plain150,
    Plain200,
    Plain2000,
    Plain3000,
    SlackFile,
    Strict,
    Text150,
    Text200,
    Text2000,
    Text3000,
    WebUrl,
    refuse,
)
from sandbox.workspace.blockkit.rich_text import RichText


class Block(Strict):
    block_id: Id | None = None


class Section(Block):
    type: Literal["section"]
    text: Text3000 | None = None
    fields: Annotated[list[Text2000], Field(min_length=1, max_length=10)] | None = None
    accessory: Beside | None = None
    expand: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and self.fields is None:
            raise refuse("text or fields is required")
        return self


class Header(Block):
    type: Literal["header"]
    text: Plain150


class Divider(Block):
    type: Literal["divider"]


class Context(Block):
    type: Literal["context"]
    elements: Annotated[
        list[Annotated[Image | Plain3000 | Mrkdwn3000, Field(discriminator="type")]],
        Field(min_length=1, max_length=10),
    ]


class Actions(Block):
    type: Literal["actions"]
    elements: Annotated[list[InActions], Field(min_length=1, max_length=25)]


class ImageBlock(Block):
    """A picture across the message; exactly one of image_url and slack_file."""

    type: Literal["image"]
    alt_text: AltText
    title: Plain2000 | None = None
    image_url: WebUrl | None = None
    slack_file: SlackFile | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.image_url is None) == (self.slack_file is None):
            raise refuse("exactly one of image_url or slack_file is required")
        return self


class Input(Block):
    type: Literal["input"]
    label: Plain2000
    element: InInput
    hint: Plain2000 | None = None
    optional: bool | None = None
    dispatch_action: bool | None = None


class Markdown(Block):
    type: Literal["markdown"]
    text: Annotated[str, Field(min_length=1, max_length=12_000)]


class Video(Block):
    type: Literal["video"]
    alt_text: AltText
    video_url: WebUrl
    thumbnail_url: WebUrl
    title: Plain200
    title_url: WebUrl | None = None
    description: Plain200 | None = None
    provider_name: str | None = None
    provider_icon_url: WebUrl | None = None
    author_name: Annotated[str, Field(max_length=49)] | None = None


class RawText(Strict):
    type: Literal["raw_text"]
    text: Annotated[str, Field(min_length=1)]


class RawNumber(Strict):
    type: Literal["raw_number"]
    value: int | float
    text: Annotated[str, Field(min_length=1)]


class Column(Strict):
    align: Literal["left", "center", "right"] | None = None
    is_wrapped: bool | None = None


Cell = Annotated[RawText | RawNumber | RichText, Field(discriminator="type")]


class Table(Block):
    type: Literal["table"]
    rows: Annotated[
        list[Annotated[list[Cell], Field(min_length=1, max_length=20)]], Field(min_length=1, max_length=100)
    ]
    column_settings: Annotated[list[Column | None], Field(max_length=20)] | None = None


class Alert(Block):
    type: Literal["alert"]
    text: Text3000
    level: Literal["default", "info", "warning", "error", "success"] | None = None


class Card(Block):
    type: Literal["card"]
    hero_image: Image | None = None
    icon: Image | None = None
    title: Text150 | None = None
    subtitle: Text150 | None = None
    body: Text200 | None = None
    actions: Annotated[list[Button], Field(min_length=1, max_length=5)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.hero_image is None and self.title is None and self.body is None and self.actions is None:
            raise refuse("at least one of hero_image, title, actions or body is required")
        return self


class Carousel(Block):
    type: Literal["carousel"]
    elements: Annotated[list[Card], Field(min_length=1, max_length=10)]


class Source(Strict):
    type: Literal["url"]
    url: WebUrl
    text: str


class TaskCard(Block):
    type: Literal["task_card"]
    task_id: Id
    title: Annotated[str, Field(min_length=1)]
    status: Literal["pending", "in_progress", "complete", "error"]
    details: RichText | None = None
    output: RichText | None = None
    sources: list[Source] | None = None


class Plan(Block):
    type: Literal["plan"]
    title: Annotated[str, Field(min_length=1)]
    tasks: Annotated[list[TaskCard], Field(max_length=50)] | None = None


class RemoteFile(Block):
    """Slack shows this block but takes it from nobody."""

    type: Literal["file"]
    external_id: str
    source: Literal["remote"]

    @model_validator(mode="after")
    def _is_never_sent(self) -> Self:
        raise refuse("file blocks can not be posted; upload the file instead")


Child = Annotated[
    Section | Header | Divider | Context | Actions | ImageBlock | RichText | Markdown | Alert | Table,
    Field(discriminator="type"),
]


class Container(Block):
    type: Literal["container"]
    child_blocks: Annotated[list[Child], Field(min_length=1, max_length=10)]
    title: Plain150 | None = None
    rich_text_title: RichText | None = None
    subtitle: Text150 | None = None
    width: Literal["narrow", "standard", "wide", "full"] | None = None
    icon: Image | None = None
    is_collapsible: bool | None = None
    default_collapsed: bool | None = None
    has_header_divider: bool | None = None

    @model_validator(mode="after")
    def _header_is_consistent(self) -> Self:
        if self.title is None and self.rich_text_title is None:
            raise refuse("title or rich_text_title is required")
        if self.is_collapsible and self.has_header_divider:
            raise refuse("has_header_divider can not be set when is_collapsible is true")
        return self


InMessage = Annotated[
    Section
    | Header
    | Divider
    | Context
    | Actions
    | ImageBlock
    | Input
    | RichText
    | Markdown
    | Video
    | Table
    | Alert
    | Card
    | Carousel
    | TaskCard
    | Plan
    | Container
    | RemoteFile,
    Field(discriminator="type"),
]
InView = Annotated[
    Section | Header | Divider | Context | Actions | ImageBlock | Input | RichText | Video | Alert,
    Field(discriminator="type"),
]
