"""Gathers many incidents at once into one message, and lets them go again when it is over."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.engine.incident import Incident, Outcome
from bot.engine.storm import WINDOW, Kind, Storm, stands_alone
from bot.store import messages, storms
from bot.store.database import Database
from bot.store.work import Clock, Show

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=5)
"""How often a storm's message follows its incidents: more often is a waste of Slack's patience."""

_HELD_UP = timedelta(minutes=1)  # a root that waits this long waits for Slack, not for its turn
_AT_ONCE = 20  # incidents that get their own message with one look
_REMEMBERED = timedelta(days=1)


class Storms:
    """More than `above` new incidents of one channel within a minute are a storm.

    Who folds holds the lock of folding, so no two begin one at once; a channel has one at a time besides, by its index.
    """

    def __init__(self, *, database: Database, show: Show, new_id: Callable[[], str], above: int, now: Clock) -> None:
        self._database = database
        self._show = show
        self._new_id = new_id
        self._above = above
        self._now = now

    def gather(self, conn: Connection, outcomes: Iterable[Outcome], now: datetime) -> None:
        """Before anything is shown: which of these incidents a storm stands for, and which it does not any more."""
        opened: dict[str, list[Incident]] = {}
        for outcome in outcomes:
            incident = outcome.after.incident
            if outcome.is_opened:
                opened.setdefault(incident.channel, []).append(incident)
            elif stands_alone(incident) or outcome.is_reopened:
                self._show.thread(conn, incident.id, now)
        for channel, new in sorted(opened.items()):
            storm = storms.running(conn, channel) or self._begun(conn, channel, now)
            if storm is not None:
                storms.join(conn, storm, [each.id for each in new if not stands_alone(each)], now)
                self._follow(conn, storm, now)

    def look(self) -> None:
        """Bring the messages of storms up to date, and end what is over; every replica does, and the row decides."""
        with self._database.read() as conn:
            found = storms.all_running(conn)
        for each in found:
            with self._database.begin() as conn:
                storm = storms.running(conn, each.channel)
                if storm is not None and storm.id == each.id:
                    self._look_at(conn, storm)
        self._let_go()

    def _let_go(self) -> None:
        """What still fires when its storm is over, a few at a time: Slack takes no more of them."""
        with self._database.read() as conn:
            left = storms.left_firing(conn, _AT_ONCE)
        for incident_id in left:
            with self._database.begin() as conn:
                self._show.thread(conn, incident_id, self._now())

    def catch_up(self, channel: str) -> bool:
        """Gather what waits because Slack could not be reached, if it is much; whether that was done."""
        now = self._now()
        with self._database.begin() as conn:
            storm = storms.running(conn, channel)
            waiting = storms.untold(conn, channel, opened_after=now - _REMEMBERED)
            if storm is None:
                late = storms.untold(conn, channel, before=now - _HELD_UP, opened_after=now - _REMEMBERED)
                if len(late) <= self._above:
                    return False
                storm = self._begin(conn, channel, Kind.CATCH_UP, now)
            storms.join(conn, storm, waiting, now)
            self._show.storm(conn, storm.id, now)
        return True

    def _begun(self, conn: Connection, channel: str, now: datetime) -> Storm | None:
        """A storm that begins now, with those of its incidents that nobody has been told of yet."""
        if storms.opened_since(conn, channel, now - WINDOW) <= self._above:
            return None
        storm = self._begin(conn, channel, Kind.STORM, now)
        storms.join(conn, storm, storms.untold(conn, channel, opened_after=now - WINDOW), now)
        return storm

    def _begin(self, conn: Connection, channel: str, kind: Kind, now: datetime) -> Storm:
        storm = Storm(id=self._new_id(), channel=channel, kind=kind, began_at=now, last_at=now, ended_at=None)
        storms.begin(conn, storm)
        log.info("storm.began", extra={"storm": storm.id, "channel": channel, "kind": kind})
        return storm

    def _follow(self, conn: Connection, storm: Storm, now: datetime) -> None:
        """Say it at once when it is new; after that the looks are often enough."""
        said = messages.by_subject(conn, f"storm:{storm.id}")
        if said is None or now - said.changed_at >= LOOK_EVERY:
            self._show.storm(conn, storm.id, now)

    def _look_at(self, conn: Connection, storm: Storm) -> None:
        now = self._now()
        said = messages.by_subject(conn, f"storm:{storm.id}")
        if storm.is_over(now, is_told=said is not None and said.slack_ts is not None):
            storms.end(conn, storm.id, now=now)
            log.info("storm.ended", extra={"storm": storm.id, "channel": storm.channel})
        self._show.storm(conn, storm.id, now)
