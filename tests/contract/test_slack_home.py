"""The Home of the app: what it shows to whom, that its buttons work, and that it stays true."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.core.ports import Json as Document
from bot.slack.homes import Homes
from bot.store.database import Database
from tests.kit.slack import CHANNEL_ID
from tests.kit.slack_app import SlackBot, blocks_of, running_slack_bot
from tests.kit.trust import INCIDENT
from tests.kit.waiting import eventually
from tests.kit.workspace import Json

ANA, CHI, GUEST = "U0ANA", "U0CHI", "U0GUEST"


@pytest.fixture
def bot(sqlite_database: Database) -> Iterator[SlackBot]:
    with running_slack_bot(sqlite_database) as running:
        running.open_incident()
        yield running


def home(bot: SlackBot, person: str) -> Json:
    found = bot.workspace.control.home(person)
    return {"text": "", "blocks": [], "id": "", **(found or {})}


def shows(bot: SlackBot, person: str, words: str) -> bool:
    return eventually(lambda: words in blocks_of(home(bot, person)))


def asked(bot: SlackBot) -> None:
    control = bot.workspace.control
    control.click(ANA, bot.root(), "ask:replay", value=f"{INCIDENT}:replay")
    assert eventually(lambda: control.modals(ANA))
    control.submit(ANA)
    assert bot.shows("waiting for approval")


def test_each_sees_what_is_open_and_what_waits_for_them(bot: SlackBot) -> None:
    asked(bot)
    for person in (ANA, CHI, GUEST):
        bot.workspace.control.open_home(person)

    assert shows(bot, CHI, "*Replay* for Dead events · by <@U0ANA>")
    assert shows(bot, ANA, "Nothing waits for you. 1 request wait")
    assert shows(bot, CHI, "|Dead events>* · ledger")
    assert shows(bot, CHI, "No switch is engaged")
    assert shows(bot, GUEST, "Guests do not decide")
    assert "Dead events" not in blocks_of(home(bot, GUEST))


def test_the_buttons_work_and_the_home_shows_what_came_of_it(bot: SlackBot) -> None:
    asked(bot)
    control = bot.workspace.control
    control.open_home(CHI)
    assert shows(bot, CHI, "Touches 2 targets")
    old = home(bot, CHI)
    control.click_in_view(CHI, old["id"], "acknowledge")
    assert shows(bot, CHI, ":eyes: <@U0CHI>")
    control.click_in_view(CHI, old["id"], "approve")
    assert shows(bot, CHI, "Nothing waits for you")

    assert bot.shows("Approved by <@U0CHI>")
    bot.office.work()
    assert len(bot.office.host.effects) == 1


def test_what_is_declined_is_said_in_the_home(bot: SlackBot) -> None:
    control = bot.workspace.control
    control.open_home(CHI)
    assert shows(bot, CHI, "Dead events")
    control.click(ANA, bot.root(), "acknowledge")
    assert bot.shows("acknowledged* by <@U0ANA>")
    control.click_in_view(CHI, home(bot, CHI)["id"], "acknowledge")

    assert shows(bot, CHI, "<@U0ANA> has acknowledged it already")


def test_a_runbook_is_run_from_the_home(bot: SlackBot) -> None:
    control = bot.workspace.control
    control.open_home(CHI)
    assert shows(bot, CHI, "Run a runbook")
    control.click_in_view(CHI, home(bot, CHI)["id"], "run_form")

    assert eventually(lambda: "Choose a runbook" in json.dumps(control.modals(CHI)))
    control.click_in_view(CHI, control.modal(CHI)["id"], "runbook", value="ledger/dead")
    assert eventually(lambda: "This opens an incident" in json.dumps(control.modals(CHI)))
    control.submit(CHI, {})

    assert eventually(lambda: _opened(bot))


def _opened(bot: SlackBot) -> bool:
    bot.office.pass_time(timedelta(seconds=1))
    return any("RUN BY HAND" in blocks_of(each) for each in bot.workspace.control.messages(CHANNEL_ID))


@dataclass
class Board:
    """Where Homes are published."""

    published: list[tuple[str, Document]] = field(default_factory=list)

    def publish_home(self, user: str, *, view: dict[str, Document]) -> None:
        self.published.append((user, view))


def test_a_home_is_published_again_when_it_changed_and_only_while_it_was_opened_lately(bot: SlackBot) -> None:
    board = Board()
    homes = Homes(desk=bot.office.desk, slack=board)
    homes.opened(CHI)
    bot.office.pass_time(timedelta(seconds=10))
    homes.refresh_all()
    assert len(board.published) == 1

    bot.workspace.control.click(ANA, bot.root(), "acknowledge")
    assert bot.shows("acknowledged* by <@U0ANA>")
    bot.office.pass_time(timedelta(seconds=10))
    homes.refresh_all()
    homes.refresh_all()
    assert [user for user, _ in board.published] == [CHI, CHI]

    bot.office.pass_time(timedelta(hours=1))
    bot.workspace.control.click(ANA, bot.root(), "rerun")
    homes.refresh_all()
    assert len(board.published) == 2
