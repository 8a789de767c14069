"""How the alerts of a request's incident stand now: firing, silenced by somebody, or resolved."""

from bot.core.errors import CountersignError
from bot.engine.alerts import firing
from bot.engine.incident import State
from bot.engine.request import Request, Standing
from bot.engine.unproven import is_only_doubted
from bot.jobs.means import Means
from bot.store import incidents

_TIMEOUT = 3.0  # seconds for Alertmanager; somebody waits


def standing(means: Means, request: Request) -> Standing:
    """Resolved by our own rows; silenced if Alertmanager says so of every alert that fires and that it has."""
    with means.database.read() as conn:
        incident = incidents.get(conn, request.incident_id)
        alerts = incidents.alerts_of(conn, request.incident_id)
        fire = {identity for identity in firing(alerts) if alerts[identity].source.fires}
    if incident is not None and (incident.state is State.RESOLVED or is_only_doubted(alerts)):
        return Standing.RESOLVED
    fingerprints = frozenset(fingerprint for fingerprint, _ in fire)
    if means.silences is None or not fingerprints:
        return Standing.FIRING
    try:
        told = means.silences.silenced(fingerprints, timeout=_TIMEOUT)
    except CountersignError:
        return Standing.UNKNOWN
    if not told:
        return Standing.UNKNOWN
    return Standing.SILENCED if all(told.values()) else Standing.FIRING
