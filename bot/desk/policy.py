"""What the files of a request's own revision say about who decides on it."""

from dataclasses import dataclass

from bot.core.errors import CountersignError
from bot.desk.desk import Desk
from bot.engine.request import Request
from bot.engine.runbook import Action
from bot.engine.system import Group, System


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """A request's action, and the system it is of."""

    system: System
    action: Action

    @property
    def groups(self) -> tuple[Group, ...]:
        """Those whose members may approve it."""
        approvers = self.system.approvers
        return tuple(approvers[name] for name in self.action.approve.by if name in approvers)


def policy_of(desk: Desk, request: Request) -> Policy | None:
    """None when the files of its revision are gone: then nobody decides."""
    try:
        contents = desk.contents(request.content)
    except CountersignError:
        return None
    system, runbook = contents.systems.get(request.system), contents.runbooks.get(request.runbook)
    action = runbook.action(request.action) if runbook else None
    return Policy(system=system, action=action) if system and action else None
