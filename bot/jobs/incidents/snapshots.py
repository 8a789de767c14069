"""Applies one notification to the incidents of its group, and says what became of them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.event import Notification, OpsEvent, Status
from bot.core.ports import Json
from bot.engine import ops_event
from bot.engine.alerts import Told, firing, told
from bot.engine.catalog import Catalog
from bot.engine.fold import fold
from bot.engine.incident import Episode, Lead, Outcome, Snapshot
from bot.engine.route import UNROUTED, group_digest, route, route_event
from bot.store import audit, incidents
from bot.store.deliveries import Source
from bot.store.work import Enqueue, Show

_RECENT = timedelta(days=1)  # since its last change, an incident that has ended may still be joined by an event
_NONE = timedelta(0)
_LONGEST_REASON = 64  # as long as its column


class Snapshots:
    """Turns notifications into incidents by the content files of the moment; alerts of no system go to `fallback`."""

    def __init__(
        self,
        *,
        catalog: Callable[[], Catalog],
        enqueue: Enqueue,
        show: Show,
        new_id: Callable[[], str],
        fallback: str,
    ) -> None:
        self._catalog = catalog
        self._enqueue = enqueue
        self._show = show
        self._new_id = new_id
        self._fallback = fallback

    def apply(
        self, conn: Connection, notification: Notification, *, source: Source, received_at: datetime, now: datetime
    ) -> list[Outcome]:
        """Fold it and write the incidents; returns those that changed in a way people see."""
        catalog = self._catalog()
        snapshot = Snapshot(
            group=group_digest(source=source, receiver=notification.receiver, group_key=notification.group_key),
            received_at=received_at,
            external_url=notification.external_url,
            truncated=notification.truncated,
            told=tuple(told(alert, seen_at=received_at) for alert in notification.alerts),
            group_labels=notification.group_labels,
            because=(notification.because or "")[:_LONGEST_REASON] or None,
        )
        fingerprints = frozenset(each.fingerprint for each in snapshot.told)
        outcomes = fold(
            incidents.of_group(conn, snapshot.group, fingerprints=fingerprints, now=now),
            snapshot,
            lead_of=lambda each: self._lead(catalog, each.labels),
            last_of=lambda key: incidents.last_episode(conn, key),
            new_id=self._new_id,
            now=now,
            adopt=lambda key, told, lead: self._adoptable(conn, key, told, lead, now),
        )
        return self._written(conn, outcomes, now)

    def apply_event(self, conn: Connection, event: OpsEvent, *, received_at: datetime, now: datetime) -> list[Outcome]:
        """The same for an event that a host sent; one that was sent before changes nothing."""
        if incidents.knows_event(conn, ops_event.fingerprint(event)):
            return []
        sent = self._sent(event, received_at)
        route = sent.lead.route
        candidates = incidents.of_event(conn, system=route.system, event=route.event, now=now, remembered=_RECENT)
        host = ops_event.host_of(sent, candidates)
        if host is not None:
            outcome = ops_event.joined_by(sent, host, now=now)
        else:
            number = incidents.last_episode(conn, sent.key) + 1
            outcome = ops_event.opened_by(sent, incident_id=self._new_id(), number=number, now=now)
        return self._written(conn, [outcome], now)

    def _sent(self, event: OpsEvent, received_at: datetime) -> ops_event.Sent:
        catalog = self._catalog()
        every = ops_event.texts(event)
        found = route_event(event.event, every, catalog.systems.values(), fallback=self._fallback)
        runbook = catalog.runbooks.get(found.runbook)
        title = runbook.title if runbook else f"No rule for {event.event}"
        lead = Lead(route=found, content=catalog.revision, title=title)
        metadata = ops_event.kept(every, runbook=runbook, route=found)
        return ops_event.sent(event, metadata=metadata, lead=lead, seen_at=received_at)

    def _adoptable(self, conn: Connection, key: str, told: Told, lead: Lead, now: datetime) -> Episode | None:
        """The open incident that events of the same name opened at about the time that this alert began."""
        if not lead.route.is_routed or told.status is not Status.FIRING:
            return None
        route = lead.route
        candidates = incidents.of_event(conn, system=route.system, event=route.event, now=now, remembered=_NONE)
        return ops_event.adoptable(candidates, key=key, starts_at=told.starts_at)

    def _written(self, conn: Connection, outcomes: Iterable[Outcome], now: datetime) -> list[Outcome]:
        for outcome in outcomes:
            incidents.save(conn, outcome)
            self._look_into(conn, outcome, now)
        return [outcome for outcome in outcomes if outcome.is_visible]

    def show(self, conn: Connection, incident_id: str, now: datetime) -> None:
        """Order the incident's root message anew."""
        self._show.incident(conn, incident_id, now)

    def _lead(self, catalog: Catalog, labels: Mapping[str, str]) -> Lead:
        found = route(labels, catalog.systems.values(), fallback=self._fallback)
        runbook = catalog.runbooks.get(found.runbook)
        return Lead(route=found, content=catalog.revision, title=runbook.title if runbook else None)

    def _look_into(self, conn: Connection, outcome: Outcome, now: datetime) -> None:
        """Where there is a runbook, what is new is diagnosed by the files the incident began with."""
        incident = outcome.after.incident
        if incident.runbook != UNROUTED and outcome.needs_diagnosis:
            incidents.order_diagnosis(conn, self._enqueue, incident.id, content=incident.content, now=now)


def note(conn: Connection, outcomes: Iterable[Outcome], *, delivery: int, digest: str, now: datetime) -> None:
    """Enter into the audit what a delivery did to incidents, with the digest of its body."""
    for outcome in outcomes:
        incident = outcome.after.incident
        data: Mapping[str, Json] = {
            "system": incident.system,
            "event": incident.event,
            "runbook": incident.runbook,
            "content": incident.content,
            "episode": incident.episode,
            "alerts": len(outcome.after.alerts),
            "firing": len(firing(outcome.after.alerts)),
            "delivery": delivery,
            "digest": digest,
            **({"because": incident.told_because} if incident.told_because else {}),
        }
        for verb in verbs(outcome) or ["changed"]:
            audit.append(
                conn, kind=f"incident.{verb}", actor=audit.OURSELVES, now=now, incident_id=incident.id, data=data
            )


def verbs(outcome: Outcome) -> list[str]:
    """What happened to the incident, in the words of audit and metrics."""
    happened = {"opened": outcome.is_opened, "reopened": outcome.is_reopened, "resolved": outcome.is_resolved}
    return [verb for verb, did in happened.items() if did]
