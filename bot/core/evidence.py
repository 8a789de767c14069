"""Evidence: what a question answered, in typed cells that say how they may be shown."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from bot.core.model import Frozen


class Shown(StrEnum):
    """The class of a declared field; egress renders and masks by it, never by guess."""

    ID = "id"  # an identifier of ours or the provider's: uuid, evt_…, in_…; masked if it does not look like one
    COUNT = "count"  # a whole number of things
    NUMBER = "number"  # any other number
    RATIO = "ratio"  # 0.005 is shown as 0.5 %
    MINOR = "minor"  # money in minor units; its currency is the row's `currency` cell
    SECONDS = "seconds"  # a length of time
    TIME = "time"  # a moment: an aware datetime, an ISO text, or epoch seconds
    ENUM = "enum"  # one word of a closed vocabulary: status, type, reason code
    FLAG = "flag"  # true or false
    TEXT = "text"  # free text: masked hard and cut short


Cell = str | int | float | bool | datetime | None

UNBOUNDED = 1e308
"""Stands for an infinite number, which JSON cannot hold; comparisons and maxima come out right."""


class Column(Frozen):
    """A declared column: its name in expressions, and how its cells may be shown."""

    name: str
    shown: Shown


class Table(Frozen):
    """Rows of declared columns, in the order they were declared."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    cut: bool = Field(default=False, description="more rows existed than the question's limit")


class Series(Frozen):
    """One line of a chart: labels, and points of (epoch seconds, value)."""

    labels: dict[str, str]
    points: tuple[tuple[float, float], ...]


class Answer(Frozen):
    """A question that was answered."""

    kind: Literal["answer"] = "answer"
    table: Table
    series: tuple[Series, ...] = Field(default=(), description="the same numbers over time, for a chart")
    status: int | None = Field(default=None, description="HTTP status, where there was one")
    request_id: str | None = Field(
        default=None, description="the target's own number of a call that changed something, to ask its people by"
    )


class Reason(StrEnum):
    """Why a question has no answer."""

    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    NOT_CONNECTED = "not_connected"
    NOT_INSTALLED = "not_installed"
    NOT_HERE = "not_here"  # it is for installations of another kind
    NEEDS = "needs"  # it names another question's answer, and that one failed or was empty
    BROKEN = "broken"  # the expression or projection failed on these values


class Failure(Frozen):
    """A question that was not answered; this too is evidence."""

    kind: Literal["failure"] = "failure"
    reason: Reason
    message: str = Field(description="one sentence, already through egress")

    @property
    def is_unneeded(self) -> bool:
        """Whether it was not asked for good reason."""
        return self.reason in {Reason.NEEDS, Reason.NOT_HERE}

    @property
    def is_elsewhere(self) -> bool:
        """Whether the question is for installations of another kind, so that nothing is missing."""
        return self.reason is Reason.NOT_HERE


Evidence = Annotated[Answer | Failure, Field(discriminator="kind")]
