"""What evidence leaves out of its message for want of room comes whole as a file in the thread."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.core.evidence import Answer, Column, Evidence, Shown, Table
from bot.engine.conclude import Conclusions
from bot.store import diagnoses, incidents
from bot.store.database import Database
from bot.store.diagnoses import Asked
from tests.kit.loopback import loopback
from tests.kit.slack_app import SlackBot, blocks_of, running_slack_bot
from tests.kit.trust import INCIDENT, REVISION


@pytest.fixture
def bot(sqlite_database: Database) -> Iterator[SlackBot]:
    with running_slack_bot(sqlite_database) as running:
        yield running


def answer(rows: int, columns: int = 3) -> Answer:
    made = [Column(name=f"column_{at}", shown=Shown.TEXT) for at in range(columns)]
    return Answer(
        table=Table(
            columns=tuple(made),
            rows=tuple((f"row {row} of jane.doe@example.com", *["x"] * (columns - 1)) for row in range(rows)),
        )
    )


def found(bot: SlackBot, **evidence: Evidence) -> None:
    """A second diagnosis brings this."""
    office = bot.office

    def finish(conn: Connection) -> None:
        incidents.order_diagnosis(conn, office.enqueue, INCIDENT, content=REVISION, now=office.at)
        asked: Mapping[str, Asked] = {
            name: Asked(evidence=each, asked_at=office.at, took=100) for name, each in evidence.items()
        }
        diagnoses.finish(
            conn,
            incident_id=INCIDENT,
            number=2,
            finished_at=office.at,
            asked=asked,
            conclusions=Conclusions(),
            error=None,
        )
        office.means.show.diagnosis(conn, INCIDENT, 2, office.at)

    bot.open_incident()
    with office.database.begin() as conn:
        finish(conn)
    office.work()


def files(bot: SlackBot) -> list[Mapping[str, Any]]:
    return [file for reply in bot.replies() for file in reply.get("files", [])]


def test_a_long_answer_is_shortened_and_comes_whole_as_a_file(bot: SlackBot) -> None:
    found(bot, long=answer(300), short=answer(2))

    (file,) = files(bot)
    told = "\n".join(map(blocks_of, bot.replies()))
    token = {"Authorization": f"Bearer {bot.workspace.config.bot_token}"}
    lines = loopback.get(file["url_private"], headers=token).raise_for_status().text.splitlines()
    assert "of 300 rows._ _A file in this thread has all that was read._" in told
    assert (file["title"], file["name"].rpartition(".")[2]) == ("long", "csv")
    assert (len(lines), lines[0], lines[-1]) == (
        301,
        "\ufeffcolumn_0,column_1,column_2",
        "row 299 of [e-mail],x,x",
    )


def test_what_is_shown_whole_brings_no_file(bot: SlackBot) -> None:
    found(bot, short=answer(3), single=answer(1))

    assert files(bot) == []


def test_no_more_than_five_files_come_of_one_diagnosis(bot: SlackBot) -> None:
    found(bot, **{f"q{number}": answer(200, 12) for number in range(8)})

    told = "\n".join(map(blocks_of, bot.replies()))
    assert len(files(bot)) == 5
    assert told.count("A file in this thread has all that was read.") == 5
