"""An incident is one episode of its key; a snapshot opens, changes, resolves or reopens it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.ports import Json
from bot.engine.alerts import Alerts, Identity, Told, common, ended, firing
from bot.engine.origin import Origin
from bot.engine.route import UNROUTED, Route
from bot.engine.severity import worst

REOPEN = timedelta(minutes=15)
"""An alert that starts this soon after the last one ended belongs to the same episode: same incident, same thread."""

_UNCLAIMED = "Alerts that no rule claims"


class State(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """One episode of a key. `started_at` and `resolved_at` are its alerts' own times, the other times are ours.

    `opened_by` is a person, or a schedule by its name; `metadata` is what all events that hosts sent have in common.
    """

    id: str
    key: str
    episode: int
    state: State
    system: str
    event: str
    runbook: str
    content: str
    severity: str
    channel: str
    title: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    params: Mapping[str, Json]
    truncated: int
    external_url: str
    started_at: datetime
    opened_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    diagnoses: int
    group_labels: Mapping[str, str] | None = None
    first_severity: str | None = None
    reopenings: int = 0
    told_because: str | None = None
    origin: Origin = Origin.ALERTMANAGER
    opened_by: str | None = None
    closed_by: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    """An incident with its alerts."""

    incident: Incident
    alerts: Alerts

    @property
    def is_open(self) -> bool:
        return self.incident.state is State.FIRING


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A notification as it concerns incidents: `group` is its digest, `told` its alerts by their own times.

    `group_labels` are what the group is made by, `because` is why it was sent; None where the sender does not say.
    """

    group: str
    received_at: datetime
    external_url: str
    truncated: int
    told: tuple[Told, ...]
    group_labels: Mapping[str, str] | None = None
    because: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """Where an alert leads: its route, and what the content files of that revision call it."""

    route: Route
    content: str
    title: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a snapshot did to one incident. `before` is None when it opened it."""

    before: Episode | None
    after: Episode

    @property
    def is_opened(self) -> bool:
        return self.before is None

    @property
    def is_reopened(self) -> bool:
        return self.before is not None and not self.before.is_open and self.after.is_open

    @property
    def is_resolved(self) -> bool:
        return not self.after.is_open and (self.before is None or self.before.is_open)

    @property
    def started(self) -> frozenset[Identity]:
        """The alerts that fire now and did not before."""
        return firing(self.after.alerts) - (firing(self.before.alerts) if self.before else frozenset())

    @property
    def is_visible(self) -> bool:
        """Whether anything changed that people see; a repeat changes nothing but when it was seen."""
        return self.before is None or _visible(self.before) != _visible(self.after)

    @property
    def needs_diagnosis(self) -> bool:
        """Whether there is something new to look into: another alert, or other identifiers of what happened."""
        if self.before is None or self.is_reopened:
            return True
        alerts = self.after.alerts
        has_other_ids = self.before.incident.metadata != self.after.incident.metadata
        return has_other_ids or any(alerts[identity].source.fires for identity in self.started)


def opened(
    alerts: Alerts,
    snapshot: Snapshot,
    *,
    incident_id: str,
    key: str,
    number: int,
    lead: Lead,
    severities: Iterable[str],
    now: datetime,
) -> Episode:
    """A new episode, which may be over already: a resolve can arrive before what it resolves."""
    route = lead.route
    labels, annotations, metadata = _shared(alerts)
    is_open = bool(firing(alerts))
    severity = worst(severities)
    return Episode(
        incident=Incident(
            id=incident_id,
            key=key,
            episode=number,
            state=State.FIRING if is_open else State.RESOLVED,
            system=route.system,
            event=route.event,
            runbook=route.runbook,
            content=lead.content,
            severity=severity,
            channel=route.channel,
            title=lead.title or _title(labels),
            labels=labels,
            annotations=annotations,
            params={},
            truncated=snapshot.truncated,
            external_url=snapshot.external_url,
            started_at=_started(alerts),
            opened_at=now,
            changed_at=now,
            resolved_at=None if is_open else ended(alerts),
            acknowledged_by=None,
            acknowledged_at=None,
            diagnoses=0,
            group_labels=snapshot.group_labels,
            first_severity=severity,
            told_because=snapshot.because,
            metadata=metadata,
        ),
        alerts=alerts,
    )


def continued(
    before: Episode, alerts: Alerts, snapshot: Snapshot, *, severities: Iterable[str], now: datetime
) -> Episode:
    """The episode after its alerts have become these. It keeps its route, content and title."""
    incident = before.incident
    labels, annotations, metadata = _shared(alerts)
    is_open = bool(firing(alerts))
    is_latest = snapshot.received_at >= max(each.seen_at for each in before.alerts.values())
    is_reopened = is_open and not before.is_open
    after = Episode(
        incident=replace(
            incident,
            state=State.FIRING if is_open else State.RESOLVED,
            severity=worst([incident.severity, *severities]),
            title=incident.title if incident.runbook != UNROUTED else _title(labels),
            labels=labels,
            annotations=annotations,
            truncated=snapshot.truncated if is_latest else incident.truncated,
            external_url=snapshot.external_url if is_latest else incident.external_url,
            started_at=_started(alerts),
            resolved_at=None if is_open else ended(alerts),
            acknowledged_by=None if is_reopened else incident.acknowledged_by,
            acknowledged_at=None if is_reopened else incident.acknowledged_at,
            group_labels=snapshot.group_labels if is_latest and snapshot.group_labels else incident.group_labels,
            reopenings=incident.reopenings + is_reopened,
            told_because=snapshot.because if is_latest else incident.told_because,
            closed_by=None if is_reopened else incident.closed_by,
            metadata=metadata,
        ),
        alerts=alerts,
    )
    if _visible(before) == _visible(after):
        return after
    return replace(after, incident=replace(after.incident, changed_at=now))


def _shared(alerts: Alerts) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Labels, annotations, and what the events of hosts have in common: it stands in for labels that no alert has."""
    metadata = common(each.labels for each in alerts.values() if each.source is Origin.OPS_EVENTS)
    told = [each for each in alerts.values() if each.source not in {Origin.OPS_EVENTS, Origin.VERIFICATION}]
    labels = {**metadata, **common(each.labels for each in told)}
    return dict(sorted(labels.items())), common(each.annotations for each in told), metadata


def _started(alerts: Alerts) -> datetime:
    return min(each.starts_at for each in alerts.values())


def _title(labels: Mapping[str, str]) -> str:
    """Of alerts that no runbook names."""
    return f"No rule for {labels.get('alertname', 'these alerts')}"


def _visible(episode: Episode) -> tuple[Incident, frozenset[Identity], dict[Identity, Told]]:
    """All of it, but for when things were seen."""
    alerts = {identity: replace(each, seen_at=each.starts_at) for identity, each in episode.alerts.items()}
    incident = replace(episode.incident, changed_at=episode.incident.opened_at, told_because=None)
    return incident, firing(episode.alerts), alerts
