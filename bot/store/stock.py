"""How much of everything there is, for the bot's own metrics."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.engine.switch import BOT, Kind
from bot.metrics import Stock
from bot.store import deliveries, incidents, messages, pacing, switches
from bot.store.tables import jobs


def stock(conn: Connection, now: datetime) -> Stock:
    """Counts and ages at this moment."""
    waiting, behind = deliveries.backlog(conn), messages.backlog(conn)
    by_job = conn.execute(select(jobs.c.queue, jobs.c.state, func.count()).group_by(jobs.c.queue, jobs.c.state))
    return Stock(
        unfolded=waiting.count,
        fold_lag=_age(waiting.oldest, now),
        incidents={(system, state.value): count for (system, state), count in incidents.counts(conn).items()},
        jobs={(queue, state): count for queue, state, count in by_job},
        undelivered=behind.count,
        undelivered_lag=_age(behind.oldest, now),
        paused={each.key: (each.why, (each.until - now).total_seconds()) for each in pacing.pauses(conn, now)},
        switches={(BOT, Kind.BOT): False, **switches.known(conn)},
    )


def _age(oldest: datetime | None, now: datetime) -> float:
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
