"""A subscription's status is set by hand, and put back, in Aivo's tables of each style."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from bot.adapters.files import load
from bot.adapters.resources import Connections
from bot.core.evidence import Answer
from bot.core.facts import rows_of
from bot.engine.catalog import Catalog
from bot.engine.runbook import Action
from bot.steps.step import Call
from tests.kit.databases import PostgreSQL, postgresql
from tests.kit.moments import NOON

__all__ = ["postgresql"]

ROOT = Path(__file__).parents[2]
ONE, OTHER = "7b3e0b5a-0d0e-4a43-9d5d-0c6b4a9f1e02", "7b3e0b5a-0d0e-4a43-9d5d-0c6b4a9f1e03"
TABLES = {
    # billing-svc's migrations: uuid, text with a check, times with a zone.
    "snake": """
        create table subscriptions (
          id uuid primary key, billing_account_id uuid, status text not null, provider_subscription_id text,
          current_period_end timestamptz)
    """,
    # billing-svc's Prisma schema: text ids, an enum of its own, quoted names, times without a zone.
    "camel": """
        create type "SubscriptionStatus" as enum ('IN_TRIAL', 'ACTIVE', 'PAST_DUE', 'CANCELED', 'EXPIRED');
        create table subscriptions (
          id text primary key, "billingAccountId" text, status "SubscriptionStatus" not null default 'IN_TRIAL',
          "providerSubscriptionId" text, "currentPeriodEnd" timestamp(3))
    """,
}
COLUMNS = {
    "snake": "id, status, provider_subscription_id, current_period_end",
    "camel": 'id, status, "providerSubscriptionId", "currentPeriodEnd"',
}
SUFFIX = {"snake": "", "camel": "-camel"}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load(rules=ROOT / "rules", runbooks=ROOT / "runbooks")


@pytest.fixture(params=["snake", "camel"])
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(postgresql: PostgreSQL, style: str) -> Iterator[str]:
    with postgresql.fresh(migrated=False) as fresh:
        engine = create_engine(fresh)
        with engine.begin() as conn:
            conn.execute(text(TABLES[style]))
            for row, status in ((ONE, "EXPIRED"), (OTHER, "PAST_DUE")):
                values = f"('{row}', '{status}', 'sub_1Lost0001', '2026-12-20 00:00:00')"
                conn.execute(text(f"insert into subscriptions ({COLUMNS[style]}) values {values}"))
        engine.dispose()
        yield fresh


def statuses(url: str) -> Mapping[str, str]:
    engine = create_engine(url)
    with engine.begin() as conn:
        rows = conn.execute(text("select cast(id as text), cast(status as text) from subscriptions"))
        found: dict[str, str] = {row[0]: row[1] for row in rows}
    engine.dispose()
    return found


def changed(action: Action, call: Call, ids: frozenset[str]) -> Answer:
    step = action.do[0].sql
    assert step is not None
    return step.run(call, expected=ids)


@pytest.mark.plays("aivo/subscription-out-of-sync", "set-active-camel", "set-back-camel")
def test_one_row_is_set_active_and_put_back_as_it_was(catalog: Catalog, style: str, url: str) -> None:
    runbook = catalog.runbooks["aivo/subscription-out-of-sync"]
    set_active, set_back = (runbook.action(f"{name}{SUFFIX[style]}") for name in ("set-active", "set-back"))
    assert set_active is not None
    assert set_back is not None
    environment = {"AIVO_READ_DSN": url, "AIVO_WRITE_DSN": url}
    with closing(Connections(environment, trust_readers=True)) as connections:
        resources = connections.of(catalog.systems["aivo"])

        def call(**scope: object) -> Call:
            return Call(resources=resources, scope=scope, timeout=10, now=NOON)

        assert set_active.targets.sql is not None
        found = set_active.targets.sql.run(call(inputs={"subscription": ONE}))
        before = changed(set_active, call(), frozenset({ONE}))
        during = statuses(url)
        asked = set_active.verify.ask[0].step.run(call(targets={"ids": [ONE]}))
        original = {"ids": [ONE], "rows": rows_of(before.table)}
        changed(set_back, call(original=original), frozenset({ONE}))

    assert [row["status"] for row in rows_of(found.table)] == ["EXPIRED"]
    assert [str(row["id"]) for row in rows_of(found.table)] == [ONE]
    assert during == {ONE: "ACTIVE", OTHER: "PAST_DUE"}
    assert [row["status"] for row in rows_of(asked.table)] == ["ACTIVE"]
    assert statuses(url) == {ONE: "EXPIRED", OTHER: "PAST_DUE"}
