"""Where something breaks, and what the functions here share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection

from sandbox.world.accrue import rows
from sandbox.world.accrue.host import AccrueHost
from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.stripe.books import Books


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """Where something breaks: one transaction of the host's database, and all around it."""

    connection: Connection
    host: AccrueHost
    books: Books
    ids: Ids
    count: int

    @property
    def now(self) -> datetime:
        return self.host.now()

    def some(self, table: str, where: str) -> dict[str, object]:
        """Any row of a table, the same for a seed and a number of draws."""
        found = rows.one(self.connection, f"select count(*) as n from {table} where {where}")
        at = self.ids.random.randrange(int(str(found["n"])))
        return dict(rows.one(self.connection, f"select * from {table} where {where} order by id offset :at", at=at))


Leaves: TypeAlias = Callable[[Ground], Obj]
"""Makes the rows and answers the identifiers an ops event would carry."""
