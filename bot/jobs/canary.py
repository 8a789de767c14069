"""The canary: an alert of our own that travels the whole way, and notes how far it came."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Connection

from bot.core.errors import CountersignError
from bot.core.ports import Json
from bot.engine.canary import Stage, round_id, webhook
from bot.slack.canary import subject
from bot.store import canary, incidents
from bot.store.canary import Round
from bot.store.database import Database
from bot.store.work import Clock

log = logging.getLogger(__name__)


class Door(Protocol):
    """The bot's own webhook endpoint, by HTTP. Raises CountersignError when it did not take the body."""

    def __call__(self, body: Mapping[str, Json]) -> None: ...


class Canary:
    """Looked after every second in every replica; the row of a round decides who sends its alert.

    `has_slack` is whether there is a Slack to deliver to: without one a round is complete when it was diagnosed.
    """

    def __init__(self, *, database: Database, door: Door, every: timedelta, has_slack: bool, now: Clock) -> None:
        self._database = database
        self._door = door
        self._every = every
        self._has_slack = has_slack
        self._now = now

    def __call__(self) -> None:
        """Begin the round that is due, and note how far the latest came."""
        now = self._now()
        with self._database.read() as conn:
            last = canary.latest(conn)
        due = round_id(now, self._every)
        if last is None or last.id != due:
            with self._database.begin() as conn:
                is_ours = canary.begin(conn, due, now)
            if is_ours:
                self._send(Round(id=due, started_at=now), before=last)
        elif last.delivered_at is None:
            with self._database.begin() as conn:
                self._note(conn, last)

    def _send(self, this: Round, *, before: Round | None) -> None:
        """The round before ends as this one begins, so that its day's incident does not stay open."""
        try:
            if before is not None:
                self._door(webhook(started_at=before.started_at, ended_at=this.started_at))
            self._door(webhook(started_at=this.started_at, ended_at=None))
        except CountersignError as error:
            log.warning("canary.not_sent", extra={"round": this.id, "error": str(error)})
            with self._database.begin() as conn:
                canary.failed(conn, this.id, str(error))
            return
        with self._database.begin() as conn:
            canary.reached(conn, this.id, Stage.SENT, self._now())

    def _note(self, conn: Connection, this: Round) -> None:
        now = self._now()
        incident_id = canary.folded(conn, this.started_at)
        if incident_id is None:
            return
        canary.reached(conn, this.id, Stage.FOLDED, now)
        diagnosed_at = canary.diagnosed(conn, incident_id, after=this.started_at)
        if diagnosed_at is None:
            return
        canary.reached(conn, this.id, Stage.DIAGNOSED, diagnosed_at)
        incident = incidents.get(conn, incident_id)
        if incident is None or not self._has_slack:
            return
        if canary.is_shown(conn, subject(incident.channel), after=this.started_at):
            canary.reached(conn, this.id, Stage.DELIVERED, now)
