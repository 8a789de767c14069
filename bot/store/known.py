"""What the directory said of people and usergroups when it last answered, and when that was."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, Table, delete, select, update

from bot.core.ports import Person
from bot.store.database import insert_new
from bot.store.tables import known_groups, known_people


def person(conn: Connection, user_id: str) -> tuple[Person, datetime] | None:
    """Somebody, and when that was said; None when nothing was kept."""
    row = conn.execute(select(known_people).where(known_people.c.id == user_id)).first()
    if row is None:
        return None
    facts = {name: value for name, value in row._mapping.items() if name != "said_at"}  # noqa: SLF001 - a row's names
    return Person(**facts), row.said_at


def names(conn: Connection) -> dict[str, str]:
    """What people are called, by id."""
    return {row.id: row.name for row in conn.execute(select(known_people.c.id, known_people.c.name))}


def said(conn: Connection) -> dict[str, datetime]:
    """When each person's facts were told, by id."""
    return {row.id: row.said_at for row in conn.execute(select(known_people.c.id, known_people.c.said_at))}


def members(conn: Connection, usergroup_id: str) -> tuple[frozenset[str], datetime] | None:
    """The members of a usergroup, and when that was said; None when nothing was kept."""
    row = conn.execute(select(known_groups).where(known_groups.c.id == usergroup_id)).first()
    return (frozenset(row.members), row.said_at) if row else None


def keep_person(conn: Connection, told: Person, now: datetime) -> None:
    """Keeps what was said now in place of what was said before."""
    _keep(conn, known_people, {**asdict(told), "said_at": now})


def keep_members(conn: Connection, usergroup_id: str, told: frozenset[str], now: datetime) -> None:
    """Keeps what was said now in place of what was said before."""
    _keep(conn, known_groups, {"id": usergroup_id, "members": sorted(told), "said_at": now})


def forget(conn: Connection, id_: str) -> None:
    """Drops a person or a usergroup that the directory does not vouch for any more."""
    for table in (known_people, known_groups):
        conn.execute(delete(table).where(table.c.id == id_))


def _keep(conn: Connection, table: Table, values: dict[str, object]) -> None:
    if not insert_new(conn, table, values):
        older = table.c.said_at <= values["said_at"]
        conn.execute(update(table).where(table.c.id == values["id"], older).values(values))
