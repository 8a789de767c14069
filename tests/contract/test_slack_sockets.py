"""Socket Mode against a workspace that speaks it: what people do arrives, and connections that died are replaced."""

from collections.abc import Iterator

import pytest

from bot.metrics.own import Metrics
from bot.store.database import Database
from tests.kit.slack import CHANNEL_ID
from tests.kit.slack_app import SlackBot, running_slack_bot
from tests.kit.waiting import eventually

ANA, CHI = "U0ANA", "U0CHI"


@pytest.fixture(scope="module")
def bot(sqlite_template: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlackBot]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('sockets')}/sockets.db")
    database.migrate()
    with running_slack_bot(database, socket_mode=True) as running:
        running.open_incident()
        assert eventually(lambda: greeted(running) == 2)
        yield running
    database.close()


def greeted(bot: SlackBot) -> int:
    assert bot.sockets is not None
    return bot.sockets.state().open


def replaced(bot: SlackBot) -> int:
    assert bot.sockets is not None
    return bot.sockets.state().replaced


def answers(bot: SlackBot) -> bool:
    return bool(bot.workspace.control.command(CHI, CHANNEL_ID, "/billing", "help")["ok"])


def test_commands_clicks_and_mentions_arrive_over_either_connection(bot: SlackBot) -> None:
    assert [answers(bot) for _ in range(4)] == [True] * 4
    bot.workspace.control.click(ANA, bot.root(), "acknowledge")
    assert bot.shows("acknowledged* by <@U0ANA>")
    bot.workspace.control.mention(ANA, CHANNEL_ID, "incident", thread_ts=bot.root()["ts"])
    assert eventually(lambda: any("CRITICAL" in text for text in bot.told(ANA)))

    assert {each["outcome"] for each in bot.workspace.control.deliveries()} == {"ok"}


def test_connections_that_are_hung_up_on_come_back(bot: SlackBot) -> None:
    bot.workspace.control.refresh_sockets()

    assert eventually(lambda: bot.workspace.control.connections() == 2 and greeted(bot) == 2)
    assert eventually(lambda: answers(bot))


def test_a_connection_over_which_nothing_is_ever_said_is_replaced(bot: SlackBot) -> None:
    before = replaced(bot)
    bot.workspace.control.mute_sockets(on=True)
    bot.workspace.control.refresh_sockets()
    assert eventually(lambda: replaced(bot) >= before + 2)
    assert greeted(bot) == 0

    bot.workspace.control.mute_sockets(on=False)

    assert eventually(lambda: greeted(bot) == 2)
    assert eventually(lambda: all(answers(bot) for _ in range(4)))


def test_how_the_connections_are_is_told_to_prometheus(bot: SlackBot) -> None:
    metrics = Metrics()
    assert bot.sockets is not None
    metrics.watch_sockets(bot.sockets.state)

    assert 'countersign_slack_sockets{state="open"} 2.0' in metrics.render().decode()
