"""What Slack sends when somebody clicks or submits, parsed at the door."""

from collections.abc import Mapping

from pydantic import Field, ValidationError

from bot.core.errors import BadInput
from bot.core.model import Lenient
from bot.slack.blocks.modals import CODE, LENGTH, PHRASE, REASON, block_of


class _Id(Lenient):
    id: str


class _Option(Lenient):
    value: str


class _Message(Lenient):
    ts: str
    thread_ts: str | None = None


class _Action(Lenient):
    action_id: str
    block_id: str = ""
    value: str | None = None
    selected_option: _Option | None = None


class _Container(Lenient):
    message_ts: str | None = None
    thread_ts: str | None = None
    is_ephemeral: bool = False


class Click(Lenient):
    """A button or a menu of one of our messages; of one that only one person sees, Slack sends no message along.

    In the Home there is no channel either.
    """

    user: _Id
    channel: _Id | None = None
    message: _Message | None = None
    container: _Container = _Container()
    trigger_id: str
    response_url: str | None = None
    actions: tuple[_Action, ...] = Field(min_length=1)

    @property
    def person(self) -> str:
        return self.user.id

    @property
    def subject(self) -> str:
        """The id before the colon: of an incident or a request."""
        return self._value().partition(":")[0]

    @property
    def action(self) -> str:
        """What follows the colon: an action of the runbook, or what to do."""
        return self._value().partition(":")[2]

    @property
    def channel_id(self) -> str:
        """Where it was; empty in the Home."""
        return self.channel.id if self.channel else ""

    @property
    def block_id(self) -> str:
        """The block it was in; on a card, the digest that was on show."""
        return self.actions[0].block_id

    @property
    def thread_ts(self) -> str | None:
        """The thread it was in; None for a root, for who clicks there may not have its thread open."""
        if self.message is None:
            return self.container.thread_ts
        return self.message.thread_ts if self.message.thread_ts != self.message.ts else None

    def _value(self) -> str:
        first = self.actions[0]
        return first.value or (first.selected_option.value if first.selected_option else "")


class _Value(Lenient):
    type: str
    value: str | None = None
    selected_option: _Option | None = None
    selected_date_time: int | None = None

    @property
    def text(self) -> str | None:
        if self.selected_date_time is not None:
            return str(self.selected_date_time)
        return self.selected_option.value if self.selected_option else self.value


class _State(Lenient):
    values: dict[str, dict[str, _Value]] = Field(default_factory=dict)


class _Label(Lenient):
    text: str


class _Block(Lenient):
    block_id: str
    label: _Label | None = None


class _View(Lenient):
    callback_id: str
    private_metadata: str = ""
    state: _State = _State()
    blocks: tuple[_Block, ...] = ()


class Submission(Lenient):
    """A form that was submitted."""

    user: _Id
    view: _View

    @property
    def person(self) -> str:
        return self.user.id

    @property
    def subject(self) -> tuple[str, ...]:
        """The ids that the form was opened with."""
        return tuple(self.view.private_metadata.split(":"))

    @property
    def reason(self) -> str | None:
        return self._typed().get(block_of(REASON))

    @property
    def phrase(self) -> str | None:
        return self._typed().get(block_of(PHRASE))

    @property
    def length(self) -> str:
        """A length of time that was chosen; empty when none was asked for."""
        return self._typed().get(block_of(LENGTH)) or ""

    @property
    def code(self) -> str:
        """A one-time code; empty when none was asked for."""
        return self._typed().get(block_of(CODE)) or ""

    @property
    def inputs(self) -> Mapping[str, str]:
        """What was typed, by input; what was left empty is not there."""
        prefix = block_of("")
        typed = self._typed().items()
        return {
            block.removeprefix(prefix): text for block, text in typed if text is not None and block != block_of(REASON)
        }

    def block_labelled(self, beginning_of: str) -> str | None:
        """The id of the block whose label this sentence begins with; of any input when none is."""
        asked = [block for block in self.view.blocks if block.label is not None]
        named = [block for block in asked if block.label and beginning_of.startswith(f"{block.label.text}:")]
        return next((block.block_id for block in named or asked), None)

    def _typed(self) -> dict[str, str | None]:
        return {
            block: next((each.text for each in held.values()), None) for block, held in self.view.state.values.items()
        }


class Mention(Lenient):
    """Somebody wrote to the bot by its name."""

    user: str = ""
    text: str = ""
    channel: str
    ts: str
    thread_ts: str | None = None


class Command(Lenient):
    """A slash command, as it was typed."""

    user_id: str = ""
    text: str = ""
    channel_id: str = ""
    response_url: str = ""
    trigger_id: str = ""


def click(body: object) -> Click:
    """Raises BadInput when it is not a click on a message of ours."""
    try:
        return Click.model_validate(body)
    except ValidationError as error:
        raise BadInput(f"not a click on a message: {error.error_count()} fields are wrong") from error


def submission(body: object) -> Submission:
    """Raises BadInput when it is not a submitted form."""
    try:
        return Submission.model_validate(body)
    except ValidationError as error:
        raise BadInput(f"not a submitted form: {error.error_count()} fields are wrong") from error


def command(body: object) -> Command:
    """Raises BadInput when it is no slash command."""
    try:
        return Command.model_validate(body)
    except ValidationError as error:
        raise BadInput(f"not a command: {error.error_count()} fields are wrong") from error


def mention(event: object) -> Mention:
    """Raises BadInput when it is no message to the bot."""
    try:
        return Mention.model_validate(event)
    except ValidationError as error:
        raise BadInput(f"not a message to the bot: {error.error_count()} fields are wrong") from error
