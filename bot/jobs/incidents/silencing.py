"""Brings Alertmanager to what a silence's row says."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.egress import mask
from bot.core.errors import Refused, Unavailable, Unknown
from bot.core.ports import Json, Silenced, Silencer
from bot.engine.silence import Silence, State, comment, created_by, mark
from bot.store import audit, orders, silences
from bot.store.database import Database
from bot.store.work import Clock, Enqueue, Job, Show

log = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds one call to Alertmanager may take."""

_PAUSE = timedelta(seconds=10)  # between two tries
_AFTER_ITS_END = timedelta(seconds=2)
_TOO_LATE = "Alertmanager could not be reached before it would have ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notes:
    """Writes down what became of a silence, in the audit and on the root message."""

    database: Database
    enqueue: Enqueue
    show: Show
    now: Clock

    def change(
        self, before: Silence, after: Silence, *, kind: str | None, actor: str | None = None, then: Job | None = None
    ) -> bool:
        """False when somebody else has changed it since; `then` is the job that comes after."""
        now = self.now()
        data: dict[str, Json] = {"silence": after.id, "number": after.number, "until": after.ends_at.isoformat()}
        if after.error:
            data["error"] = after.error
        with self.database.begin() as conn:
            if not silences.change(conn, before, after):
                return False
            if then is not None:
                self.enqueue(conn, then)
            if kind is not None:
                who = actor or audit.OURSELVES
                audit.append(conn, kind=kind, actor=who, now=now, incident_id=after.incident_id, data=data)
            if before != after:
                self.show.incident(conn, after.incident_id, now)
        return True

    def settle(self, held: Silence, found: Sequence[Silenced]) -> None:
        """Take what Alertmanager has of it for how it stands: over, or active until then."""
        active = next((each for each in found if not each.is_over), None)
        if active is None:
            self.change(held, replace(held, state=State.OVER, error=None), kind="silence.over")
        elif held.state is not State.ACTIVE or active.ends_at != held.ends_at:
            after = replace(held, state=State.ACTIVE, number=active.number, ends_at=active.ends_at, error=None)
            what = f"end-{int(after.ends_at.timestamp())}"
            job = orders.silence(held.id, held.incident_id, what, after=after.ends_at - self.now() + _AFTER_ITS_END)
            self.change(held, after, kind="silence.active", then=job)


class Silencing:
    """Calls with a silence's id. Its row was written first; the call is repeated until what it wants is known to be so.

    A silence carries a mark of its own in its comment and is looked for by that before it is made, so that a call
    which was sent and lost its answer makes no second one.
    """

    def __init__(self, notes: Notes, *, alertmanager: Silencer | None) -> None:
        self._notes = notes
        self._alertmanager = alertmanager

    def __call__(self, silence_id: str) -> None:
        """Make it, lift it, or see whether it has ended; what cannot be done now is tried again later."""
        with self._notes.database.read() as conn:
            held = silences.get(conn, silence_id)
        if held is None or self._alertmanager is None:
            return
        try:
            match held.state:
                case State.WANTED:
                    self._make(held, self._alertmanager)
                case State.LIFTING:
                    self._lift(held, self._alertmanager)
                case State.ACTIVE:
                    self._notes.settle(held, self._found(held, self._alertmanager))
                case State.OVER | State.FAILED:
                    pass
        except Refused as error:
            self._notes.change(held, replace(held, state=State.FAILED, error=mask(error.why)), kind="silence.failed")
        except (Unavailable, Unknown) as error:
            self._try_later(held, mask(error.why))

    def _make(self, held: Silence, alertmanager: Silencer) -> None:
        found = self._found(held, alertmanager)
        now = self._notes.now()
        if not found and held.ends_at <= now:
            self._notes.change(held, replace(held, state=State.FAILED, error=_TOO_LATE), kind="silence.failed")
            return
        if not found:
            alertmanager.silence(
                held.matchers,
                since=now,
                until=held.ends_at,
                created_by=created_by(held),
                comment=comment(held),
                timeout=TIMEOUT,
            )
            found = self._found(held, alertmanager)
        self._notes.settle(held, found)

    def _lift(self, held: Silence, alertmanager: Silencer) -> None:
        for each in self._found(held, alertmanager):
            if not each.is_over:
                alertmanager.end_silence(each.number, timeout=TIMEOUT)
        self._notes.change(held, replace(held, state=State.OVER, error=None), kind="silence.over", actor=held.ended_by)

    def _found(self, held: Silence, alertmanager: Silencer) -> list[Silenced]:
        """What Alertmanager has of it, what is active first; of two that a lost answer made, one is ended here."""
        mine = f"[{mark(held.id, held.incident_id)}]"
        found = [each for each in alertmanager.silences(timeout=TIMEOUT) if mine in each.comment]
        active = sorted((each for each in found if not each.is_over), key=lambda each: each.number)
        for extra in active[1:]:
            log.warning("silence.made_twice", extra={"silence": held.id, "number": extra.number})
            alertmanager.end_silence(extra.number, timeout=TIMEOUT)
        return [*active[:1], *(each for each in found if each.is_over)]

    def _try_later(self, held: Silence, why: str) -> None:
        log.warning("silence.not_yet", extra={"silence": held.id, "state": held.state, "error": why})
        now = self._notes.now()
        job = orders.silence(held.id, held.incident_id, f"again-{int((now + _PAUSE).timestamp() * 1000)}", after=_PAUSE)
        self._notes.change(held, replace(held, error=why), kind=None, then=job)
