"""Incidents and their alerts as rows, and the diagnoses ordered for them."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, or_, select, update

from bot.core.event import Status
from bot.engine.alerts import Alerts, Identity, Told, firing
from bot.engine.incident import Episode, Incident, Outcome, State
from bot.engine.origin import Origin
from bot.store import orders
from bot.store.tables import diagnoses, incident_alerts, incidents
from bot.store.work import Enqueue

_REMEMBERED = timedelta(days=7)
"""How long after its last change an incident is compared with what arrives, when it is not open anyway."""


def get(conn: Connection, incident_id: str) -> Incident | None:
    """One incident; None when there is none of this id."""
    row = conn.execute(select(incidents).where(incidents.c.id == incident_id)).first()
    return incident_of(row) if row else None


def latest(conn: Connection, limit: int) -> list[Incident]:
    """The incidents opened last, newest first."""
    rows = conn.execute(select(incidents).order_by(incidents.c.opened_at.desc(), incidents.c.id).limit(limit))
    return [incident_of(row) for row in rows]


def locked(conn: Connection, incident_id: str) -> Incident | None:
    """One incident, whose row nobody else may change until this transaction ends."""
    row = conn.execute(select(incidents).where(incidents.c.id == incident_id).with_for_update(key_share=True)).first()
    return incident_of(row) if row else None


def alerts_of(conn: Connection, incident_id: str) -> Alerts:
    """Every alert the incident ever had."""
    return _alerts_by_incident(conn, [incident_id]).get(incident_id, {})


def alerts_of_open(conn: Connection) -> Mapping[str, Alerts]:
    """The alerts of every incident that is open, by its id."""
    return _alerts_by_incident(conn, select(incidents.c.id).where(incidents.c.state == State.FIRING))


def of_group(conn: Connection, group: str, *, fingerprints: frozenset[str], now: datetime) -> list[Episode]:
    """The incidents of a group that a snapshot with these alerts may concern, locked.

    They are the open ones, the newest of each key, and older ones that have one of the alerts; all of them changed
    in the last week, or open.
    """
    rows = conn.execute(
        select(incidents)
        .where(
            incidents.c.key.between(group, group + "g"),  # keys go on in hex digits, all of which come before g
            or_(incidents.c.state == State.FIRING, incidents.c.changed_at > now - _REMEMBERED),
        )
        .order_by(incidents.c.episode)
        .with_for_update(key_share=True)  # a row that only refers to an incident need not wait for this one to end
    ).all()
    if not rows:
        return []
    newest = {row.key: row.id for row in rows}.values()
    holding = conn.scalars(
        select(incident_alerts.c.incident_id)
        .where(
            incident_alerts.c.incident_id.in_([row.id for row in rows]),
            incident_alerts.c.fingerprint.in_(fingerprints),
        )
        .distinct()
    )
    alerts = _alerts_by_incident(conn, {*newest, *holding})
    return [Episode(incident=incident_of(row), alerts=alerts[row.id]) for row in rows if row.id in alerts]


def of_key(conn: Connection, key: str) -> Incident | None:
    """The newest episode of a key; None when there is none."""
    row = conn.execute(
        select(incidents).where(incidents.c.key == key).order_by(incidents.c.episode.desc()).limit(1)
    ).first()
    return incident_of(row) if row else None


def of_event(conn: Connection, *, system: str, event: str, now: datetime, remembered: timedelta) -> list[Episode]:
    """The incidents of one ops event that are open, or changed only just before now; locked."""
    rows = conn.execute(
        select(incidents)
        .where(
            incidents.c.system == system,
            incidents.c.event == event,
            or_(incidents.c.state == State.FIRING, incidents.c.changed_at > now - remembered),
        )
        .order_by(incidents.c.opened_at)
        .with_for_update(key_share=True)
    ).all()
    alerts = _alerts_by_incident(conn, [row.id for row in rows]) if rows else {}
    return [Episode(incident=incident_of(row), alerts=alerts[row.id]) for row in rows if row.id in alerts]


def open_of(conn: Connection, origin: Origin) -> list[Episode]:
    """The open incidents that came to be in one way."""
    rows = conn.execute(select(incidents).where(incidents.c.state == State.FIRING, incidents.c.origin == origin)).all()
    alerts = _alerts_by_incident(conn, [row.id for row in rows]) if rows else {}
    return [Episode(incident=incident_of(row), alerts=alerts[row.id]) for row in rows if row.id in alerts]


def knows_event(conn: Connection, fingerprint: str) -> bool:
    """Whether an event that a host sent is in any incident."""
    known = select(incident_alerts.c.incident_id).where(
        incident_alerts.c.fingerprint == fingerprint, incident_alerts.c.source == Origin.OPS_EVENTS
    )
    return conn.execute(known.limit(1)).first() is not None


def last_episode(conn: Connection, key: str) -> int:
    """The number of the key's last episode; 0 when there was none."""
    return conn.scalar(select(func.max(incidents.c.episode)).where(incidents.c.key == key)) or 0


def save(conn: Connection, outcome: Outcome) -> None:
    """Writes down what a snapshot did to an incident."""
    incident = outcome.after.incident
    if outcome.before is None:
        conn.execute(insert(incidents).values(**_row(incident)))
    elif outcome.before.incident != incident:
        conn.execute(update(incidents).where(incidents.c.id == incident.id).values(**_row(incident)))
    before = _alert_rows(outcome.before) if outcome.before else {}
    after = _alert_rows(outcome.after)
    new = [row for identity, row in after.items() if identity not in before]
    changed = [row for identity, row in after.items() if identity in before and row != before[identity]]
    if new:
        conn.execute(insert(incident_alerts), [{"incident_id": incident.id, **row} for row in new])
    if changed:
        conn.execute(
            update(incident_alerts).where(
                incident_alerts.c.incident_id == incident.id,
                incident_alerts.c.fingerprint == bindparam("of_fingerprint"),
                incident_alerts.c.starts_at == bindparam("of_starts_at"),
            ),
            [
                {"of_fingerprint": row.pop("fingerprint"), "of_starts_at": row.pop("starts_at"), **row}
                for row in changed
            ],
        )


def order_diagnosis(conn: Connection, enqueue: Enqueue, incident_id: str, *, content: str, now: datetime) -> int:
    """Orders the next diagnosis, by the files of revision `content`; returns its number.

    One that is ordered and not begun will see all there is by then, so it is left to do this one's work too.
    """
    waiting: int | None = conn.scalar(
        select(diagnoses.c.number)
        .where(
            diagnoses.c.incident_id == incident_id,
            diagnoses.c.started_at.is_(None),
            diagnoses.c.finished_at.is_(None),
        )
        .order_by(diagnoses.c.number.desc())
        .limit(1)
        .with_for_update()  # nobody begins it before this transaction has ended
    )
    if waiting is not None:
        return waiting
    number: int = conn.execute(
        update(incidents)
        .where(incidents.c.id == incident_id)
        .values(diagnoses=incidents.c.diagnoses + 1)
        .returning(incidents.c.diagnoses)
    ).scalar_one()
    conn.execute(insert(diagnoses).values(incident_id=incident_id, number=number, content=content, ordered_at=now))
    enqueue(conn, orders.diagnose(incident_id, number))
    return number


def counts(conn: Connection) -> Mapping[tuple[str, State], int]:
    """How many incidents there are, by system and state."""
    rows = conn.execute(
        select(incidents.c.system, incidents.c.state, func.count()).group_by(incidents.c.system, incidents.c.state)
    )
    return {(system, State(state)): count for system, state, count in rows}


def _alerts_by_incident(
    conn: Connection, incident_ids: Collection[str] | Select[tuple[str]]
) -> dict[str, dict[Identity, Told]]:
    alerts: dict[str, dict[Identity, Told]] = {}
    for row in conn.execute(select(incident_alerts).where(incident_alerts.c.incident_id.in_(incident_ids))):
        told = _told(row)
        alerts.setdefault(row.incident_id, {})[told.identity] = told
    return alerts


def incident_of(row: Row[tuple[object, ...]]) -> Incident:
    """A row of the table as an incident; what else was selected with it is left out."""
    kept = row._mapping  # noqa: SLF001 - the documented way to a row's names
    fields = {name: kept[name] for name in Incident.__slots__}
    return Incident(**{**fields, "state": State(str(fields["state"])), "origin": Origin(str(fields["origin"]))})


def _row(incident: Incident) -> dict[str, object]:
    return {name: getattr(incident, name) for name in Incident.__slots__}


def _alert_rows(episode: Episode) -> dict[Identity, dict[str, object]]:
    """An alert that was told to fire, but is followed by a later start, is kept as resolved at an unknown time."""
    now_firing = firing(episode.alerts)
    return {
        identity: {
            "fingerprint": each.fingerprint,
            "starts_at": each.starts_at,
            "status": Status.FIRING if identity in now_firing else Status.RESOLVED,
            "ends_at": each.ends_at,
            "labels": each.labels,
            "annotations": each.annotations,
            "generator_url": each.generator_url,
            "seen_at": each.seen_at,
            "source": each.source,
        }
        for identity, each in episode.alerts.items()
    }


def _told(row: Row[tuple[object, ...]]) -> Told:
    return Told(
        fingerprint=row.fingerprint,
        starts_at=row.starts_at,
        status=Status.FIRING if row.ends_at is None else Status.RESOLVED,
        ends_at=row.ends_at,
        seen_at=row.seen_at,
        labels=row.labels,
        annotations=row.annotations,
        generator_url=row.generator_url,
        source=Origin(row.source),
    )
