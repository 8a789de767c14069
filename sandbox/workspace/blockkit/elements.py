"""The interactive elements: buttons, menus, pickers and inputs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sandbox.workspace.blockkit.objects import (
    AltText,
    Confirm,
    ConversationFilter,
    DispatchConfig,
    Id,
    LinkOption,
    MarkedOption,
    Option,
    OptionGroup,
    Plain75,
    Plain150,
    SlackFile,
    Strict,
    Style,
    Url,
    WebUrl,
    refuse,
)

Date = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Time = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Image(Strict):
    """A small picture beside text; exactly one of image_url and slack_file."""

    type: Literal["image"]
    alt_text: AltText
    image_url: WebUrl | None = None
    slack_file: SlackFile | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.image_url is None) == (self.slack_file is None):
            raise refuse("exactly one of image_url or slack_file is required")
        return self


class Interactive(Strict):
    action_id: Id | None = None
    confirm: Confirm | None = None


class Entry(Interactive):
    """What an element that holds a value has in common."""

    focus_on_load: bool | None = None
    placeholder: Plain150 | None = None


class Button(Interactive):
    type: Literal["button"]
    text: Plain75
    url: Url | None = None
    value: Annotated[str, Field(max_length=2000)] | None = None
    style: Style | None = None
    accessibility_label: Annotated[str, Field(max_length=75)] | None = None


class WorkflowButton(Strict):
    type: Literal["workflow_button"]
    action_id: Id | None = None
    text: Plain75
    workflow: dict[str, object]
    style: Style | None = None
    accessibility_label: Annotated[str, Field(max_length=75)] | None = None


class Overflow(Interactive):
    type: Literal["overflow"]
    options: Annotated[list[LinkOption], Field(min_length=1, max_length=5)]


class Checkboxes(Interactive):
    type: Literal["checkboxes"]
    options: Annotated[list[MarkedOption], Field(min_length=1, max_length=10)]
    initial_options: Annotated[list[MarkedOption], Field(min_length=1)] | None = None
    focus_on_load: bool | None = None

    @model_validator(mode="after")
    def _starts_with_known_options(self) -> Self:
        if any(chosen not in self.options for chosen in self.initial_options or []):
            raise refuse("initial_options must be among options")
        return self


class RadioButtons(Interactive):
    type: Literal["radio_buttons"]
    options: Annotated[list[MarkedOption], Field(min_length=1, max_length=10)]
    initial_option: MarkedOption | None = None
    focus_on_load: bool | None = None

    @model_validator(mode="after")
    def _starts_with_a_known_option(self) -> Self:
        if self.initial_option is not None and self.initial_option not in self.options:
            raise refuse("initial_option must be among options")
        return self


class Menu(Entry):
    """Options given outright, flat or in groups."""

    options: Annotated[list[Option], Field(min_length=1, max_length=100)] | None = None
    option_groups: Annotated[list[OptionGroup], Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _has_options_once(self) -> Self:
        if (self.options is None) == (self.option_groups is None):
            raise refuse("exactly one of options or option_groups is required")
        return self

    def offers(self, option: Option) -> bool:
        groups = self.option_groups or []
        return option in (self.options or []) or any(option in group.options for group in groups)


class StaticSelect(Menu):
    type: Literal["static_select"]
    initial_option: Option | None = None

    @model_validator(mode="after")
    def _starts_with_a_known_option(self) -> Self:
        if self.initial_option is not None and not self.offers(self.initial_option):
            raise refuse("initial_option must be among options")
        return self


class MultiStaticSelect(Menu):
    type: Literal["multi_static_select"]
    initial_options: Annotated[list[Option], Field(min_length=1)] | None = None
    max_selected_items: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _starts_with_known_options(self) -> Self:
        if not all(self.offers(option) for option in self.initial_options or []):
            raise refuse("initial_options must be among options")
        return self


class ExternalSelect(Entry):
    type: Literal["external_select"]
    min_query_length: Annotated[int, Field(ge=0)] | None = None
    initial_option: Option | None = None


class UsersSelect(Entry):
    type: Literal["users_select"]
    initial_user: str | None = None


class MultiUsersSelect(Entry):
    type: Literal["multi_users_select"]
    initial_users: list[str] | None = None
    max_selected_items: Annotated[int, Field(ge=1)] | None = None


class ChannelsSelect(Entry):
    type: Literal["channels_select"]
    initial_channel: str | None = None
    response_url_enabled: bool | None = None


class ConversationsSelect(Entry):
    type: Literal["conversations_select"]
    initial_conversation: str | None = None
    default_to_current_conversation: bool | None = None
    response_url_enabled: bool | None = None
    filter: ConversationFilter | None = None


class DatePicker(Entry):
    type: Literal["datepicker"]
    initial_date: Date | None = None


class TimePicker(Entry):
    type: Literal["timepicker"]
    initial_time: Time | None = None
    timezone: str | None = None


class DateTimePicker(Interactive):
    type: Literal["datetimepicker"]
    initial_date_time: Annotated[int, Field(ge=1_000_000_000, le=9_999_999_999)] | None = None
    focus_on_load: bool | None = None


class TextInput(Entry):
    type: Literal["plain_text_input"]
    initial_value: Annotated[str, Field(max_length=3000)] | None = None
    multiline: bool | None = None
    min_length: Annotated[int, Field(ge=0, le=3000)] | None = None
    max_length: Annotated[int, Field(ge=1, le=3000)] | None = None
    dispatch_action_config: DispatchConfig | None = None

    @model_validator(mode="after")
    def _lengths_leave_room(self) -> Self:
        if self.min_length is not None and self.max_length is not None and self.min_length > self.max_length:
            raise refuse("min_length must not exceed max_length")
        return self


class EmailInput(Entry):
    type: Literal["email_text_input"]
    initial_value: str | None = None
    dispatch_action_config: DispatchConfig | None = None


class UrlInput(Entry):
    type: Literal["url_text_input"]
    initial_value: str | None = None
    dispatch_action_config: DispatchConfig | None = None


class NumberInput(Entry):
    """Numbers travel as strings, as Slack wants them."""

    type: Literal["number_input"]
    is_decimal_allowed: bool
    initial_value: str | None = None
    min_value: str | None = None
    max_value: str | None = None
    dispatch_action_config: DispatchConfig | None = None


Beside = Annotated[
    Image
    | Button
    | WorkflowButton
    | Overflow
    | Checkboxes
    | RadioButtons
    | StaticSelect
    | MultiStaticSelect
    | ExternalSelect
    | UsersSelect
    | MultiUsersSelect
    | ChannelsSelect
    | ConversationsSelect
    | DatePicker
    | TimePicker,
    Field(discriminator="type"),
]
InActions = Annotated[
    Button
    | WorkflowButton
    | Overflow
    | Checkboxes
    | RadioButtons
    | StaticSelect
    | ExternalSelect
    | UsersSelect
    | ChannelsSelect
    | ConversationsSelect
    | DatePicker
    | TimePicker
    | DateTimePicker,
    Field(discriminator="type"),
]
InInput = Annotated[
    TextInput
    | EmailInput
    | UrlInput
    | NumberInput
    | Checkboxes
    | RadioButtons
    | StaticSelect
    | MultiStaticSelect
    | ExternalSelect
    | UsersSelect
    | MultiUsersSelect
    | ChannelsSelect
    | ConversationsSelect
    | DatePicker
    | TimePicker
    | DateTimePicker,
    Field(discriminator="type"),
]
