"""Who has an authenticator app, and which of its codes were used: a code is taken once, by compare-and-set."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, or_, select, update

from bot.store.database import insert_new
from bot.store.tables import enrolments

TRIES = 5
"""Wrong codes in a row, after which each further one locks the person out."""

LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolment:
    """One person's app. `number` counts how often they were enrolled; `last_step` is the newest that was used."""

    person: str
    number: int
    enrolled_at: datetime
    last_step: int
    failures: int
    locked_until: datetime | None
    revoked_at: datetime | None

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until


def enrol(conn: Connection, person: str, now: datetime) -> int:
    """Enrols somebody, or anew: what they had is void. Returns the number of the enrolment."""
    first = {"person": person, "number": 1, "enrolled_at": now, "last_step": 0, "failures": 0}
    if insert_new(conn, enrolments, first):
        return 1
    conn.execute(
        update(enrolments)
        .where(enrolments.c.person == person)
        .values(
            number=enrolments.c.number + 1,
            enrolled_at=now,
            last_step=0,
            failures=0,
            locked_until=None,
            revoked_at=None,
        )
    )
    return int(conn.execute(select(enrolments.c.number).where(enrolments.c.person == person)).scalar_one())


def revoke(conn: Connection, person: str, now: datetime) -> bool:
    """Ends an enrolment; False when there is none. The row stays, for its number must not be used again."""
    changed = conn.execute(
        update(enrolments)
        .where(enrolments.c.person == person, enrolments.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return changed.rowcount == 1


def locked(conn: Connection, person: str) -> Enrolment | None:
    """Somebody's enrolment, which nobody else may use until this transaction ends: tries are made one by one."""
    row = conn.execute(select(enrolments).where(enrolments.c.person == person).with_for_update()).first()
    return _enrolment(row) if row else None


def everyone(conn: Connection) -> tuple[Enrolment, ...]:
    """All who were ever enrolled, by person."""
    return tuple(map(_enrolment, conn.execute(select(enrolments).order_by(enrolments.c.person))))


def use(conn: Connection, enrolment: Enrolment, *, step: int, now: datetime) -> bool:
    """Takes the code of a time step; False when it, or a newer one, was taken before, or they are locked out."""
    changed = conn.execute(
        update(enrolments)
        .where(
            enrolments.c.person == enrolment.person,
            enrolments.c.number == enrolment.number,
            enrolments.c.revoked_at.is_(None),
            enrolments.c.last_step < step,
            or_(enrolments.c.locked_until.is_(None), enrolments.c.locked_until <= now),
        )
        .values(last_step=step, failures=0, locked_until=None)
    )
    return changed.rowcount == 1


def fail(conn: Connection, enrolment: Enrolment, now: datetime) -> None:
    """Counts a wrong code; from the fifth in a row on each locks them out for a quarter of an hour."""
    failures = enrolment.failures + 1
    until = now + LOCKED_FOR if failures >= TRIES else None
    conn.execute(
        update(enrolments).where(enrolments.c.person == enrolment.person).values(failures=failures, locked_until=until)
    )


def _enrolment(row: Row[tuple[object, ...]]) -> Enrolment:
    return Enrolment(**row._mapping)  # noqa: SLF001 - the documented way to a row's names
