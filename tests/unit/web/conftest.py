"""An office with one incident, and its API; one of them in the middle of an execution."""

import pytest

from bot.desk import stop
from bot.store.database import Database
from tests.kit.console import Client, authorized, desked
from tests.kit.trust import APPROVER, Office


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    return desked(sqlite_database)


@pytest.fixture
def api(office: Office) -> Client:
    return authorized(office)


@pytest.fixture
def halted(sqlite_database: Database) -> tuple[Office, str]:
    """An execution that was stopped after the first of its two calls."""
    each = {
        "each": True,
        "http": {"at": "api", "post": "/replay", "idempotency": "header", "json": {"ids": ["{{ target }}"]}},
    }
    office = desked(sqlite_database, do=[each], batches={"check": "health.status == 'healthy'"}, risk="low")
    request_id = office.ask()
    office.approve(request_id, APPROVER)
    stop(office.desk, person=APPROVER, request_id=request_id)
    office.work()
    return office, request_id
