"""Looks what is due by its cron: in every replica, but each time is taken once."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.adapters.cron import Cron
from bot.core.egress import mask
from bot.core.errors import BadInput, ExpressionError
from bot.desk.opening import open_incident
from bot.engine.catalog import Catalog
from bot.engine.opening import Opening
from bot.engine.origin import Origin
from bot.engine.scheduled import Check, Missed, Schedule
from bot.engine.system import System
from bot.jobs.means import Means
from bot.store import audit, checks, orders

log = logging.getLogger(__name__)

_LATE = timedelta(minutes=2)
"""Later than this a time was missed: nobody was there."""

_AGAIN = timedelta(minutes=1)
"""After this, what could not be opened is tried again: the files may have been mended meanwhile."""


class Due:
    """Call it every second or so. The rows decide who takes a time; what is remembered here only spares looking."""

    def __init__(self, means: Means, *, catalog: Callable[[], Catalog], cron: Cron) -> None:
        self._means = means
        self._catalog = catalog
        self._cron = cron
        self._next: dict[str, tuple[str, datetime | None]] = {}  # by name: its cron and zone, and when to look again

    def __call__(self) -> None:
        """Take what is due: order checks, open digests. Raises Unavailable; the rest is due at the next call."""
        catalog, now = self._catalog(), self._means.now()
        due = [each for each in _timed(catalog) if self._may_be_due(each, now)]
        if not due:
            return
        with self._means.database.read() as conn:
            since = checks.fires(conn)
        self._take_checks([each for each in due if isinstance(each.timed, Check)], since, now)
        for each in due:
            when = self._cron.next(each.timed, now)
            if isinstance(each.timed, Schedule) and not self._take_schedule(
                each, each.timed, since.get(each.name), content=catalog.revision, now=now
            ):
                when = now + _AGAIN
            self._next[each.name] = (each.spelled, when)  # only now: what could not be written is due still

    def _may_be_due(self, each: "_Timed", now: datetime) -> bool:
        known, when = self._next.get(each.name, ("", now))
        return known != each.spelled or (when is not None and now >= when)

    def _take_checks(self, due: Sequence["_Timed"], since: Mapping[str, datetime], now: datetime) -> None:
        """In one transaction, for in a minute's beginning there are many. A new one is asked at once."""
        at = {each.name: self._latest(each, since.get(each.name), now) for each in due}
        if not any(at.values()):
            return
        with self._means.database.begin() as conn:
            for each in due:
                moment = at[each.name]
                if moment is not None and self._take(conn, each, since.get(each.name), moment, now):
                    self._means.enqueue(conn, orders.check(each.system.system, each.timed.name, moment))

    def _take_schedule(
        self, each: "_Timed", schedule: Schedule, since: datetime | None, *, content: str, now: datetime
    ) -> bool:
        """Its row and its incident commit together, so that no digest is lost or doubled. A new one waits.

        False where it could not be opened, which is kept beside the time for all to see.
        """
        moment = self._latest(each, since, now)
        if moment is None:
            return True
        try:
            with self._means.database.begin() as conn:
                if not self._take(conn, each, since, moment, now) or since is None:
                    return True
                opening = opening_of(schedule, each.system, content=content, fired_at=moment, now=now)
                incident_id = open_incident(self._means, conn, opening, now=now)
                data: Mapping[str, str] = {"schedule": opening.opened_by, "fired_at": moment.isoformat()}
                audit.append(
                    conn, kind="schedule.fired", actor=audit.OURSELVES, now=now, incident_id=incident_id, data=data
                )
        except (BadInput, ExpressionError) as error:
            why = mask(str(error))
            log.warning("due.not_opened", extra={"what": each.name, "error": why})
            with self._means.database.begin() as conn:
                checks.failed_to_fire(conn, each.name, now, why)
            return False
        return True

    def _latest(self, each: "_Timed", since: datetime | None, now: datetime) -> datetime | None:
        return now if since is None else self._cron.latest(each.timed, after=since, until=now)

    def _take(self, conn: Connection, each: "_Timed", since: datetime | None, moment: datetime, now: datetime) -> bool:
        """Whether this time is ours, and is to be made up for if it was missed."""
        if not (checks.seen_first(conn, each.name, now) if since is None else checks.fire(conn, each.name, moment)):
            return False
        if since is not None and now - moment > _LATE and each.timed.missed is Missed.SKIP:
            log.warning("due.missed", extra={"what": each.name, "at": moment.isoformat()})
            return False
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Timed:
    name: str
    timed: Check | Schedule
    system: System

    @property
    def spelled(self) -> str:
        """What its next time is reckoned from."""
        return f"{self.timed.cron} {self.timed.timezone}"


def _timed(catalog: Catalog) -> Iterator[_Timed]:
    for system in catalog.systems.values():
        for check in system.checks:
            if _is_asked(check, system):
                yield _Timed(name=f"check:{system.system}/{check.name}", timed=check, system=system)
        for schedule in system.schedules:
            yield _Timed(name=f"schedule:{system.system}/{schedule.name}", timed=schedule, system=system)


def _is_asked(check: Check, system: System) -> bool:
    """One that is for another kind of installation, or while that is not known, is not."""
    try:
        return check.when is None or check.when.holds({"option": system.options})
    except ExpressionError:
        return False


def opening_of(schedule: Schedule, system: System, *, content: str, fired_at: datetime, now: datetime) -> Opening:
    """What a schedule opens at one of its times. Raises ExpressionError."""
    name = f"{system.system}/{schedule.name}"
    scope = {"option": system.options, "fired_at": fired_at, "now": now}
    return Opening(
        origin=Origin.SCHEDULE,
        opened_by=name,
        runbook=schedule.runbook,
        content=content,
        seed=f"{name}@{fired_at.isoformat()}",
        params={param: template.render(scope) for param, template in schedule.params.items()},
        channel=schedule.channel,
    )
