"""When things were last due by the clock, and what checks found: rows, so that all replicas show the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from bot.engine.gauges import Gauge
from bot.store.database import insert_new
from bot.store.tables import check_results
from bot.store.tables import fires as fired


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The latest of one check: its series stand until `good_until`, `failures` are counted for ever."""

    system: str
    check: str
    fired_at: datetime
    finished_at: datetime
    took: int
    succeeded_at: datetime | None
    good_until: datetime | None
    metric: str | None
    labels: tuple[str, ...]
    series: Sequence[tuple[tuple[str, ...], float]]
    is_cut: bool
    failures: Mapping[str, int]
    error: str | None


def fires(conn: Connection) -> Mapping[str, datetime]:
    """The latest time of each that was dealt with; what was never seen is not there."""
    return {row.name: row.fired_at for row in conn.execute(select(fired))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fired:
    """When something was last dealt with, and since when its next time cannot be, with the latest reason."""

    fired_at: datetime
    failed_at: datetime | None
    failures: int
    error: str | None


def fired_ones(conn: Connection, prefix: str) -> Mapping[str, Fired]:
    """What is known of each whose name begins so, by the rest of its name."""
    rows = conn.execute(select(fired).where(fired.c.name.startswith(prefix, autoescape=True)))
    return {
        row.name.removeprefix(prefix): Fired(
            fired_at=row.fired_at, failed_at=row.failed_at, failures=row.failures, error=row.error
        )
        for row in rows
    }


def failed_to_fire(conn: Connection, name: str, now: datetime, error: str) -> None:
    """Counts a time that could not be dealt with; it is not taken, so it comes again."""
    values = {
        "failed_at": func.coalesce(fired.c.failed_at, now),
        "failures": fired.c.failures + 1,
        "error": error,
    }
    conn.execute(update(fired).where(fired.c.name == name).values(values))


def seen_first(conn: Connection, name: str, now: datetime) -> bool:
    """Begins to watch it; False when another replica did."""
    return insert_new(conn, fired, {"name": name, "fired_at": now})


def fire(conn: Connection, name: str, at: datetime) -> bool:
    """Takes this time; False when it, or a later one, was taken before."""
    taken = {"fired_at": at, "failed_at": None}
    changed = conn.execute(update(fired).where(fired.c.name == name, fired.c.fired_at < at).values(taken))
    return changed.rowcount == 1


def every(conn: Connection) -> list[Result]:
    """Of all checks that ever ran."""
    return [
        Result(
            **{
                **dict(row._mapping),  # noqa: SLF001 - a row's names
                "labels": tuple(row.labels),
                "series": tuple((tuple(labels), value) for labels, value in row.series),
            }
        )
        for row in conn.execute(select(check_results).order_by(check_results.c.system, check_results.c.check))
    ]


def of(conn: Connection, system: str, check: str) -> Result | None:
    """Of one check."""
    return next((each for each in every(conn) if (each.system, each.check) == (system, check)), None)


def succeeded(
    conn: Connection,
    *,
    system: str,
    check: str,
    fired_at: datetime,
    now: datetime,
    took: int,
    metric: str,
    labels: Sequence[str],
    gauge: Gauge,
    good_until: datetime,
) -> None:
    """Keeps what was found in place of what was found before, unless that is newer."""
    _put(
        conn,
        system,
        check,
        fired_at,
        {
            "finished_at": now,
            "took": took,
            "succeeded_at": now,
            "good_until": good_until,
            "metric": metric,
            "labels": list(labels),
            "series": [[list(values), number] for values, number in gauge.series],
            "is_cut": gauge.is_cut,
            "error": None,
        },
    )


def failed(
    conn: Connection,
    *,
    system: str,
    check: str,
    fired_at: datetime,
    now: datetime,
    took: int,
    reason: str,
    error: str,
) -> None:
    """Counts a failure; the series stand for as long as they were good for."""
    _put(conn, system, check, fired_at, {"finished_at": now, "took": took, "error": error})
    mine = (check_results.c.system == system) & (check_results.c.check == check)
    counts = dict(conn.execute(select(check_results.c.failures).where(mine).with_for_update()).scalar_one())
    counts[reason] = counts.get(reason, 0) + 1
    conn.execute(update(check_results).where(mine).values(failures=counts))


def _put(conn: Connection, system: str, check: str, fired_at: datetime, values: Mapping[str, object]) -> None:
    empty = {"labels": [], "series": [], "is_cut": False, "failures": {}}
    row = {"system": system, "check": check, "fired_at": fired_at, **empty, **values}
    if insert_new(conn, check_results, row):
        return
    mine = (check_results.c.system == system) & (check_results.c.check == check)
    conn.execute(
        update(check_results).where(mine, check_results.c.fired_at <= fired_at).values(fired_at=fired_at, **values)
    )
