"""What Slack sends of the message shortcut and of its form, parsed at the door."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from bot.core.errors import BadInput
from bot.core.model import Lenient
from bot.slack.blocks.run_form import PARAM, RUNBOOK


class _Id(Lenient):
    id: str


class Used(Lenient):
    """The shortcut, used on a message."""

    user: _Id
    trigger_id: str
    message: dict[str, Any] = Field(default_factory=dict)


class _Option(Lenient):
    value: str


class _Value(Lenient):
    value: str | None = None
    selected_option: _Option | None = None


class _State(Lenient):
    values: dict[str, dict[str, _Value]] = Field(default_factory=dict)


class _View(Lenient):
    id: str
    private_metadata: str = ""
    state: _State = _State()


class RunForm(Lenient):
    """The form, as it was when a runbook was chosen, or when it was sent."""

    user: _Id
    view: _View

    @property
    def person(self) -> str:
        return self.user.id

    @property
    def chosen(self) -> str | None:
        """The runbook."""
        held = self.view.state.values.get(RUNBOOK, {}).get(RUNBOOK)
        return held.selected_option.value if held and held.selected_option else None

    @property
    def params(self) -> Mapping[str, str]:
        """What was typed, by parameter; what was left empty is not there."""
        typed = {
            block.removeprefix(PARAM): (next((each.value for each in held.values()), None) or "").strip()
            for block, held in self.view.state.values.items()
            if block.startswith(PARAM)
        }
        return {name: value for name, value in typed.items() if value}

    def block_named_in(self, sentence: str) -> str | None:
        """The block of the first parameter that the sentence speaks of."""
        names = [block.removeprefix(PARAM) for block in self.view.state.values if block.startswith(PARAM)]
        words = sentence.replace(":", " ").replace(";", " ").split()
        said = [name for name in names if name in words]
        return f"{PARAM}{min(said, key=words.index)}" if said else None


def used(body: object) -> Used:
    """Raises BadInput when it is not the shortcut."""
    try:
        return Used.model_validate(body)
    except ValidationError as error:
        raise BadInput(f"not a shortcut: {error.error_count()} fields are wrong") from error


def run_form_of(body: object) -> RunForm:
    """Raises BadInput when it is not the form."""
    try:
        return RunForm.model_validate(body)
    except ValidationError as error:
        raise BadInput(f"not the form of a runbook: {error.error_count()} fields are wrong") from error
