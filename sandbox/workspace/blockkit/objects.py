"""The small objects that blocks and elements are made of: texts by their limit, options, confirmations, files."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError


class Strict(BaseModel):
    """A Slack object: types are not coerced and an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def refuse(reason: str) -> PydanticCustomError:
    """A complaint about an object as a whole, worded as Slack words it."""
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


Id = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=3000, pattern=r"^[a-z][a-z0-9+.-]*:")]
WebUrl = Annotated[str, StringConstraints(min_length=1, max_length=3000, pattern=r"^https?://\S+$")]
AltText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Style = Literal["primary", "danger"]


class Plain3000(Strict):
    type: Literal["plain_text"]
    text: Annotated[str, Field(min_length=1, max_length=3000)]
    emoji: bool | None = None


class Plain2000(Plain3000):
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class Plain300(Plain3000):
    text: Annotated[str, Field(min_length=1, max_length=300)]


class Plain200(Plain3000):
    text: Annotated[str, Field(min_length=1, max_length=200)]


class Plain150(Plain3000):
    text: Annotated[str, Field(min_length=1, max_length=150)]


class Plain100(Plain3000):
    text: Annotated[str, Field(min_length=1, max_length=100)]


class Plain75(Plain3000):
    text: Annotated[str, Field(min_length=1, max_length=75)]


class Plain30(Plain3000):
    text: Annotated[str, Field(min_length=1, max_length=30)]


class Plain24(Plain3000):
    text: Annotated[str, Field(min_length=1, max_length=24)]


class Mrkdwn3000(Strict):
    type: Literal["mrkdwn"]
    text: Annotated[str, Field(min_length=1, max_length=3000)]
    verbatim: bool | None = None


class Mrkdwn2000(Mrkdwn3000):
    text: Annotated[str, Field(min_length=1, max_length=2000)]


class Mrkdwn300(Mrkdwn3000):
    text: Annotated[str, Field(min_length=1, max_length=300)]


class Mrkdwn200(Mrkdwn3000):
    text: Annotated[str, Field(min_length=1, max_length=200)]


class Mrkdwn150(Mrkdwn3000):
    text: Annotated[str, Field(min_length=1, max_length=150)]


class Mrkdwn75(Mrkdwn3000):
    text: Annotated[str, Field(min_length=1, max_length=75)]


Text3000 = Annotated[Plain3000 | Mrkdwn3000, Field(discriminator="type")]
Text2000 = Annotated[Plain2000 | Mrkdwn2000, Field(discriminator="type")]
Text300 = Annotated[Plain300 | Mrkdwn300, Field(discriminator="type")]
Text200 = Annotated[Plain200 | Mrkdwn200, Field(discriminator="type")]
Text150 = Annotated[Plain150 | Mrkdwn150, Field(discriminator="type")]
Text75 = Annotated[Plain75 | Mrkdwn75, Field(discriminator="type")]


class Confirm(Strict):
    """The dialog that asks once more."""

    title: Plain100
    text: Text300
    confirm: Plain30
    deny: Plain30
    style: Style | None = None


class Option(Strict):
    text: Plain75
    value: Annotated[str, Field(min_length=1, max_length=150)]
    description: Plain75 | None = None


class MarkedOption(Strict):
    """An option of radio buttons and checkboxes, which may be formatted."""

    text: Text75
    value: Annotated[str, Field(min_length=1, max_length=150)]
    description: Text75 | None = None


class LinkOption(Option):
    """An option of an overflow menu, which may open a page."""

    url: Url | None = None


class OptionGroup(Strict):
    label: Plain75
    options: Annotated[list[Option], Field(min_length=1, max_length=100)]


class SlackFile(Strict):
    """A file already uploaded, by id or by its private address; exactly one of them."""

    id: str | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _names_one_file(self) -> Self:
        if (self.id is None) == (self.url is None):
            raise refuse("exactly one of id or url is required")
        return self


class DispatchConfig(Strict):
    trigger_actions_on: Annotated[
        list[Literal["on_enter_pressed", "on_character_entered"]], Field(min_length=1, max_length=2)
    ]


class ConversationFilter(Strict):
    include: Annotated[list[Literal["im", "mpim", "private", "public"]], Field(min_length=1)] | None = None
    exclude_external_shared_channels: bool | None = None
    exclude_bot_users: bool | None = None
