"""What bounds an action, as its runbook says it: how much, how often, and when."""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from bot.core.expression import Expression
from bot.core.model import Frozen
from bot.engine.reading import did_you_mean

DAY = 24 * 60
"""Minutes of a day."""

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")

Currency = Annotated[str, Field(pattern=r"^[a-z]{3}$")]
"""An ISO 4217 code as Stripe writes it: `usd`."""

Amounts = dict[Currency, Annotated[int, Field(ge=1)]]
"""Money in minor units, by currency: `{usd: 100000}` is 1,000.00 USD."""


class SoftLimits(Frozen):
    """What is usual: beyond it one more person must approve."""

    targets: int | None = Field(default=None, ge=1, description="more targets than this need one more approver")
    amount: Amounts = Field(
        default_factory=dict, description="currency -> minor units over all targets; more needs one more approver"
    )


class Limits(Frozen):
    """Bounds that hold whoever approves; how often it ran is counted over all replicas."""

    max_targets: int | None = Field(default=None, ge=1, description="refuse to touch more than this many at once")
    max_amount: Amounts = Field(
        default_factory=dict,
        description="currency -> minor units over all targets; refuse more, and every currency that is not named",
    )
    per_hour: int | None = Field(default=None, ge=1, description="refuse to run more often than this in an hour")
    per_day: int | None = Field(default=None, ge=1, description="refuse to run more often than this in 24 hours")
    soft: SoftLimits = Field(default=SoftLimits(), description="what is usual: beyond it one more must approve")

    @property
    def currencies(self) -> frozenset[str]:
        """Those that have a limit; empty where money is not limited at all."""
        return frozenset(self.max_amount or self.soft.amount)

    @model_validator(mode="after")
    def _in_order(self) -> "Limits":
        if self.per_hour and self.per_day and self.per_hour > self.per_day:
            raise ValueError("per_hour: is more than per_day:, so it could never be reached")
        if self.max_targets and self.soft.targets and self.soft.targets >= self.max_targets:
            raise ValueError("soft: targets: must be less than max_targets:, which refuses what is more")
        for currency, usual in self.soft.amount.items():
            if self.max_amount and currency not in self.max_amount:
                raise ValueError(
                    f"soft: amount: {currency} is not in max_amount:, so it would be refused; name it there"
                )
            if self.max_amount and usual >= self.max_amount[currency]:
                raise ValueError(f"soft: amount: {currency} must be less than max_amount:, which refuses what is more")
        return self


class Weekday(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK = tuple(Weekday)
"""The days in order; Monday is number 0, as in `date.weekday`."""


def _minutes(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write a time of day in quotes, such as "08:00"')
    return DAY if found[1] is None else int(found[1]) * 60 + int(found[2])


def clock(minutes: int) -> str:
    """Minutes since midnight as people write them.

    >>> clock(485)
    '08:05'
    """
    return f"{minutes // 60:02}:{minutes % 60:02}"


TimeOfDay = Annotated[
    int,
    BeforeValidator(_minutes),
    PlainSerializer(clock, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", "examples": ["08:00"]}),
]
"""Minutes since local midnight; 24:00 is the end of the day."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone {name!r}{did_you_mean(name, available_timezones())}") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]
"""A zone of the IANA database, such as Europe/Berlin."""


class Hours(Frozen):
    """When it may run. Hours that end before they begin go on into the next day."""

    days: tuple[Weekday, ...] = Field(
        default=WEEK, min_length=1, description="on which they begin; every day if unsaid"
    )
    start: TimeOfDay = Field(alias="from", description='local time, such as "08:00"')
    until: TimeOfDay = Field(description='local time, no longer within: "20:00"')
    timezone: Zone = Field(description="whose local time, such as Europe/Berlin")

    @model_validator(mode="after")
    def _some(self) -> "Hours":
        if self.start in {self.until, DAY}:
            raise ValueError('hours need a length; a whole day is from: "00:00", until: "24:00"')
        return self


class Days(Frozen):
    """From one day to another, both within."""

    first: date
    last: date


def _days(value: object) -> Days:
    if isinstance(value, Days):
        return value
    parts = value.split("/") if isinstance(value, str) else []
    try:
        days = [date.fromisoformat(part) for part in parts]
    except ValueError:
        days = []
    if len(days) not in {1, 2} or days[0] > days[-1]:
        raise ValueError('write a day in quotes, "2026-12-24", or from one to another, "2026-12-24/2027-01-01"')
    return Days(first=days[0], last=days[-1])


SomeDays = Annotated[
    Days,
    BeforeValidator(_days),
    PlainSerializer(lambda days: f"{days.first}/{days.last}", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2026-12-24", "2026-12-24/2027-01-01"]}),
]


class Freeze(Frozen):
    """Whole local days on which it must not run."""

    month_days: tuple[Annotated[int, Field(ge=-31, le=31)], ...] = Field(
        default=(), description="days of every month: 1 is the first, -1 the last"
    )
    dates: tuple[SomeDays, ...] = Field(default=(), description='days, as in "2026-12-24" or "2026-12-24/2027-01-01"')
    timezone: Zone = Field(description="whose local days, such as Europe/Berlin")
    why: str = Field(max_length=100, description="what is going on then, for who is refused")

    @model_validator(mode="after")
    def _some(self) -> "Freeze":
        if not self.month_days and not self.dates:
            raise ValueError("give month_days: or dates:")
        if 0 in self.month_days:
            raise ValueError("month_days: has no day 0: 1 is the first of a month, -1 its last")
        return self

    def holds(self, day: date) -> bool:
        """Whether this local day is frozen."""
        from_the_end = day.day - monthrange(day.year, day.month)[1] - 1
        return bool({day.day, from_the_end} & {*self.month_days}) or any(
            days.first <= day <= days.last for days in self.dates
        )


class Windows(Frozen):
    """When an action may run: within one of its hours, and on no frozen day."""

    when: Expression | None = Field(default=None, description="they count only if this holds, over option")
    allow: tuple[Hours, ...] = Field(default=(), description="hours in which it may run; any time if unsaid")
    freeze: tuple[Freeze, ...] = Field(default=(), description="days on which it must not, whatever the hours")

    @model_validator(mode="after")
    def _some(self) -> "Windows":
        if not self.allow and not self.freeze:
            raise ValueError("give allow: or freeze:")
        return self

    def count(self, options: Mapping[str, object]) -> bool:
        """Whether they are to be kept in an installation with these options."""
        return self.when is None or self.when.holds({"option": options})
