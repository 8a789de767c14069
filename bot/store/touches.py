"""How often an action ran, and when it last touched each target, by what was claimed: every replica sees the same."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, or_, select

from bot.engine.execution import Done, State
from bot.store.requests import read_targets
from bot.store.tables import deeds, executions, requests


def since(
    conn: Connection, *, system: str, runbook: str, action: str, after: datetime, but: str | None = None
) -> Mapping[str, datetime]:
    """The targets an action was started on after this moment, and when; each target's latest.

    Those of the request `but` are left out: what is left of it was not touched.
    What failed before any of its calls could have had an effect has touched nothing.
    """
    may_have_effect = exists().where(
        deeds.c.request_id == executions.c.request_id, deeds.c.state.notin_([Done.FAILED, Done.PASSED])
    )
    touched_at = func.coalesce(executions.c.resumed_at, executions.c.started_at).label("touched_at")
    query = (
        select(executions.c.targets, touched_at)
        .select_from(executions.join(requests, executions.c.request_id == requests.c.id))
        .where(
            and_(
                requests.c.system == system,
                requests.c.runbook == runbook,
                requests.c.action == action,
                *(() if but is None else (requests.c.id != but,)),
                touched_at > after,
                or_(executions.c.state != State.FAILED, may_have_effect),
            )
        )
        .order_by(touched_at)
    )
    found: dict[str, datetime] = {}
    for row in conn.execute(query):
        targets = read_targets(row.targets)
        found |= dict.fromkeys(targets.ids if targets else (), row.touched_at)
    return found


def claimed_since(conn: Connection, *, system: str, runbook: str, action: str, since: datetime) -> int:
    """How many executions of an action were claimed since then, whatever became of them."""
    query = (
        select(func.count())
        .select_from(executions.join(requests, executions.c.request_id == requests.c.id))
        .where(
            requests.c.system == system,
            requests.c.runbook == runbook,
            requests.c.action == action,
            executions.c.started_at > since,
        )
    )
    return conn.scalar(query) or 0
