"""What is overdue and has no job any more."""

from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from bot.store.doubts import is_doubtful
from bot.store.leases import open_jobs
from bot.store.messages import is_behind
from bot.store.silences import unsettled
from bot.store.tables import diagnoses as orders
from bot.store.tables import messages


def diagnoses(conn: Connection, *, ordered_before: datetime) -> list[tuple[str, int]]:
    """Diagnoses that are not finished, by incident and number."""
    query = select(orders.c.incident_id, orders.c.number).where(
        orders.c.finished_at.is_(None), orders.c.ordered_at < ordered_before
    )
    return [(row.incident_id, row.number) for row in conn.execute(query)]


def silences(conn: Connection, *, asked_before: datetime) -> list[tuple[str, str]]:
    """Silences of which Alertmanager is yet to be told, and nobody is at it: their ids, and their incidents'."""
    at_it = {job_id.split(":")[1] for job_id in open_jobs(conn) if job_id.startswith("silence:")}
    found = unsettled(conn, asked_before=asked_before)
    return [(each.id, each.incident_id) for each in found if each.id not in at_it]


def channels(conn: Connection, *, due_before: datetime) -> list[str]:
    """Channels with a message that should have been delivered, or looked for, and no delivery waiting or under way."""
    due = func.coalesce(messages.c.next_attempt_at, messages.c.changed_at)
    overdue = or_(and_(is_behind(), due < due_before), and_(is_doubtful(), messages.c.unsure_until < due_before))
    query = select(messages.c.channel).where(overdue).distinct().order_by(messages.c.channel)
    waiting = tuple(job_id for job_id in open_jobs(conn) if job_id.startswith("deliver:"))
    return [
        channel
        for channel in conn.scalars(query)
        if not any(job_id.startswith((f"deliver:{channel}:", f"deliver:{channel}@")) for job_id in waiting)
    ]
