"""Proving who somebody is by a one-time code: taken once, counted when wrong, audited either way, kept nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.ports import Json
from bot.desk.answer import Cause, Declined, Done
from bot.desk.desk import Desk
from bot.engine.one_time import Codes
from bot.store import audit, enrolments
from bot.store.enrolments import Enrolment

_NO_KEY = "One-time codes are not set up here: COUNTERSIGN_TOTP_KEY is not set."


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """What a code is given for: where it was typed, which request it is about, and what else belongs on record."""

    door: str  # bot.desk.outside.Door
    incident_id: str | None = None
    request_id: str | None = None
    more: Mapping[str, Json] | None = None


def prove(desk: Desk, *, person: str, code: str, errand: Errand) -> Declined | None:
    """Take somebody's code; None when it was theirs, right, and used by nobody before.

    It is used up whatever becomes of the errand. Tries of one person are made one by one, so that none goes uncounted.
    """
    if desk.codes is None:
        return Declined(why=Cause.NOT_ENROLLED, say=_NO_KEY)
    with desk.database.begin() as conn:
        enrolment = enrolments.locked(conn, person)
        no = _tried(desk.codes, desk, conn, enrolment, code)
        data: dict[str, Json] = {"door": errand.door, **(errand.more or {})}
        if no is not None:
            data["why"] = no.why
        audit.append(
            conn,
            kind="person.not_proved" if no else "person.proved",
            actor=person[:64],
            now=desk.now(),
            incident_id=errand.incident_id,
            request_id=errand.request_id,
            data=data,
        )
    return no


def _tried(codes: Codes, desk: Desk, conn: Connection, enrolment: Enrolment | None, code: str) -> Declined | None:
    now = desk.now()
    if enrolment is None or enrolment.revoked_at is not None:
        say = "You have no authenticator app here; whoever runs the bot enrols you with: countersign people enroll."
        return Declined(why=Cause.NOT_ENROLLED, say=say)
    if enrolment.is_locked(now):
        assert enrolment.locked_until is not None
        until = f"{enrolment.locked_until:%H:%M} UTC"
        return Declined(why=Cause.LOCKED, say=f"Too many wrong codes: no code of yours is taken until {until}.")
    steps = codes.steps(enrolment.person, enrolment.number, code, now)
    if not steps:
        enrolments.fail(conn, enrolment, now)
        return Declined(why=Cause.WRONG_CODE, say="That code is not right. Type the one that your app shows now.")
    if not enrolments.use(conn, enrolment, step=steps[-1], now=now):
        return Declined(why=Cause.CODE_USED, say="That code has been used. Wait for your app to show the next one.")
    return None


def enrol(desk: Desk, *, person: str, by: str) -> tuple[Done, str] | Declined:
    """Enrol somebody, or anew; with it the URI for their app, which nobody can ask for again."""
    if desk.codes is None:
        return Declined(why=Cause.NOT_ENROLLED, say=_NO_KEY)
    now = desk.now()
    with desk.database.begin() as conn:
        number = enrolments.enrol(conn, person, now)
        data: dict[str, Json] = {"person": person, "number": number, "by": by[:64]}
        audit.append(conn, kind="person.enrolled", actor=audit.OURSELVES, now=now, data=data)
    return Done(id=person), desk.codes.uri(person, number)


def revoke(desk: Desk, *, person: str, by: str) -> Done | Declined:
    """End somebody's enrolment: no code of theirs is taken any more."""
    now = desk.now()
    with desk.database.begin() as conn:
        if not enrolments.revoke(conn, person, now):
            return Declined(why=Cause.NOT_ENROLLED, say=f"{person} is not enrolled.")
        data: dict[str, Json] = {"person": person, "by": by[:64]}
        audit.append(conn, kind="person.revoked", actor=audit.OURSELVES, now=now, data=data)
    return Done(id=person)
