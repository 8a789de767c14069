"""What people do in Alertmanager itself: another silence that covers an incident, one of ours ended or prolonged."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.errors import CountersignError
from bot.core.matching import Matcher
from bot.core.ports import Silenced, Silencer
from bot.engine.alerts import firing
from bot.engine.silence import Silence, State, is_of
from bot.jobs.incidents.silencing import TIMEOUT, Notes
from bot.store import audit, incidents, silences

log = logging.getLogger(__name__)

_LONGEST_NAME = 64  # as long as its column
_LONGEST_REASON = 500


class SilencesSeen:
    """Looks from time to time, in every replica; rows decide, so that two who see the same note it once."""

    def __init__(self, notes: Notes, *, alertmanager: Silencer | None, new_id: Callable[[], str]) -> None:
        self._notes = notes
        self._alertmanager = alertmanager
        self._new_id = new_id

    def __call__(self) -> None:
        """Nothing is asked while no incident is open and nothing silent."""
        if self._alertmanager is None:
            return
        with self._notes.database.read() as conn:
            live = [each for each in silences.all_live(conn) if each.state is State.ACTIVE]
            fire = _fire(conn)
        if not live and not fire:
            return
        try:
            told = self._alertmanager.silences(timeout=TIMEOUT)
        except CountersignError as error:
            log.warning("silences.not_seen", extra={"error": str(error)})
            return
        for held in live:
            found = [each for each in told if each.number == held.number]
            if not held.is_ours and not any(_covers(each, fire.get(held.incident_id, ())) for each in found):
                found = []  # it does not cover the incident any more, or there is nothing to cover
            self._notes.settle(held, found)
        for incident_id, labels in fire.items():
            for each in told:
                if _covers(each, labels) and not is_of(each.comment, incident_id):
                    self._adopt(incident_id, each)

    def _adopt(self, incident_id: str, found: Silenced) -> None:
        now = self._notes.now()
        seen = _seen(self._new_id(), incident_id, found, now)
        with self._notes.database.begin() as conn:
            if silences.add(conn, seen) or silences.seen_again(conn, seen):
                data = {"silence": seen.id, "number": seen.number, "by": seen.name, "until": seen.ends_at.isoformat()}
                audit.append(
                    conn, kind="silence.seen", actor=audit.OURSELVES, now=now, incident_id=incident_id, data=data
                )
                self._notes.show.incident(conn, incident_id, now)


def _seen(silence_id: str, incident_id: str, found: Silenced, now: datetime) -> Silence:
    name = mask(found.created_by)[:_LONGEST_NAME] or "somebody"
    return Silence(
        id=silence_id,
        incident_id=incident_id,
        state=State.ACTIVE,
        matchers={},
        person=name,
        name=name,
        reason=mask(" ".join(found.comment.split()))[:_LONGEST_REASON],
        asked_at=now,
        ends_at=found.ends_at,
        number=found.number,
        is_ours=False,
        error=None,
        ended_by=None,
    )


def _fire(conn: Connection) -> dict[str, list[Mapping[str, str]]]:
    """By open incident, the labels of each alert that fires."""
    return {
        incident_id: [alerts[identity].labels for identity in sorted(firing(alerts))]
        for incident_id, alerts in incidents.alerts_of_open(conn).items()
    }


def _covers(silence: Silenced, labels: Sequence[Mapping[str, str]]) -> bool:
    """Whether it silences every one of these; what is in no grammar that is understood here covers nothing."""
    if silence.is_over or not labels:
        return False
    try:
        wanted = [Matcher(source) for source in silence.matchers]
    except ValueError:
        return False
    return all(each.matches(own) for own in labels for each in wanted)
