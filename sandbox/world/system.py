"""What the world asks of each system in it: where it is served, what it does by itself, how it begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.routing import BaseRoute

from sandbox.world.effects import Effect
from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.scenario import Scenario
from sandbox.world.stripe.seed import Account


def plain_error(status: int) -> Obj:
    """The error body of a host that has no fixed one."""
    return {"error": "rate limited" if status == 429 else "internal server error"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Routes under one path, behind the fault door of one target."""

    path: str
    target: str
    routes: Sequence[BaseRoute]
    error_body: Callable[[int], Obj] = plain_error


class System(Protocol):
    """One system of the world."""

    def sites(self) -> list[Site]:
        """Where it is served."""
        ...

    def workers(self) -> list[Callable[[], None]]:
        """What it does at every beat."""
        ...

    def scenarios(self) -> list[Scenario]:
        """What can be broken in it."""
        ...

    def begin(self, accounts: list[Account], ids: Ids) -> None:
        """Empty and fill it; called at start and at reset, with Stripe's accounts already there."""
        ...

    def environment(self, base: str) -> dict[str, str]:
        """The variables a bot needs to reach it, given the world's own address."""
        ...

    def effects(self) -> list[Effect]:
        """Effects it keeps itself (changes made straight in its database); most have none."""
        ...
