"""When a cron comes next, by APScheduler's triggers: time zones, and the nights when clocks are set.

Where clocks go back, a trigger alone would return to the hour before; a time that means a certain hour comes once.
"""

from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

from bot.engine.scheduled import Check, Schedule, cron_of

_TICK = timedelta(microseconds=1)
_FORTH = timedelta(minutes=10)  # past a time that a trigger comes back to
_TRIES = 24
_SELDOM = timedelta(hours=6)
_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=400))


class Cron:
    """The times of checks and schedules. With `hurry`, every so often instead: for a demo or a test.

    What comes a few times a day at most keeps its times even so: such a check has the host do something.
    """

    def __init__(self, *, hurry: timedelta | None = None) -> None:
        self._hurry = hurry
        self._triggers: dict[tuple[str, str], CronTrigger] = {}
        self._seldom: dict[tuple[str, str], bool] = {}

    def next(self, timed: Check | Schedule, after: datetime) -> datetime | None:
        """The first time after this moment; None when there is none in sight."""
        if self._hurry is not None and isinstance(timed, Check) and not self._is_seldom(timed, after):
            every = self._hurry.total_seconds()
            return datetime.fromtimestamp((after.timestamp() // every + 1) * every, UTC)
        return self._on_its_cron(timed, after)

    def _on_its_cron(self, timed: Check | Schedule, after: datetime) -> datetime | None:
        trigger, is_certain = self._trigger(timed), cron_of(timed).names_an_hour
        since = after
        for _ in range(_TRIES):
            found = trigger.get_next_fire_time(None, since.astimezone(trigger.timezone) + _TICK)
            if found is None:
                return None
            moment: datetime = found.astimezone(UTC)
            if moment > after and not (found.fold and is_certain):
                return moment
            since = max(since, moment) + _FORTH
        return None

    def latest(self, timed: Check | Schedule, *, after: datetime, until: datetime) -> datetime | None:
        """The last time after one moment that is not after the other; None when there was none."""
        for back in _BACK:
            start = max(after, until - back)
            last = None
            moment = self.next(timed, start)
            while moment is not None and moment <= until:
                last, moment = moment, self.next(timed, moment)
            if last is not None or start == after:
                return last
        return None

    def _is_seldom(self, check: Check, now: datetime) -> bool:
        key = (check.cron, check.timezone)
        if key not in self._seldom:
            first = self._on_its_cron(check, now)
            second = self._on_its_cron(check, first) if first else None
            self._seldom[key] = first is None or second is None or second - first > _SELDOM
        return self._seldom[key]

    def _trigger(self, timed: Check | Schedule) -> CronTrigger:
        key = (timed.cron, timed.timezone)
        if key not in self._triggers:
            self._triggers[key] = CronTrigger(**cron_of(timed).fields, timezone=timed.timezone)
        return self._triggers[key]
