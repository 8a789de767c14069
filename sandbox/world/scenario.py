"""What a person can break, and how it is listed and started."""

from typing import Protocol

from sandbox.world.http import Obj


class Scenario(Protocol):
    """One thing that goes wrong at one system."""

    @property
    def id(self) -> str:
        """Its name in URLs."""
        ...

    @property
    def title(self) -> str:
        """What its button says."""
        ...

    @property
    def system(self) -> str:
        """The billing system it happens at."""
        ...

    @property
    def about(self) -> str:
        """One sentence: what happens."""
        ...

    def running(self) -> bool:
        """Whether the trouble is still there."""
        ...

    def start(self, params: Obj) -> Obj:
        """Make it happen; answers the identifiers it touched. Raises pydantic.ValidationError for bad parameters."""
        ...
