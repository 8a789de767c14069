"""Closes incidents of ops events alone, once no other event has come for as long as their rule says."""

from collections.abc import Callable
from datetime import timedelta

from bot.core.egress import mask
from bot.desk.opening import close_incident
from bot.engine.catalog import Catalog
from bot.engine.incident import Episode, Incident
from bot.engine.ops_event import is_quiet
from bot.engine.origin import Origin
from bot.engine.system import EventPattern
from bot.jobs.means import Means
from bot.store import audit, incidents

_UNRULED = timedelta(hours=1)
_LOOK_EVERY = timedelta(seconds=30)


class Quiet:
    """Call it often, in every replica; the row is locked and looked at again before it is closed."""

    def __init__(self, means: Means, *, catalog: Callable[[], Catalog]) -> None:
        self._means = means
        self._catalog = catalog
        self._looked_at = means.now() - _LOOK_EVERY

    def __call__(self) -> None:
        """Close what is quiet."""
        now = self._means.now()
        if now - self._looked_at < _LOOK_EVERY:
            return
        self._looked_at = now
        with self._means.database.read() as conn:
            open_ones = incidents.open_of(conn, Origin.OPS_EVENTS)
        for each in open_ones:
            if is_quiet(each, quiet=self._quiet(each.incident), now=now):
                self._close(each.incident.id)

    def _close(self, incident_id: str) -> None:
        now = self._means.now()
        with self._means.database.begin() as conn:
            incident = incidents.locked(conn, incident_id)
            if incident is None:
                return
            episode = Episode(incident=incident, alerts=incidents.alerts_of(conn, incident_id))
            quiet = self._quiet(incident)
            if is_quiet(episode, quiet=quiet, now=now):
                why = mask(f"no other event came for {quiet}")
                close_incident(conn, episode, by=audit.OURSELVES, now=now, why=why)
                self._means.show.incident(conn, incident_id, now)

    def _quiet(self, incident: Incident) -> timedelta:
        system = self._catalog().systems.get(incident.system)
        rules = system.rules if system else ()
        return next((rule.quiet for rule in rules if EventPattern(rule.event).matches(incident.event)), _UNRULED)
