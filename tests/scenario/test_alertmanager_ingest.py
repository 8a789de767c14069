"""A real Alertmanager and the real bot: what one sends again, the other takes once."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import incidents
from tests.kit.loopback import loopback
from tests.kit.recording import DEAD, alertmanager, put
from tests.kit.serving import Bot, bot
from tests.kit.waiting import eventually

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus-alertmanager") is None, reason="install prometheus-alertmanager"
)


def answered(running: Bot, outcome: str) -> float:
    """How many webhooks the bot has answered so."""
    name = f'countersign_webhooks_total{{outcome="{outcome}"}} '
    lines = loopback.get(f"http://{running.address}/metrics", timeout=5).text.splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def states(database: Database) -> list[str]:
    with database.read() as conn:
        return list(conn.scalars(select(incidents.c.state)))


def test_an_alert_that_fires_while_the_database_is_away_arrives_when_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "countersign.db"
    url = f"sqlite:///{path}"
    with bot(url, tmp_path) as running, closing(Database(url)) as database:
        door = f"http://{running.address}/alertmanager"
        with alertmanager(bot=door, audit=door) as one, alertmanager(bot=door, audit=door) as other:
            began = datetime.now(UTC)
            with closing(sqlite3.connect(path, isolation_level=None)) as holder:
                holder.execute("BEGIN IMMEDIATE")
                put([one, other], DEAD, summary="Accrue gave up on webhooks", started=began)
                assert eventually(lambda: answered(running, "database") > 0)
                assert states(database) == []
                holder.execute("ROLLBACK")

            # One for each of the two receivers it has routes to, however often and by whomever it was sent.
            assert eventually(lambda: states(database) == ["firing", "firing"])
            put([one, other], DEAD, summary="Accrue gave up on webhooks", started=began, ended=datetime.now(UTC))
            assert eventually(lambda: states(database) == ["resolved", "resolved"])

        assert answered(running, "stored") >= 4
        assert answered(running, "unauthorized") == 0
