"""Rounds of the canary as rows, and how far each came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update

from bot.engine.canary import EVENT, FINGERPRINT, Stage
from bot.store.database import insert_new
from bot.store.tables import canary_rounds, diagnoses, incident_alerts, incidents, messages

_KEEP = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One round; a stage it did not reach has no moment."""

    id: str
    started_at: datetime
    sent_at: datetime | None = None
    folded_at: datetime | None = None
    diagnosed_at: datetime | None = None
    delivered_at: datetime | None = None
    error: str | None = None

    def at(self, stage: Stage) -> datetime | None:
        """When it came that far."""
        found: datetime | None = getattr(self, f"{stage}_at")
        return found


def latest(conn: Connection) -> Round | None:
    row = conn.execute(select(canary_rounds).order_by(canary_rounds.c.started_at.desc()).limit(1)).first()
    return Round(**row._mapping) if row else None  # noqa: SLF001 - the documented way to a row's names


def begin(conn: Connection, round_id: str, now: datetime) -> bool:
    """Begins a round; False when another replica has. Old ones are forgotten."""
    conn.execute(delete(canary_rounds).where(canary_rounds.c.started_at < now - _KEEP))
    return insert_new(conn, canary_rounds, {"id": round_id, "started_at": now})


def reached(conn: Connection, round_id: str, stage: Stage, at: datetime) -> None:
    column = canary_rounds.c[f"{stage}_at"]
    mine = canary_rounds.c.id == round_id
    conn.execute(update(canary_rounds).where(mine, column.is_(None)).values({column.name: at}))


def failed(conn: Connection, round_id: str, error: str) -> None:
    conn.execute(update(canary_rounds).where(canary_rounds.c.id == round_id).values(error=error[:200]))


def folded(conn: Connection, started_at: datetime) -> str | None:
    """The incident that the alert of a round became; None while it has not."""
    query = (
        select(incident_alerts.c.incident_id)
        .join(incidents)
        .where(
            incidents.c.event == EVENT,
            incident_alerts.c.fingerprint == FINGERPRINT,
            incident_alerts.c.starts_at == started_at,
        )
    )
    found: str | None = conn.scalar(query)
    return found


def diagnosed(conn: Connection, incident_id: str, *, after: datetime) -> datetime | None:
    """When a diagnosis that began after this moment was finished."""
    query = select(func.min(diagnoses.c.finished_at)).where(
        diagnoses.c.incident_id == incident_id, diagnoses.c.started_at >= after
    )
    found: datetime | None = conn.scalar(query)
    return found


def is_shown(conn: Connection, subject: str, *, after: datetime) -> bool:
    """Whether Slack shows what the canary's message has said since this moment."""
    query = select(messages.c.id).where(
        messages.c.subject == subject,
        messages.c.changed_at >= after,
        messages.c.sent_revision == messages.c.revision,
    )
    return conn.execute(query).first() is not None


def last_success(conn: Connection) -> Mapping[Stage, datetime]:
    """When each stage was last reached; of one that never was, when the first round began. Nothing without rounds."""
    columns = [func.max(canary_rounds.c[f"{stage}_at"]) for stage in Stage]
    first, *moments = conn.execute(select(func.min(canary_rounds.c.started_at), *columns)).one()
    return {stage: at or first for stage, at in zip(Stage, moments, strict=True)} if first else {}
