"""An execution as people in Slack meet it: it is stopped, and what nobody knows is settled in a form."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.core.errors import Unknown
from bot.core.ports import HttpCall
from bot.store.database import Database
from tests.contract.test_batches import BATCHES, ITEMS, SEND
from tests.contract.test_slack_app import ANA, CHI, asked
from tests.kit.slack_app import SlackBot, running_slack_bot
from tests.kit.trust import runbook
from tests.kit.waiting import eventually


@pytest.fixture
def bot(sqlite_database: Database) -> Iterator[SlackBot]:
    with running_slack_bot(sqlite_database) as running:
        running.office.runbook = runbook(do=[SEND], batches=BATCHES, probe=None)
        running.office.host.items = dict(ITEMS)
        running.open_incident()
        yield running


def test_the_card_says_how_far_it_is_and_stops_it(bot: SlackBot) -> None:
    asked(bot, ANA)
    assert bot.shows("POST /replay at api with")
    bot.workspace.control.click(CHI, bot.card(), "approve")
    assert bot.shows("Approved by <@U0CHI>")
    bot.office.work()
    assert bot.shows("1 of 5 done · checking what it did, before it goes on")

    bot.workspace.control.click(ANA, bot.card(), "stop")

    assert eventually(lambda: bot.office.audited("execution.stop_asked"))
    bot.office.pass_time(timedelta(seconds=5))
    assert bot.shows("Stopped by <@U0ANA>")
    assert bot.shows("1 of 5 calls done, the rest was not tried")
    assert len(bot.office.host.effects) == 1


def test_somebody_asks_in_a_form_that_it_goes_on_and_somebody_else_approves_that(bot: SlackBot) -> None:
    asked(bot, ANA)
    bot.workspace.control.click(CHI, bot.card(), "approve")
    assert bot.shows("Approved by <@U0CHI>")
    bot.office.work()
    assert bot.shows("1 of 5 done")
    bot.workspace.control.click(ANA, bot.card(), "stop")
    assert eventually(lambda: bot.office.audited("execution.stop_asked"))
    bot.office.pass_time(timedelta(seconds=5))
    assert bot.shows("1 of 5 calls done, the rest was not tried")

    bot.workspace.control.click(ANA, bot.card(), "resume")
    assert eventually(lambda: bot.workspace.control.modals(ANA))
    bot.workspace.control.submit(ANA, {"input:-reason": "its queue is empty again"})
    assert bot.shows("its queue is empty again")
    bot.workspace.control.click(CHI, bot.card(), "approve")
    assert eventually(lambda: bot.office.audited("resumption.approved"))
    bot.office.pass_time(timedelta(minutes=1))

    assert bot.shows("Went on")
    assert len(bot.office.host.effects) == 5


def test_somebody_else_than_the_requester_says_in_a_form_what_became_of_a_call(bot: SlackBot) -> None:
    def lose(call: HttpCall) -> Unknown | None:
        return Unknown("ledger", "timeout") if call.path == "/replay" else None

    asked(bot, ANA)
    bot.office.host.answers = lose
    bot.workspace.control.click(CHI, bot.card(), "approve")
    assert bot.shows("Approved by <@U0CHI>")
    bot.office.work()
    assert bot.shows("outcome unknown")

    bot.workspace.control.click(ANA, bot.card(), "no_effect")
    assert eventually(lambda: bot.workspace.control.modals(ANA))
    bot.workspace.control.submit(ANA, {"input:-reason": "I looked"})
    assert "somebody else must say what became of it" in json.dumps(bot.workspace.control.modal(ANA))

    bot.workspace.control.click(CHI, bot.card(), "no_effect")
    assert eventually(lambda: bot.workspace.control.modals(CHI))
    bot.workspace.control.submit(CHI, {"input:-reason": "its log has no such call"})

    assert bot.shows("did not take effect: its log has no such call")
    [settled] = bot.office.audited("execution.settled_by")
    assert settled.actor == CHI
