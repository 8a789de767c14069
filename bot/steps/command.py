"""Run a host's release command: an argument list, parameters only as whole arguments, no shell."""

import json
from typing import cast

from pydantic import Field

from bot.core.egress import mask
from bot.core.errors import ExpressionError, NotInstalled, Refused, Unavailable, Unknown
from bot.core.evidence import Answer
from bot.core.model import Frozen
from bot.core.ports import Exit, Json
from bot.core.template import Value
from bot.steps.json_values import text
from bot.steps.projection import table_of
from bot.steps.step import Call, JmesPath, Name, Projected, ResourceName, Scope

_NOT_RUN = (126, 127)  # what a shell or env answers when there is no such program
_LONGEST_REASON = 200


class CommandRun(Frozen):
    """`command: {at: release, arguments: [replay, "{{ params.event }}"]}`; the program is in the rules file."""

    at: ResourceName = Field(description="a command resource of the system")
    arguments: tuple[Value, ...] = Field(description="one argument each, after those of the rules file")
    success: tuple[int, ...] = Field(default=(0,), description="exit codes that mean it was done")
    harmless: bool = Field(default=False, description="changes nothing (a dry run)")
    show: dict[Name, JmesPath | Projected] = Field(
        default_factory=dict, description="fields of the JSON object it prints on its last line"
    )

    def run(self, call: Call) -> Answer:
        """Run it once. Raises Unknown when it may have taken effect, another error of ours when it did not."""
        arguments = self.words(call.scope)
        try:
            ended = call.resources.command(self.at).run(arguments, timeout=call.timeout)
            self._judge(ended)
        except Unknown as error:
            if self.harmless:
                raise Unavailable(self.at, error.why) from error
            raise
        printed = _last_line(ended.output)
        if self.show and printed is None and self.harmless:
            raise ExpressionError("its last line is not a JSON object")
        return Answer(table=table_of(printed, show=self.show, rows=None, limit=1, done=not self.harmless))

    def words(self, scope: Scope) -> list[str]:
        """The arguments with these values. Raises ExpressionError."""
        return [text(argument.value(scope)) for argument in self.arguments]

    def _judge(self, ended: Exit) -> None:
        if ended.code in self.success:
            return
        if ended.code < 0:
            raise Unknown(self.at, f"it was ended by signal {-ended.code}")
        if ended.code in _NOT_RUN:
            raise NotInstalled(self.at, f"it could not be started (exit {ended.code})")
        last = ended.output.strip().splitlines()[-1:] or [""]
        raise Refused(self.at, mask(f"exit {ended.code}: {last[0]}".rstrip(": "))[:_LONGEST_REASON])


def _last_line(output: str) -> Json:
    lines = output.strip().splitlines()
    try:
        return cast(Json, json.loads(lines[-1])) if lines else None
    except ValueError:
        return None
