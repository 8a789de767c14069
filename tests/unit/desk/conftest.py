"""An office with one open incident, on SQLite."""

import pytest

from bot.store.database import Database
from tests.kit.trust import Office


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    made = Office(database=sqlite_database)
    made.open_incident()
    return made
