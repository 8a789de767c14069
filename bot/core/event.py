"""What arrives: Alertmanager's notification, its alerts, and the name of an ops event."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.core.model import Lenient

_WORD = re.compile(r"[a-z][a-z0-9_]*")


class Status(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("has no time zone")
    return moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_aware)]
"""An aware datetime, in UTC."""


class Alert(Lenient):
    """One alert of a notification. Told apart by fingerprint and startsAt."""

    status: Status
    labels: dict[str, str] = Field(min_length=1)
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: Moment = Field(alias="startsAt")
    ends_at: Moment = Field(alias="endsAt", default=datetime(1, 1, 1, tzinfo=UTC))
    generator_url: str = Field(alias="generatorURL", default="")
    fingerprint: str = Field(min_length=1)

    @property
    def ended(self) -> datetime | None:
        """When it resolved; None while it fires (Alertmanager then writes the year 1)."""
        return self.ends_at if self.status is Status.RESOLVED else None


class Notification(Lenient):
    """A webhook body, version 4: a snapshot of its group, not a delta."""

    version: str
    receiver: str = Field(min_length=1)
    status: Status
    group_key: str = Field(alias="groupKey", min_length=1)
    group_labels: dict[str, str] = Field(alias="groupLabels", default_factory=dict)
    common_labels: dict[str, str] = Field(alias="commonLabels", default_factory=dict)
    common_annotations: dict[str, str] = Field(alias="commonAnnotations", default_factory=dict)
    external_url: str = Field(alias="externalURL", default="")
    truncated: int = Field(alias="truncatedAlerts", default=0, ge=0)
    reason: str | None = Field(alias="notification_reason", default=None)
    alerts: tuple[Alert, ...]


def ops_event(text: str) -> str:
    """The canonical, dotted name of an ops event; a tuple spelling means the same.

    >>> ops_event("[:accrue, :ops, :webhook_dlq, :dead_lettered]")
    'accrue.ops.webhook_dlq.dead_lettered'
    >>> ops_event("accrue.ops.webhook_dlq.dead_lettered")
    'accrue.ops.webhook_dlq.dead_lettered'

    Raises ValueError when it is neither.
    """
    stripped = text.strip()
    if stripped.startswith("[") and stripped.endswith("]"):
        words = [word.strip().removeprefix(":") for word in stripped[1:-1].split(",")]
    else:
        words = stripped.split(".")
    if len(words) < 2 or not all(_WORD.fullmatch(word) for word in words):
        raise ValueError(
            f"{text!r} is not an ops event; write accrue.ops.charge_failed or [:accrue, :ops, :charge_failed]"
        )
    return ".".join(words)
