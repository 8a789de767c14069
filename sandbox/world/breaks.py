"""Scenarios as data: what is broken is one entry with two functions, not a class of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from sandbox.world.http import Obj


class NoOptions(BaseModel):
    """For a break that has none: whatever is given is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


O = TypeVar("O", bound=BaseModel)  # noqa: E741 - the options of one break


@dataclass(frozen=True, kw_only=True)
class Break(Generic[O]):
    """One thing that goes wrong: `begin` answers the identifiers it touched, `is_running` says if it still is so."""

    id: str
    title: str
    system: str
    about: str
    options: type[O]
    begin: Callable[[O], Obj]
    is_running: Callable[[], bool]

    def running(self) -> bool:
        """Whether the trouble is still there."""
        return self.is_running()

    def start(self, params: Obj) -> Obj:
        """Make it happen. Raises pydantic.ValidationError for parameters it does not know."""
        return self.begin(self.options.model_validate(params))
