"""The hosts' tables in a PostgreSQL that somebody names, where the one that comes as a wheel cannot be had."""

from pathlib import Path

from sqlalchemy import create_engine, text

from sandbox.world import WorldSettings, build_world
from tests.kit.databases import PostgreSQL, postgresql

__all__ = ["postgresql"]


def test_hosts_have_their_tables_in_a_server_that_is_named_and_touch_no_other_database(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    with postgresql.fresh(migrated=False) as url:
        world = build_world(WorldSettings(state_dir=tmp_path, postgres_url=url))
        try:
            world.start()
            dsn = world.dsns["ACCRUE_READ_DSN"]
            reader = create_engine(dsn)
            with reader.connect() as connection:
                dead = connection.execute(text("select count(*) from accrue_webhook_events")).scalar_one()
                where = connection.execute(text("select current_database()")).scalar_one()
            reader.dispose()
        finally:
            world.stop()

    assert dead > 10
    assert where == "sandbox_accrue"
    assert not (tmp_path / "postgres-folder").exists()
