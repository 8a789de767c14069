"""What is known of an incident's alerts, whatever order it was told in.

Each webhook is a snapshot of its group. Snapshots are sent again, by a second Alertmanager too, and a slow one may
arrive after its successor. So what is told of one alert is *joined*: `joined` is commutative, associative and
idempotent, and the state after some snapshots is the same in whatever order and however often they were told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.canonical import canonical
from bot.core.event import Alert, Status
from bot.engine.origin import Origin

LATE = timedelta(minutes=5)
"""How long after a resolve a snapshot may still arrive that was taken before it.

Alertmanager tries a notification again for as long as its `group_interval`, which is five minutes unless configured.
A snapshot that says "firing" later than this is no straggler: the alert fires again under its old startsAt, as it does
when Alertmanager had lost sight of Prometheus and took it for resolved.
"""

Identity = tuple[str, datetime]
"""What tells alerts apart: fingerprint and startsAt."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What was told of one alert. `seen_at` is when the snapshot was received, `ends_at` is None while it fires.

    What did not come from Alertmanager is told in the same form: an event of a host, or what opened an incident.
    """

    fingerprint: str
    starts_at: datetime
    status: Status
    ends_at: datetime | None
    seen_at: datetime
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    generator_url: str
    source: Origin = Origin.ALERTMANAGER

    @property
    def identity(self) -> Identity:
        return self.fingerprint, self.starts_at


Alerts = Mapping[Identity, Told]
"""The alerts of one incident."""


def told(alert: Alert, *, seen_at: datetime) -> Told:
    """What a snapshot received at `seen_at` says of this alert."""
    return Told(
        fingerprint=alert.fingerprint,
        starts_at=alert.starts_at.astimezone(UTC),
        status=alert.status,
        ends_at=alert.ended.astimezone(UTC) if alert.ended else None,
        seen_at=seen_at,
        labels=alert.labels,
        annotations=alert.annotations,
        generator_url=alert.generator_url,
    )


def joined(one: Told, other: Told) -> Told:
    """What is known after both were told. The one that lost need not be kept: it could not win later either."""
    if one.status is other.status:
        return max(one, other, key=_latest)
    firing, resolved = (one, other) if one.status is Status.FIRING else (other, one)
    return firing if firing.seen_at > resolved.seen_at + LATE else resolved


def firing(alerts: Alerts) -> frozenset[Identity]:
    """Those that fire: told so, and not followed by a later startsAt, for an alert starts anew only after it ended."""
    newest: dict[str, datetime] = {}
    for fingerprint, starts_at in alerts:
        newest[fingerprint] = max(starts_at, newest.get(fingerprint, _NEVER))
    return frozenset(
        identity
        for identity, each in alerts.items()
        if each.status is Status.FIRING and each.starts_at == newest[each.fingerprint]
    )


def ended(alerts: Alerts) -> datetime:
    """When the last of them ended, by their own times; of one whose end was never told, its start counts."""
    return max(each.ends_at or each.starts_at for each in alerts.values())


def common(texts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The pairs that all of them have."""
    shared: dict[str, str] | None = None
    for each in texts:
        shared = dict(each) if shared is None else {k: v for k, v in shared.items() if each.get(k) == v}
    return dict(sorted((shared or {}).items()))


def _latest(each: Told) -> tuple[datetime, datetime, str, str]:
    return each.seen_at, each.ends_at or _NEVER, canonical(each.annotations), each.generator_url
