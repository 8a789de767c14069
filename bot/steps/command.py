"""Run a host's release command: an argument list, parameters only as whole arguments, no shell."""

from pydantic import Field

from bot.core.evidence import Answer
from bot.core.model import Frozen
from bot.core.template import Value
from bot.steps.step import Call, Name, Projected, ResourceName


class CommandRun(Frozen):
    """`command: {at: release, arguments: [replay, "{{ params.event }}"]}`; the program is in the rules file."""

    at: ResourceName
    arguments: tuple[Value, ...]
    success: tuple[int, ...] = Field(default=(0,), description="exit codes that mean it was done")
    harmless: bool = Field(default=False, description="changes nothing (a dry run)")
    show: dict[Name, str | Projected] = Field(
        default_factory=dict, description="fields of the JSON object it prints on its last line"
    )

    def run(self, call: Call) -> Answer:
        raise NotImplementedError
