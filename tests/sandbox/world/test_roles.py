"""The database roles a bot is given see no private column and write nothing they should not."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from sandbox.world.accrue.columns import READABLE as ACCRUE
from sandbox.world.aivo.columns import READABLE as AIVO
from sandbox.world.stripemeter.columns import READABLE as STRIPEMETER
from tests.kit.world import RunningWorld


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    engine = create_engine(dsn)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("dsn", "column"),
    [
        ("ACCRUE_READ_DSN", "accrue_webhook_events.raw_body"),
        ("ACCRUE_READ_DSN", "accrue_webhook_events.data"),
        ("ACCRUE_READ_DSN", "accrue_customers.email"),
        ("ACCRUE_READ_DSN", "accrue_customers.name"),
        ("ACCRUE_READ_DSN", "accrue_invoices.hosted_url"),
        ("ACCRUE_READ_DSN", "accrue_payment_methods.fingerprint"),
        ("STRIPEMETER_READ_DSN", "events.meta"),
        ("STRIPEMETER_READ_DSN", "api_keys.hash"),
        ("STRIPEMETER_READ_DSN", "organisations.billing_email"),
        ("AIVO_READ_DSN", "billing_accounts.billing_email"),
        ("AIVO_READ_DSN", "billing_accounts.display_name"),
        ("AIVO_READ_DSN", "payment_events.payload"),
        ("AIVO_WRITE_DSN", "billing_accounts.billing_email"),
        ("AIVO_WRITE_DSN", "payment_events.payload"),
    ],
)
def test_private_columns_are_closed(calm: dict[str, str], dsn: str, column: str) -> None:
    table, name = column.split(".")

    with connected(calm[dsn]) as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text(f"select {name} from {table} limit 1"))


@pytest.mark.parametrize(
    ("dsn", "statement"),
    [
        ("ACCRUE_READ_DSN", "update accrue_webhook_events set status = 'received'"),
        ("ACCRUE_READ_DSN", "delete from oban_jobs"),
        ("STRIPEMETER_READ_DSN", "update counters set agg_sum = 0"),
        ("STRIPEMETER_READ_DSN", "delete from world.late_events"),
        ("AIVO_READ_DSN", "update dunning_events set completed = true"),
        ("AIVO_WRITE_DSN", "update subscriptions set plan_id = 'other'"),
        ("AIVO_READ_DSN", "update subscriptions set status = 'ACTIVE'"),
        ("AIVO_WRITE_DSN", "update dunning_events set scheduled_for = now()"),
        ("AIVO_WRITE_DSN", "delete from dunning_events"),
        ("AIVO_WRITE_DSN", "delete from world.dunning_changes"),
        ("AIVO_WRITE_DSN", "create table public.mine (id int)"),
    ],
)
def test_writes_are_refused(calm: dict[str, str], dsn: str, statement: str) -> None:
    with connected(calm[dsn]) as connection:
        connection.execute(text("set default_transaction_read_only = off"))
        connection.commit()  # even a session that lifts its own read-only default may not write

        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text(statement))


def test_a_read_session_is_read_only_by_default(calm: dict[str, str]) -> None:
    for name in ("ACCRUE_READ_DSN", "STRIPEMETER_READ_DSN", "AIVO_READ_DSN"):
        with connected(calm[name]) as connection:
            assert connection.execute(text("show transaction_read_only")).scalar_one() == "on"


@pytest.mark.parametrize(
    ("dsn", "columns"),
    [("ACCRUE_READ_DSN", ACCRUE), ("STRIPEMETER_READ_DSN", STRIPEMETER), ("AIVO_READ_DSN", AIVO)],
)
def test_every_column_that_is_granted_is_there(
    world: RunningWorld, env: dict[str, str], dsn: str, columns: dict[str, tuple[str, ...]]
) -> None:
    world.start("downgrade-wave", count=5)
    world.start("dead-letter-webhooks")

    with connected(env[dsn]) as connection:
        for table, names in columns.items():
            rows = connection.execute(text(f"select {', '.join(names)} from {table} limit 500")).all()
            # What errors and job arguments quote is the one place where the allowed columns hold an address.
            if table != "oban_jobs":
                assert "@example.com" not in repr(rows), table
