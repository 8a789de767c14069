"""From a storm's message to an incident's own thread, by a click in Slack."""

import pytest
from sqlalchemy import insert

from bot.engine.storm import Kind, Storm
from bot.store import storms
from bot.store.database import Database
from bot.store.tables import incident_alerts, incidents
from tests.kit.slack import CHANNEL, CHANNEL_ID
from tests.kit.slack_app import SlackBot, blocks_of, running_slack_bot
from tests.kit.trust import INCIDENT, INCIDENT_ROW
from tests.kit.waiting import eventually
from tests.kit.workspace import Json

ANA = "U0ANA"


def in_a_storm(bot: SlackBot) -> None:
    """One incident, for which a storm's message stands."""
    office = bot.office
    row = {**INCIDENT_ROW, "channel": CHANNEL, "severity": "warning", "labels": {"alertname": "Dead"}}
    alert = {
        "incident_id": INCIDENT,
        "fingerprint": "f1",
        "starts_at": row["started_at"],
        "status": "firing",
        "labels": row["labels"],
        "annotations": {},
        "generator_url": "",
        "seen_at": row["started_at"],
    }
    storm = Storm(id="storm-1", channel=CHANNEL, kind=Kind.STORM, began_at=office.at, last_at=office.at, ended_at=None)
    with office.database.begin() as conn:
        conn.execute(insert(incidents).values(**row))
        conn.execute(insert(incident_alerts).values(**alert))
        storms.begin(conn, storm)
        storms.join(conn, storm, [INCIDENT], office.at)
        office.means.show.incident(conn, INCIDENT, office.at)
        office.means.show.storm(conn, storm.id, office.at)
    office.work()


def roots(bot: SlackBot) -> list[Json]:
    bot.office.work()
    return [
        each
        for each in bot.workspace.control.messages(CHANNEL_ID)
        if each.get("bot_id") and not each.get("is_ephemeral")
    ]


@pytest.mark.parametrize("clicks", [1, 2])
def test_a_click_opens_the_thread_of_one_incident(sqlite_database: Database, clicks: int) -> None:
    with running_slack_bot(sqlite_database) as bot:
        in_a_storm(bot)
        (message,) = roots(bot)
        for _ in range(clicks):
            bot.workspace.control.click(ANA, message, "open_thread:0", value=f"{INCIDENT}:open_thread")
        assert eventually(lambda: len(roots(bot)) == 2)

        storm, root = roots(bot)
        assert "it has its own thread" in blocks_of(storm)
        assert "WARNING · " in blocks_of(root)
