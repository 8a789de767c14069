"""countersign switch: the bot is stopped from the machine it runs on, Slack or no Slack."""

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.store import audit, contents, switches
from bot.store.database import Database
from tests.kit.moments import NOON
from tests.kit.samples import ALERTS, good


@pytest.fixture(autouse=True)
def _kept(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", database_url)
    files = {name: text for name, text in good().items() if name != ALERTS}
    with database.begin() as conn:
        contents.keep(conn, revision="r" * 64, files=files, now=NOON)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["switch", *arguments])


def test_the_bot_is_stopped_listed_and_let_go(database: Database) -> None:
    before = run("list")
    engaged = run("engage", "bot:shop", "--reason", "a deploy went wrong", "--for", "30m")
    during = run("list")
    released = run("release", "bot:shop", "--reason", "rolled back")
    after = run("list")

    assert [each.exit_code for each in (before, engaged, during, released, after)] == [0] * 5
    assert before.stdout == after.stdout == "The shop: no switch.\n"
    assert during.stdout.startswith("bot:shop: ENGAGED since ")
    assert ": a deploy went wrong; reminder " in during.stdout
    with database.read() as conn:
        assert switches.engaged(conn) == ()
        assert audit.verify(conn).entries == 2


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("engage", "bot:shpo", "--reason", "x"), "There is no switch bot:shpo"),
        (("engage", "bot", "--reason", "  "), "Say why"),
        (("engage", "bot", "--reason", "x", "--for", "ever"), "is not a duration"),
        (("engage", "bot", "--reason", "x", "--for", "99d"), "30 days"),
        (("release", "bot", "--reason", "x"), "bot is not engaged"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments: tuple[str, ...], why: str) -> None:
    told = run(*arguments)

    assert told.exit_code == 2
    assert why in told.stderr
