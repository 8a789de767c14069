"""What people type, as the workspace brings it: after the slash command, and by the bot's name in a thread."""

from collections.abc import Iterator

import pytest

from bot.adapters.response_urls import ResponseUrls
from bot.core.errors import Refused
from bot.core.ports import Resources
from bot.engine.runbook import Param
from bot.engine.scheduled import Check as Scheduled
from bot.engine.system import System
from bot.store.database import Database
from tests.kit.fakes import FakeResources, FakeStripe
from tests.kit.slack import CHANNEL_ID
from tests.kit.slack_app import SlackBot, blocks_of, running_slack_bot
from tests.kit.trust import runbook
from tests.kit.waiting import eventually
from tests.kit.workspace import Json

ANA, CHI, EXTERNAL, GUEST = "U0ANA", "U0CHI", "U0EXT", "U0GUEST"
PARAMS = {
    "invoice": Param.model_validate({"from": "labels.invoice", "pattern": "in_[A-Za-z0-9]+"}),
    "tenant": Param.model_validate({"from": "labels.tenant"}),
}
INVOICE: Json = {
    "id": "in_1Abc",
    "status": "open",
    "amount_due": 1999,
    "currency": "eur",
    "customer_email": "a@b.example",
}


@pytest.fixture
def bot(sqlite_database: Database) -> Iterator[SlackBot]:
    with running_slack_bot(sqlite_database) as running:
        running.open_incident()
        yield running


def typed(bot: SlackBot, text: str, *, person: str = ANA) -> Json:
    """The first of what this person alone was shown after the slash command."""
    before = len(private(bot, person))
    answer = bot.workspace.control.command(person, CHANNEL_ID, "/billing", text)
    assert answer["ok"], answer
    assert eventually(lambda: len(private(bot, person)) > before)
    return private(bot, person)[before]


def private(bot: SlackBot, person: str) -> list[Json]:
    seen = bot.workspace.control.messages(CHANNEL_ID, user=person)
    everything = [each for root in seen for each in (root, *root["replies"])]
    return sorted((each for each in everything if each.get("is_ephemeral")), key=lambda each: str(each["ts"]))


def public(bot: SlackBot) -> list[Json]:
    seen = bot.workspace.control.messages(CHANNEL_ID)
    return [each for root in seen for each in (root, *root["replies"]) if not each.get("is_ephemeral")]


def answered(bot: SlackBot, text: str, *, person: str = ANA) -> str:
    """What follows when a question was asked for."""
    before = len(private(bot, person))
    typed(bot, text, person=person)
    assert eventually(lambda: len(private(bot, person)) >= before + 2)
    return "\n".join(blocks_of(each) for each in private(bot, person)[before:])


SAYS = {
    "": "What you can ask me",
    "statsu": "Did you mean `status`",
    "check health": "a message of its own",
    "check ledger/dead/heath": "Did you mean `ledger/dead/health`",
    "check": "Which question?",
    "check ledger/dead/health a=1": "I do not know a parameter of ledger/dead `a`. It has none.",
    "runbooks": "`ledger/dead` Dead events",
    "runbooks ledger": "checks `health` `backlog`",
    "runbooks leger": "Did you mean `ledger`",
    "stripe xx_12345": "I do not know a kind of Stripe id `xx_`",
    "stripe in_1Abc": "a message of its own",
    "incident": "Which incident?",
    "incident 99999999": "There is no incident `99999999`",
    "incident 11111111": "CRITICAL · Ledger · Dead events",
    "status": "`11111111`",
    "run": "Which runbook?",
    "run ledger/deed": "Did you mean `ledger/dead`",
    "silence 1111": "For how long?",
    "silence 1111 2h": "Silencing *Dead events*",
    "unsilence 1111": "of *Dead events*",
    "close 1111": "Its alert says when it is over",
    "switch engage": "/billing switch engage bot [for 2h] why",
}


def test_every_word_has_its_answer(bot: SlackBot) -> None:
    for text in SAYS:
        typed(bot, text)

    told = [blocks_of(each) for each in private(bot, ANA)]
    assert [text for text, says in SAYS.items() if not any(says in each for each in told)] == []


def test_guests_and_people_of_other_workspaces_are_told_nothing_but_how(bot: SlackBot) -> None:
    told = [blocks_of(typed(bot, text, person=who)) for who in (GUEST, EXTERNAL) for text in ("status", "check health")]

    assert not any("Dead events" in each or "of its own" in each for each in told)
    assert "What you can ask me" in blocks_of(typed(bot, "help", person=EXTERNAL))


def test_one_question_is_asked_and_answered_to_the_one_who_asked(bot: SlackBot) -> None:
    assert "status: *healthy*" in answered(bot, "check ledger/dead/health")
    assert private(bot, CHI) == []


def test_a_scheduled_check_is_asked_out_of_turn(bot: SlackBot) -> None:
    check = {
        "id": "backlog-size",
        "title": "Size of the backlog",
        "cron": "0 6 * * *",
        "http": {"at": "api", "get": "/backlog", "show": {"value": {"path": "n", "as": "count"}}},
        "metric": "countersign_check_backlog",
    }
    bot.office.system = bot.office.system.model_copy(update={"checks": (Scheduled.model_validate(check),)})

    assert "*Size of the backlog*: *2*" in answered(bot, "check ledger/backlog-size")
    assert "Did you mean `ledger/backlog-size`" in blocks_of(typed(bot, "check ledger/backlog-sise"))


def test_an_answer_is_shared_once_and_without_its_buttons(bot: SlackBot) -> None:
    answer = typed(bot, "incident 1111")
    bot.workspace.control.click(ANA, answer, "share")
    assert eventually(lambda: len(public(bot)) == 3)
    assert eventually(lambda: "share" not in str(private(bot, ANA)[-1]["blocks"]))

    shared = public(bot)[-1]
    assert "<@U0ANA> asked `/billing incident 1111`" in blocks_of(shared)
    assert "actions" not in [block["type"] for block in shared["blocks"]]


def test_the_buttons_of_an_answer_work(bot: SlackBot) -> None:
    answer = typed(bot, "incident 1111", person=CHI)
    bot.workspace.control.click(CHI, answer, "acknowledge")

    assert bot.shows("acknowledged* by <@U0CHI>")


def test_in_a_thread_the_bot_is_asked_by_name_and_the_incident_is_implied(bot: SlackBot) -> None:
    control = bot.workspace.control
    control.mention(ANA, CHANNEL_ID, "incident", thread_ts=bot.root()["ts"])
    assert eventually(lambda: private(bot, ANA))
    control.mention(ANA, CHANNEL_ID, "check backlog", thread_ts=bot.root()["ts"])
    assert eventually(lambda: len(private(bot, ANA)) == 3)

    first = private(bot, ANA)[0]
    last = next(each for each in private(bot, ANA) if "backlog" in blocks_of(each))
    assert first["thread_ts"] == bot.root()["ts"]
    assert "CRITICAL · Ledger · Dead events" in blocks_of(first)
    assert "2" in blocks_of(last)

    control.click(ANA, last, "share")
    assert eventually(lambda: any("asked `/billing check backlog`" in blocks_of(each) for each in bot.replies()))


def test_a_runbook_is_run_without_an_alert_and_closed_again(bot: SlackBot) -> None:
    assert "Opened *Dead events*" in blocks_of(typed(bot, "run ledger/dead", person=CHI))
    assert eventually(lambda: _shows(bot, "RUN BY HAND") and _shows(bot, "*Evidence*"))
    root = next(each for each in public(bot) if "RUN BY HAND" in blocks_of(each))

    bot.workspace.control.click(CHI, root, "close")

    assert eventually(lambda: _shows(bot, "*Closed* by <@U0CHI>"))


def test_the_shortcut_fills_a_form_in_from_the_message_and_opens_one_incident(sqlite_database: Database) -> None:
    book = runbook().model_copy(update={"params": PARAMS})
    with running_slack_bot(sqlite_database, runbook=book) as bot:
        control = bot.workspace.control
        ts = control.say(ANA, CHANNEL_ID, "Customer waits: in_1AbCdEf failed, tenant=acme")["ts"]
        control.shortcut(ANA, {"channel": CHANNEL_ID, "ts": ts}, "run_runbook")
        assert eventually(lambda: control.modals(ANA))
        asked = str(control.modal(ANA)["blocks"])
        assert "'initial_value': 'in_1AbCdEf'" in asked
        assert "'initial_value': 'acme'" in asked

        wrong = control.submit(ANA, {"param:invoice": "what"})
        assert "must match" in wrong["errors"]["param:invoice"]
        control.submit(ANA, {"param:invoice": "in_2"})
        assert eventually(lambda: _shows(bot, "RUN BY HAND"))
        assert control.modals(ANA) == []


def _shows(bot: SlackBot, words: str) -> bool:
    bot.office.work()
    return any(words in blocks_of(each) for each in public(bot))


def test_a_stripe_object_shows_declared_fields_and_an_old_event_says_how_long_they_are_kept(bot: SlackBot) -> None:
    stripe = FakeStripe(objects={"/v1/invoices/in_1Abc": INVOICE})
    bot.office.system = System.model_validate(
        {**bot.office.system.model_dump(by_alias=True), "resources": {"stripe": {"stripe": "env:STRIPE_API_KEY"}}}
    )

    def resources(_: System) -> Resources:
        return FakeResources(hosts={"api": bot.office.host}, stripes={"stripe": stripe})

    object.__setattr__(bot.office.means, "resources", resources)
    invoice, event = answered(bot, "stripe in_1Abc"), answered(bot, "stripe evt_1Abcdef")

    assert "*19.99 EUR*" in invoice
    assert "a@b.example" not in invoice
    assert "30 days" in event


def test_answers_go_to_slacks_own_addresses_only() -> None:
    urls = ResponseUrls(api_url="https://slack.com/api/")

    for address in ("https://evil.example/commands/1", "http://hooks.slack.com/commands/1", "https://slack.com/api/x"):
        with pytest.raises(Refused):
            urls.answer(address, text="x", blocks=())
