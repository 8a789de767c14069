"""How much of everything there is, for the bot's own metrics."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from bot.engine.canary import Stage
from bot.engine.incident import State
from bot.engine.switch import BOT, Kind, declared
from bot.engine.system import System
from bot.metrics.stock import Digest, Open, Stock
from bot.store import canary, checks, deliveries, incidents, messages, pacing, switches
from bot.store.tables import executions, jobs, requests, resumptions
from bot.store.tables import incidents as incident_rows
from bot.store.tables import messages as message_rows


def stock(conn: Connection, now: datetime, *, has_slack: bool = True, systems: Iterable[System] = ()) -> Stock:
    """Counts and ages at this moment; without a Slack nothing is said about delivery by the canary.

    The business switches of `systems` are told also while nobody has ever engaged them: off is not unknown.
    """
    known = [*systems]
    waiting, behind = deliveries.backlog(conn), messages.backlog(conn)
    by_job = conn.execute(select(jobs.c.queue, jobs.c.state, func.count()).group_by(jobs.c.queue, jobs.c.state))
    return Stock(
        unfolded=waiting.count,
        fold_lag=_age(waiting.oldest, now),
        incidents={(system, state.value): count for (system, state), count in incidents.counts(conn).items()},
        jobs={(queue, state): count for queue, state, count in by_job},
        undelivered=behind.count,
        undelivered_lag=_age(behind.oldest, now),
        canary={
            stage.value: at.timestamp()
            for stage, at in canary.last_success(conn).items()
            if has_slack or stage is not Stage.DELIVERED
        },
        paused={each.key: (each.why, (each.until - now).total_seconds()) for each in pacing.pauses(conn, now)},
        otherwise=messages.otherwise(conn, since=now - _LATELY),
        switches={(BOT, Kind.BOT): False, **_off(known), **switches.known(conn)},
        open=_open(conn),
        requests={(system, state): count for system, state, count in conn.execute(_REQUESTS)},
        executions={(system, state): count for system, state, count in conn.execute(_EXECUTIONS)},
        resumptions={(system, state): count for system, state, count in conn.execute(_RESUMPTIONS)},
        schedules=_schedules(conn, known, now),
    )


def _schedules(conn: Connection, systems: Iterable[System], now: datetime) -> dict[tuple[str, str], Digest]:
    """Of those that the files name now and that were seen."""
    fired = checks.fired_ones(conn, "schedule:")
    return {
        (system.system, schedule.name): Digest(
            dealt_with_at=each.fired_at.timestamp(),
            failing_for=_age(each.failed_at, now) if each.failed_at else None,
            failures=each.failures,
            error=each.error or "",
        )
        for system in systems
        for schedule in system.schedules
        if (each := fired.get(f"{system.system}/{schedule.name}")) is not None
    }


def _off(systems: Iterable[System]) -> dict[tuple[str, str], bool]:
    return {(each.name, Kind.BUSINESS.value): False for system in systems for each in declared(system)}


_LATELY = timedelta(hours=1)
_OPEN = 100  # incidents that are named; countersign_incidents counts them all
_REQUESTS = select(requests.c.system, requests.c.state, func.count()).group_by(requests.c.system, requests.c.state)
_EXECUTIONS = (
    select(requests.c.system, executions.c.state, func.count())
    .join_from(executions, requests, executions.c.request_id == requests.c.id)
    .group_by(requests.c.system, executions.c.state)
)
_RESUMPTIONS = (
    select(requests.c.system, resumptions.c.state, func.count())
    .join_from(resumptions, requests, resumptions.c.request_id == requests.c.id)
    .group_by(requests.c.system, resumptions.c.state)
)


def _open(conn: Connection) -> list[Open]:
    """The latest open incidents, each with its thread."""
    found = conn.execute(
        select(incident_rows, message_rows.c.slack_channel, message_rows.c.slack_ts)
        .join_from(incident_rows, message_rows, message_rows.c.subject == "root:" + incident_rows.c.id, isouter=True)
        .where(incident_rows.c.state == State.FIRING)
        .order_by(incident_rows.c.opened_at.desc())
        .limit(_OPEN)
    )
    return [
        Open(
            system=row.system,
            event=row.event,
            severity=row.severity,
            runbook=row.runbook,
            incident=row.id,
            channel=row.slack_channel or "",
            thread=row.slack_ts or "",
            opened_at=row.opened_at.timestamp(),
        )
        for row in found
    ]


def _age(oldest: datetime | None, now: datetime) -> float:
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
