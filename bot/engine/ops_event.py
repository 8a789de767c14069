"""What an event that a host sent makes of the incidents: it opens one, or joins that of its alert. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.canonical import sha256
from bot.core.event import OpsEvent, Status
from bot.engine.alerts import Alerts, Told, ended
from bot.engine.incident import REOPEN, Episode, Incident, Lead, Outcome, Snapshot, continued, opened
from bot.engine.naming import paths
from bot.engine.origin import Origin
from bot.engine.route import Route, group_digest, incident_key
from bot.engine.runbook import Runbook
from bot.engine.unproven import is_doubted

MERGE = timedelta(minutes=15)
"""How far apart an event and the alert of the same event may begin and still be one incident."""

_LONGEST = 200  # characters of an identifier that is kept
_SEVERITY = "warning"  # where the rule says none: an event of a host is like an alert that nobody graded


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """An event as it concerns incidents: where it leads, and the identifiers that its runbook reads."""

    told: Told
    lead: Lead

    @property
    def key(self) -> str:
        """Of the incident it would open."""
        return incident_key(group_of(self.lead.route), self.lead.route)

    @property
    def tail(self) -> str:
        """The half of the key that the incident of its alert has as well."""
        return tail_of(self.key)


def texts(event: OpsEvent) -> Mapping[str, str]:
    """Its metadata as text, as labels are; what is no single value is left out."""
    return {name: _text(value) for name, value in event.metadata.items() if isinstance(value, str | int | float | bool)}


def kept(metadata: Mapping[str, str], *, runbook: Runbook | None, route: Route) -> Mapping[str, str]:
    """Only what the runbook names, or the rule splits by: nothing else is shown, so nothing else is kept."""
    read = paths(runbook) if runbook else frozenset()
    named = {path.split(".")[1] for path in read if path.startswith(("metadata.", "labels."))}
    wanted = named | route.split.keys()
    return {name: value for name, value in sorted(metadata.items()) if name in wanted and len(value) <= _LONGEST}


def fingerprint(event: OpsEvent) -> str:
    """The same for the same event however often it is sent: by its id, or by all it says."""
    if event.id is not None:
        return sha256(["id", event.event, event.id])[:32]
    said = {"metadata": dict(event.metadata), "measurements": dict(event.measurements)}
    return sha256([event.event, said, event.occurred_at.isoformat()])[:32]


def sent(event: OpsEvent, *, metadata: Mapping[str, str], lead: Lead, seen_at: datetime) -> Sent:
    """The event in the form in which alerts are told."""
    graded = replace(lead.route, severity=lead.route.severity or _SEVERITY)
    told = Told(
        fingerprint=fingerprint(event),
        starts_at=event.occurred_at,
        status=Status.FIRING,
        ends_at=None,
        seen_at=seen_at,
        labels=metadata,
        annotations={},
        generator_url="",
        source=Origin.OPS_EVENTS,
    )
    return Sent(told=told, lead=replace(lead, route=graded))


def group_of(route: Route) -> str:
    """The first half of the keys of incidents that events of this name open."""
    return group_digest(source=Origin.OPS_EVENTS, receiver=route.system, group_key=route.event)


def tail_of(key: str) -> str:
    """The half of a key that says which rule and which split."""
    return key[32:]


def host_of(event: Sent, candidates: Iterable[Episode]) -> Episode | None:
    """Which of the incidents of the same event it joins: an open one, or one that ended only just before it."""
    joinable = [
        each
        for each in candidates
        if tail_of(each.incident.key) == event.tail
        and (each.is_open or event.told.starts_at <= ended(each.alerts) + REOPEN)
    ]
    return max(joinable, key=lambda each: (each.is_open, each.incident.opened_at), default=None)


def joined_by(event: Sent, host: Episode, *, now: datetime) -> Outcome:
    """The incident once the event is in it. Beside an alert an event is a fact, not something that goes on."""
    told = settled(event.told) if has_alert(host) else event.told
    incident = host.incident
    snapshot = Snapshot(
        group="",
        received_at=event.told.seen_at,
        external_url=incident.external_url,
        truncated=incident.truncated,
        told=(told,),
        because=incident.told_because,
    )
    alerts = {**host.alerts, told.identity: told}
    after = continued(host, alerts, snapshot, severities=[event.lead.route.severity], now=now)
    return Outcome(before=host, after=after)


def opened_by(event: Sent, *, incident_id: str, number: int, now: datetime) -> Outcome:
    """A new incident."""
    told = event.told
    snapshot = Snapshot(group="", received_at=told.seen_at, external_url="", truncated=0, told=(told,))
    episode = opened(
        {told.identity: told},
        snapshot,
        incident_id=incident_id,
        key=event.key,
        number=number,
        lead=event.lead,
        severities=[event.lead.route.severity],
        now=now,
    )
    incident = replace(episode.incident, origin=Origin.OPS_EVENTS)
    return Outcome(before=None, after=replace(episode, incident=incident))


def adoptable(candidates: Iterable[Episode], *, key: str, starts_at: datetime) -> Episode | None:
    """The open incident of the same event that an alert, which begins at about the same time, takes over."""
    near = [
        each
        for each in candidates
        if each.is_open
        and not has_alert(each)
        and tail_of(each.incident.key) == tail_of(key)
        and abs(max(told.starts_at for told in each.alerts.values()) - starts_at) <= MERGE
    ]
    return max(near, key=lambda each: each.incident.opened_at, default=None)


def taken_over(alerts: Alerts) -> Alerts:
    """The events of an incident that an alert takes over: from now on the alert says when it is over."""
    return {identity: settled(each) for identity, each in alerts.items()}


def settled(told: Told) -> Told:
    return replace(told, status=Status.RESOLVED, ends_at=told.starts_at)


def has_alert(episode: Episode) -> bool:
    return any(each.source.fires for each in episode.alerts.values())


def is_quiet(episode: Episode, *, quiet: timedelta, now: datetime) -> bool:
    """Whether an incident of events alone has heard of no other one for so long."""
    incident: Incident = episode.incident
    if incident.origin is not Origin.OPS_EVENTS or has_alert(episode) or not episode.is_open:
        return False
    if is_doubted(episode.alerts):
        return False
    return now - max(each.seen_at for each in episode.alerts.values()) >= quiet


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
