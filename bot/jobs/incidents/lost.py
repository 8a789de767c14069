"""Alerts whose end nobody told us: Alertmanager has them no longer, so they are resolved as its webhook would have."""

import json
import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from bot.core.event import Status
from bot.core.ports import Alerting, Json
from bot.engine.alerts import LATE, Told, firing
from bot.engine.incident import Episode
from bot.engine.origin import Origin
from bot.store import audit, deliveries, incidents
from bot.store.database import Database
from bot.store.deliveries import Delivery, Source
from bot.store.work import Clock

log = logging.getLogger(__name__)

_SETTLED = timedelta(minutes=10)  # after its start: until then Prometheus may not have told it again what fires
_WAITS = 5.0  # seconds


class Lost:
    """Called by the clock. A resolve is lost when Alertmanager gave up on it while nobody here could take it.

    It goes the way of a webhook: a delivery is stored, of the group that told of the alert last, and folded. So a
    second one, of another replica or of Alertmanager after all, changes nothing.
    """

    def __init__(self, *, database: Database, alertmanager: Alerting | None, now: Clock) -> None:
        self._database = database
        self._alertmanager = alertmanager
        self._now = now
        self._missing: dict[str, datetime] = {}  # since when it was not there, look after look

    def __call__(self) -> int:
        """Look once; returns how many incidents were told of an end."""
        if self._alertmanager is None:
            return 0
        with self._database.read() as conn:
            episodes = incidents.open_of(conn, Origin.ALERTMANAGER)
        wanted = frozenset(told.fingerprint for each in episodes for told in _fire(each))
        gone = self._gone(self._alertmanager, wanted)
        return sum(self._resolve(each, gone) for each in episodes) if gone else 0

    def _gone(self, alertmanager: Alerting, wanted: frozenset[str]) -> frozenset[str]:
        """Those that it has not had for so long that no straggler explains it."""
        now = self._now()
        if not wanted or now - alertmanager.since(timeout=_WAITS) < _SETTLED:
            self._missing = {}
            return frozenset()
        has = alertmanager.silenced(wanted, timeout=_WAITS)
        self._missing = {each: self._missing.get(each, now) for each in wanted - has.keys()}
        return frozenset(each for each, since in self._missing.items() if now - since > LATE)

    def _resolve(self, episode: Episode, gone: Collection[str]) -> bool:
        now = self._now()
        ended = [told for told in _fire(episode) if told.fingerprint in gone]
        if not ended:
            return False
        with self._database.begin() as conn:
            last = _last(conn, episode.incident.id)
            if last is None:
                return False
            body = {**last, "status": "resolved", "truncatedAlerts": 0, "reconciled": True}
            body["alerts"] = [_ended(each, now) for each in ended]
            sent = Delivery(source=Source.ALERTMANAGER, received_at=now, body=json.dumps(body).encode())
            deliveries.add(conn, [sent])
        log.info("alerts.ended_unheard", extra={"incident": episode.incident.id, "alerts": len(ended)})
        return True


def _fire(episode: Episode) -> list[Told]:
    """Its alerts that Alertmanager should have."""
    fire = firing(episode.alerts)
    return [told for identity, told in episode.alerts.items() if identity in fire and told.source.fires]


def _last(conn: Connection, incident_id: str) -> dict[str, Json] | None:
    """The webhook that told of this incident last, as it was received."""
    for entry in reversed(audit.export(conn, incident_id)):
        number = entry.content.get("delivery")
        if isinstance(number, int) and (kept := deliveries.kept(conn, number)) is not None:
            body = json.loads(kept.body)
            return body if isinstance(body, dict) else None
    return None


def _ended(told: Told, now: datetime) -> Json:
    return {
        "status": str(Status.RESOLVED),
        "labels": dict(told.labels),
        "annotations": dict(told.annotations),
        "startsAt": told.starts_at.astimezone(UTC).isoformat(),
        "endsAt": now.astimezone(UTC).isoformat(),
        "generatorURL": told.generator_url,
        "fingerprint": told.fingerprint,
    }
