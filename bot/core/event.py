"""What arrives: Alertmanager's notification, its alerts, and the name of an ops event."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue, ValidationError, field_validator

from bot.core.errors import BadInput
from bot.core.model import Lenient

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_SHOWN_ERRORS = 3


class Status(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # later moments overflow as soon as anything is added to them
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Alert(Lenient):
    """One alert of a notification. Told apart by fingerprint and startsAt."""

    status: Status
    labels: dict[str, str] = Field(min_length=1)
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: AwareDatetime = Field(alias="startsAt", ge=_EARLIEST, lt=_LATEST)
    ends_at: AwareDatetime = Field(alias="endsAt", default=_NEVER, lt=_LATEST)
    generator_url: str = Field(alias="generatorURL", default="")
    fingerprint: str = Field(min_length=1, max_length=64)

    @property
    def ended(self) -> datetime | None:
        """When it resolved, never before it started; None while it fires (Alertmanager then writes the year 1)."""
        return max(self.ends_at, self.starts_at) if self.status is Status.RESOLVED else None


class Notification(Lenient):
    """What we read of a webhook body, version 4: a snapshot of its group, not a delta."""

    version: Literal["4"]
    receiver: str = Field(min_length=1)
    status: Status
    group_key: str = Field(alias="groupKey", min_length=1)
    group_labels: dict[str, str] | None = Field(alias="groupLabels", default=None)
    because: str | None = Field(alias="notification_reason", default=None)  # Alertmanager 0.32 and later
    external_url: str = Field(alias="externalURL", default="")
    truncated: int = Field(alias="truncatedAlerts", default=0, ge=0, le=1_000_000_000)
    alerts: tuple[Alert, ...]


class OpsEvent(Lenient):
    """What we read of an event that a host sends, identifiers included."""

    event: str = Field(min_length=3, max_length=200)
    measurements: dict[str, JsonValue] = Field(default_factory=dict, max_length=50)
    metadata: dict[str, JsonValue] = Field(default_factory=dict, max_length=100)
    occurred_at: AwareDatetime = Field(ge=_EARLIEST, lt=_LATEST)
    id: str | None = Field(default=None, min_length=1, max_length=200)

    @field_validator("event")
    @classmethod
    def _canonical(cls, text: str) -> str:
        return ops_event(text)


def parse_event(body: bytes) -> OpsEvent:
    """The ops event a body holds. Raises BadInput with what is wrong and where, never with what was sent."""
    try:
        event = OpsEvent.model_validate_json(body)
    except ValidationError as error:
        raise BadInput(_told(error)) from None
    if b"\\u0000" in body:
        raise BadInput("a text holds the character NUL, which cannot be stored; send it without")
    return event


def parse(body: bytes) -> Notification:
    """The notification a body holds. Raises BadInput with what is wrong and where, never with what was sent."""
    try:
        notification = Notification.model_validate_json(body)
    except ValidationError as error:
        raise BadInput(_told(error)) from None
    # The usual body has no such escape at all; only where there is one are the texts looked at.
    if b"\\u0000" in body and any("\0" in text for text in _texts(notification)):
        raise BadInput("a text holds the character NUL, which cannot be stored; send it without")
    return notification


def _told(error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    told = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found[:_SHOWN_ERRORS]]
    left = len(found) - len(told)
    return "; ".join([*told, f"and {left} more"] if left else told)


def _texts(notification: Notification) -> Iterator[str]:
    yield from (notification.receiver, notification.group_key, notification.external_url, notification.because or "")
    yield from (text for pair in (notification.group_labels or {}).items() for text in pair)
    for alert in notification.alerts:
        yield from (alert.fingerprint, alert.generator_url)
        yield from (text for pair in alert.labels.items() for text in pair)
        yield from (text for pair in alert.annotations.items() for text in pair)


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
