"""Switches as rows: one for each time one was engaged, open until it is released."""

from datetime import datetime

from sqlalchemy import Connection, Row, Select, case, func, or_, select, update

from bot.engine.switch import Kind, Reminder, Switch, stopping
from bot.store.database import insert_new
from bot.store.tables import switches


def engage(conn: Connection, switch: Switch) -> bool:
    """Writes an engagement down; False when this name is engaged in this scope already."""
    return insert_new(
        conn,
        switches,
        {
            "id": switch.id,
            "name": switch.name,
            "kind": switch.kind,
            "scope": switch.scope,
            "system": switch.system,
            "person": switch.person,
            "reason": switch.reason,
            "since": switch.since,
            "until": switch.until,
            "is_verified": switch.is_verified,
            "reminders": switch.reminders,
        },
    )


def verified(conn: Connection, *, scope: str) -> tuple[Switch, ...]:
    """Notes that the check of the execution that engaged these has held; returns them."""
    changed = update(switches).where(switches.c.scope == scope, switches.c.released_at.is_(None))
    rows = conn.execute(changed.values(is_verified=True).returning(switches))
    return tuple(map(_switch, rows))


def was_engaged(conn: Connection, *, scope: str) -> bool:
    """Whether this execution's effect on a switch was noted, even if it is released since."""
    return conn.execute(select(switches.c.id).where(switches.c.scope == scope)).first() is not None


def release(conn: Connection, switch_id: str, *, person: str, reason: str, now: datetime) -> bool:
    """Ends one engagement; False when it had ended."""
    changed = conn.execute(
        update(switches)
        .where(switches.c.id == switch_id, switches.c.released_at.is_(None))
        .values(released_at=now, released_by=person, release_reason=reason)
    )
    return changed.rowcount == 1


def remind(conn: Connection, switch_id: str, reminder: Reminder) -> bool:
    """Notes that a reminder is being said; False when it was, or a later one, or the switch was released."""
    changed = conn.execute(
        update(switches)
        .where(switches.c.id == switch_id, switches.c.released_at.is_(None), switches.c.reminders < reminder)
        .values(reminders=reminder)
    )
    return changed.rowcount == 1


def get(conn: Connection, switch_id: str) -> Switch | None:
    """One engagement; None when there is none of this id."""
    row = conn.execute(select(switches).where(switches.c.id == switch_id)).first()
    return _switch(row) if row else None


def engaged(conn: Connection) -> tuple[Switch, ...]:
    """Everything that is engaged now, oldest first."""
    return _all(conn, select(switches).where(switches.c.released_at.is_(None)))


def named(conn: Connection, name: str) -> tuple[Switch, ...]:
    """What is engaged under this name, oldest first."""
    return _all(conn, select(switches).where(switches.c.released_at.is_(None), switches.c.name == name))


def of_system(conn: Connection, system: str) -> tuple[Switch, ...]:
    """What is engaged and is about this system, or about all of them."""
    about = or_(switches.c.system == system, switches.c.system.is_(None))
    return _all(conn, select(switches).where(switches.c.released_at.is_(None), about))


def known(conn: Connection) -> dict[tuple[str, str], bool]:
    """Every switch that was ever engaged, by name and kind, and whether it is now."""
    is_open = case((switches.c.released_at.is_(None), 1), else_=0)
    query = select(switches.c.name, switches.c.kind, func.max(is_open)).group_by(switches.c.name, switches.c.kind)
    return {(name, kind): bool(engaged) for name, kind, engaged in conn.execute(query)}


def stopping_switch(conn: Connection, *, system: str, runbook: str, action: str) -> Switch | None:
    """The bot switch that stops this action, the widest one; None when none does.

    Asked in the transaction right before an effect, and after the audit's lock, which whoever engages one takes too:
    so once that has committed, no effect starts any more. What cannot be read raises, and the effect does not start.
    """
    names = stopping(system=system, runbook=runbook, action=action)
    query = select(switches).where(
        switches.c.released_at.is_(None), switches.c.kind == Kind.BOT, switches.c.name.in_(names)
    )
    return min(_all(conn, query), key=lambda each: names.index(each.name), default=None)


def _all(conn: Connection, query: Select[tuple[object, ...]]) -> tuple[Switch, ...]:
    return tuple(map(_switch, conn.execute(query.order_by(switches.c.since, switches.c.id))))


def _switch(row: Row[tuple[object, ...]]) -> Switch:
    kept = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Switch(**kept | {"kind": Kind(row.kind)})
