"""What a rules file has done by the clock: checks, which become gauges, and schedules, which become digests."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from bot.core.duration import Duration
from bot.core.evidence import Shown
from bot.core.expression import Expression
from bot.core.model import Frozen
from bot.core.template import Template
from bot.engine.cron import Cron, CronText
from bot.engine.policy import Zone
from bot.engine.shapes import columns_of
from bot.steps import HttpGet, SqlRead, StripeGet
from bot.steps.step import Name

PREFIX = "countersign_check_"
OWN = frozenset(
    {f"{PREFIX}{rest}" for rest in ("last_success_timestamp_seconds", "duration_seconds", "failures_total")}
    | {f"{PREFIX}cut"}
)
"""Metrics that stand beside every check."""

COUNT = "count"
STATUS = "status_code"
_NUMBERS = frozenset({Shown.COUNT, Shown.NUMBER, Shown.RATIO, Shown.MINOR, Shown.SECONDS, Shown.TIME, Shown.FLAG})
_LABELS = frozenset({Shown.ID, Shown.ENUM, Shown.FLAG, Shown.COUNT})
_TAKEN = frozenset({"system", "job", "instance", "le", "quantile"})

TimedId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
"""A name in kebab-case."""


class Missed(StrEnum):
    """What becomes of a time that passed while nobody was there."""

    CATCH_UP = "catch_up"  # once, for the latest of them
    SKIP = "skip"


class Check(Frozen):
    """A question that is asked on a cron; its answer is a gauge on the bot's own /metrics."""

    id: TimedId = Field(description="its name in kebab-case; label `check` of the metrics beside it")
    title: str | None = Field(default=None, max_length=120, description="what it counts, in a few words")
    cron: CronText = Field(
        description='minute hour day month weekday, such as "*/10 * * * *"; last is a month\'s last day'
    )
    timezone: Zone = Field(default="UTC", description="whose clock, such as Europe/Berlin")
    sql: SqlRead | None = Field(default=None, description="ask a database")
    http: HttpGet | None = Field(default=None, description="ask a host")
    stripe: StripeGet | None = Field(default=None, description="ask Stripe")
    when: Expression | None = Field(default=None, description="asked only if this holds, over option")
    timeout: Duration | None = Field(default=None, description="how long it may take; 30s unless said")
    metric: str = Field(pattern=rf"^{PREFIX}[a-z][a-z0-9_]{{0,80}}$", description=f"name of the gauge: {PREFIX}…")
    value: Name = Field(
        default="value",
        description=f"the column that is the value; {COUNT}: number of rows; {STATUS}: of the HTTP reply",
    )
    labels: tuple[Name, ...] = Field(
        default=(), max_length=5, description="columns that become labels: of class id, enum, flag or count"
    )
    series: int = Field(
        default=50, ge=1, le=1000, description="at most this many series; more are cut, which is counted"
    )
    empty: float | None = Field(
        default=None, description="the value when there is no row; without it there is no series then"
    )
    missed: Missed = Field(default=Missed.SKIP, description="skip: wait for the next time. catch_up: ask once, at once")
    stale: Duration | None = Field(
        default=None, description="how long a value stands without a newer one; until the second next time unless said"
    )

    @property
    def name(self) -> str:
        return self.id

    @property
    def step(self) -> SqlRead | HttpGet | StripeGet:
        step = self.sql or self.http or self.stripe
        assert step is not None  # the validator below
        return step

    @model_validator(mode="after")
    def _makes_series(self) -> "Check":
        if sum(step is not None for step in (self.sql, self.http, self.stripe)) != 1:
            raise ValueError("give exactly one of sql:, http:, stripe:")
        columns = columns_of(self.step)
        self._value_is_a_number(columns)
        for label in self.labels:
            if label in _TAKEN:
                raise ValueError(f"labels: {label} is set already, by us or by Prometheus; name the column otherwise")
            if label not in columns:
                raise ValueError(f"labels: there is no column {label}; there are: {', '.join(columns) or 'none'}")
            if columns[label] not in _LABELS:
                raise ValueError(
                    f"labels: {label} is {columns[label]}; only id, enum, flag and count stay few and short"
                )
        if self.metric in OWN:
            raise ValueError(f"metric: {self.metric} is one of ours, beside every check")
        if self.empty is not None and (self.labels or self.value == STATUS):
            raise ValueError("empty: is for a gauge without labels over rows; nobody could say which labels it had")
        return self

    def _value_is_a_number(self, columns: Mapping[str, Shown]) -> None:
        if self.value == COUNT:
            return
        if self.value == STATUS:
            if self.http is None or self.labels:
                raise ValueError(f"value: {STATUS} is one number of an http: question, without labels")
            return
        if self.value not in columns:
            known = ", ".join([*columns, COUNT, *([STATUS] if self.http else [])])
            raise ValueError(f"value: there is no column {self.value}; there are: {known}")
        if columns[self.value] not in _NUMBERS:
            raise ValueError(f"value: {self.value} is {columns[self.value]}, which is no number")


class Schedule(Frozen):
    """A runbook that is run on a cron; what it finds is posted as a digest."""

    id: TimedId | None = Field(default=None, description="its name in kebab-case; the runbook's own unless said")
    cron: CronText = Field(
        description='minute hour day month weekday, such as "0 6 * * *"; last is a month\'s last day'
    )
    timezone: Zone = Field(default="UTC", description="whose clock, such as Europe/Berlin")
    runbook: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$", description="system/name of a file under runbooks/"
    )
    params: dict[Name, Template] = Field(
        default_factory=dict, description="the runbook's parameters; templates see option, fired_at and now"
    )
    channel: str | None = Field(default=None, description="where the digest goes, instead of the system's channel")
    missed: Missed = Field(
        default=Missed.CATCH_UP,
        description="catch_up: the latest one, as soon as somebody is there. skip: the next one",
    )

    @property
    def name(self) -> str:
        return self.id or self.runbook.partition("/")[2]


def cron_of(timed: Check | Schedule) -> Cron:
    """Its cron; the model keeps plain text."""
    return Cron(timed.cron)
