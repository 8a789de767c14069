"""The documented roles: the bot works with its own, and cannot tamper with the audit by any means that role has."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, select, text

from bot.core.errors import SettingsError
from bot.jobs.retention import Retention
from bot.store import audit
from bot.store.database import Database
from bot.store.tables import incidents
from tests.kit.databases import PostgreSQL
from tests.kit.moments import NOON
from tests.kit.story import tell

ROLES = Path("docs/postgresql-roles.sql")
OWNER, BOT = "countersign_owner", "countersign"
FORGED = "INSERT INTO audit SELECT 99, at, kind, actor, incident_id, request_id, data, previous, hash"


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def run(url: str, statements: str) -> None:
    """As psql does: several statements, each for itself, nothing in them read as a parameter."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(statements.encode())


@pytest.fixture(scope="module")
def url(postgresql: PostgreSQL) -> Iterator[str]:
    """A database set up as the page says, by a superuser; its roles are gone afterwards."""
    with postgresql.fresh(migrated=False) as address:
        run(address, ROLES.read_text())
        with closing(Database(as_role(address, OWNER))) as database:
            database.migrate()
        run(address, ROLES.read_text())
        yield address
        for role in (BOT, OWNER):
            run(address, f"DROP OWNED BY {role} CASCADE")
            run(address, f"DROP ROLE {role}")


@pytest.fixture(scope="module")
def bots(url: str) -> Iterator[Database]:
    """The database as the bot sees it, with a whole story in it that the bot's own role wrote."""
    with closing(Database(as_role(url, BOT))) as database:
        database.migrate()
        story, _ = tell(database)
        story.pass_time(timedelta(days=1))
        story.sweep()
        yield database


def test_the_bot_starts_and_does_all_its_work_as_its_own_role(bots: Database) -> None:
    with bots.read() as conn:
        (incident_id,) = conn.scalars(select(incidents.c.id))
        assert audit.verify(conn).is_intact
        assert {"execution.verified", "incident.resolved"} <= {entry.kind for entry in audit.export(conn, incident_id)}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'U0LIAR' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 1",
        "TRUNCATE audit",
        f"{FORGED} FROM audit LIMIT 1",
        "ALTER TABLE audit DISABLE TRIGGER audit_row",
        "DROP TRIGGER audit_row ON audit",
        "DROP TABLE audit",
        "ALTER TABLE audit RENAME TO audit_before",
        "ALTER TABLE audit OWNER TO countersign",
        "GRANT UPDATE ON audit TO countersign; UPDATE audit SET actor = 'U0LIAR'",
        "SET session_replication_role = replica",
        "SET ROLE countersign_owner",
        "CREATE TABLE audit_after (seq bigint)",
        "CREATE TEMPORARY TABLE audit (seq bigint)",
        "CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE RULE r AS ON INSERT TO audit DO INSTEAD NOTHING",
        "DELETE FROM votes",
        "DELETE FROM deeds",
        "DELETE FROM requests",
        "DELETE FROM resumptions",
        "DELETE FROM resumption_votes",
        "DELETE FROM reviews",
        "DELETE FROM diagnoses",
        "UPDATE alembic_version SET version_num = '0000'",
    ],
)
def test_the_bots_role_cannot_tamper(bots: Database, url: str, statement: str) -> None:
    with pytest.raises(psycopg.Error, match=r"permission denied|must be owner|next entry only"):
        run(as_role(url, BOT), statement)

    with bots.read() as conn:
        assert audit.verify(conn).is_intact


def test_the_bots_role_forgets_what_may_be_forgotten(bots: Database) -> None:
    long_after = NOON + timedelta(days=400)

    gone = Retention(database=bots, keep=timedelta(days=90), now=lambda: long_after)()

    assert gone >= 2  # a webhook, and the answers of a diagnosis
    with bots.read() as conn:
        assert audit.verify(conn).is_intact


def test_a_temporary_table_of_the_same_name_does_not_lead_the_trigger_astray(bots: Database, url: str) -> None:
    run(url, f'GRANT TEMPORARY ON DATABASE "{make_url(url).database}" TO {BOT}')  # more than the page gives
    misled = (
        f"CREATE TEMPORARY TABLE audit AS SELECT 98 AS seq; {FORGED.replace('audit', 'public.audit')} FROM public.audit"
    )

    with pytest.raises(psycopg.Error, match="next entry only"):
        run(as_role(url, BOT), misled)
    with bots.read() as conn:
        assert audit.verify(conn).is_intact


def test_a_table_of_a_later_version_is_usable_before_the_roles_are_looked_at_again(url: str, bots: Database) -> None:
    run(as_role(url, OWNER), "CREATE TABLE later (id bigserial PRIMARY KEY, word text)")

    with bots.begin() as conn:
        conn.execute(text("INSERT INTO later (word) VALUES ('x')"))
        conn.execute(text("DELETE FROM later"))


def test_an_old_schema_is_said_to_be_the_owners_to_upgrade(url: str, bots: Database) -> None:
    version = bots.version()
    run(as_role(url, OWNER), "DELETE FROM alembic_version")
    try:
        with pytest.raises(SettingsError, match="countersign db upgrade as the role that owns"):
            bots.migrate()
    finally:
        run(as_role(url, OWNER), f"INSERT INTO alembic_version VALUES ('{version}')")


def test_the_owner_itself_meets_the_triggers(url: str, bots: Database) -> None:
    with pytest.raises(psycopg.Error, match="append-only"):
        run(as_role(url, OWNER), "DELETE FROM audit")
