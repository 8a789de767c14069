"""The bot as people in Slack meet it: a workspace that speaks Slack's protocols calls it over HTTP, signed."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import select

from bot.desk import Declined, close
from bot.store import requests
from bot.store.database import Database
from bot.store.tables import audit
from tests.kit.loopback import loopback
from tests.kit.slack import CHANNEL_ID
from tests.kit.slack_app import SlackBot, blocks_of, running_slack_bot
from tests.kit.trust import INCIDENT, runbook
from tests.kit.waiting import eventually
from tests.kit.workspace import Json

ANA, CHI, EXTERNAL = "U0ANA", "U0CHI", "U0EXT"


@pytest.fixture
def bot(database: Database) -> Iterator[SlackBot]:
    with running_slack_bot(database) as running:
        running.open_incident()
        yield running


def asked(bot: SlackBot, person: str = ANA) -> None:
    """Somebody asks for the replay, and its card is there to vote on."""
    bot.workspace.control.click(person, bot.root(), "ask:replay", value=f"{INCIDENT}:replay")
    assert eventually(lambda: bot.workspace.control.modals(person))
    bot.workspace.control.submit(person)
    assert bot.shows("waiting for approval")


def test_an_incident_is_one_message_with_its_evidence_in_the_thread(bot: SlackBot) -> None:
    root, thread = bot.root(), bot.replies()

    assert "CRITICAL · Ledger · Dead events" in blocks_of(root)
    assert [blocks_of(each).splitlines()[0] for each in thread] == ["Evidence: 2 questions asked"]


def test_asking_twice_for_one_thing_makes_one_card(bot: SlackBot) -> None:
    asked(bot)
    bot.workspace.control.click(CHI, bot.root(), "ask:replay", value=f"{INCIDENT}:replay")
    answer = bot.workspace.control.submit(CHI)

    assert answer["ok"]
    assert "asked for already" in json.dumps(bot.workspace.control.modal(CHI))
    assert len([each for each in bot.replies() if "Asked by" in blocks_of(each)]) == 1


def test_whoever_asked_is_told_alone_that_somebody_else_must_approve(bot: SlackBot) -> None:
    asked(bot, ANA)
    bot.workspace.control.click(ANA, bot.card(), "approve")

    assert eventually(lambda: any("somebody else must approve" in text for text in bot.told(ANA)))
    assert bot.told(CHI) == []
    assert bot.office.host.effects == []


def test_a_second_person_approves_and_it_runs_once_and_is_verified(bot: SlackBot) -> None:
    asked(bot, ANA)
    card = bot.card()
    bot.workspace.control.click(CHI, card, "approve")
    bot.workspace.control.click(CHI, card, "approve")
    assert bot.shows("Approved by <@U0CHI>")

    bot.office.pass_time(timedelta(minutes=1))

    assert bot.shows("done and verified")
    assert len(bot.office.host.effects) == 1
    assert bot.card()["ts"] == card["ts"]


def test_what_was_done_can_be_asked_to_be_undone(bot: SlackBot) -> None:
    asked(bot, ANA)
    bot.workspace.control.click(CHI, bot.card(), "approve")
    assert bot.shows("Approved by <@U0CHI>")
    bot.office.pass_time(timedelta(minutes=1))
    assert bot.shows("done and verified")

    bot.workspace.control.click(CHI, bot.card(), "undo")

    assert bot.shows("*Undo the replay* · waiting for approval")
    cards = [each for each in bot.replies() if "Asked by" in blocks_of(each)]
    assert [each["action_id"] for each in buttons(cards[0])] == []
    assert '"undoes": "' in blocks_of(cards[-1]), "its call is shown with what it takes back"


def test_a_guest_of_another_workspace_is_refused(bot: SlackBot) -> None:
    asked(bot, ANA)
    bot.workspace.control.click(EXTERNAL, bot.card(), "approve")

    assert eventually(lambda: any("other workspaces" in text for text in bot.told(EXTERNAL)))
    assert bot.office.host.effects == []


def test_a_denial_asks_for_the_reason_and_ends_the_request(bot: SlackBot) -> None:
    asked(bot, ANA)
    bot.workspace.control.click(CHI, bot.card(), "deny")
    assert eventually(lambda: bot.workspace.control.modals(CHI))
    bot.workspace.control.submit(CHI, {"input:-reason": "the host is down"})

    assert bot.shows("the host is down")
    assert "denied" in blocks_of(bot.card())


def test_a_click_on_an_old_card_tells_what_happened_since(bot: SlackBot) -> None:
    asked(bot, ANA)
    old = bot.card()
    bot.workspace.control.click(CHI, old, "deny")
    assert eventually(lambda: bot.workspace.control.modals(CHI))
    bot.workspace.control.submit(CHI, {"input:-reason": "no"})
    # The message was edited meanwhile, but this person's Slack still shows the buttons.
    value = f"{request_of(bot)}:approve"
    send(bot, click_body(bot, CHI, old, action_id="approve", block_id=digest_of(old), value=value))

    assert eventually(lambda: any("It now stands: denied" in text for text in bot.told(CHI)))
    assert any(":thumbsdown: Denied by <@U0CHI> <!date^" in text and ": no" in text for text in bot.told(CHI))


def test_a_form_does_not_open_on_an_old_card(bot: SlackBot) -> None:
    asked(bot, ANA)
    old, value = bot.card(), f"{request_of(bot)}:deny"
    bot.workspace.control.click(CHI, old, "approve")
    assert bot.shows("Approved by <@U0CHI>")
    before = bot.card()
    send(bot, click_body(bot, ANA, old, action_id="deny", block_id=digest_of(old), value=value))

    assert eventually(lambda: any("Approved by <@U0CHI>" in text for text in bot.told(ANA)))
    assert not bot.workspace.control.modals(ANA)
    bot.office.work()
    assert bot.card()["ts"] == before["ts"]


def test_a_click_on_an_old_root_tells_whose_it_is_and_sends_it_again(bot: SlackBot) -> None:
    bot.workspace.control.click(ANA, bot.root(), "acknowledge")
    assert bot.shows("acknowledged* by <@U0ANA>")
    edits = len(bot.workspace.control.calls("chat.update"))
    send(bot, click_body(bot, CHI, bot.root(), action_id="acknowledge", block_id="b", value=f"{INCIDENT}:acknowledge"))

    assert eventually(lambda: any("firing, acknowledged by <@U0ANA>" in text for text in bot.told(CHI)))
    bot.office.work()
    assert len(bot.workspace.control.calls("chat.update")) == edits + 1


def test_after_an_effect_is_verified_the_questions_are_asked_afresh_by_themselves(bot: SlackBot) -> None:
    asked(bot, ANA)
    bot.workspace.control.click(CHI, bot.card(), "approve")
    assert bot.shows("Approved by <@U0CHI>")
    bot.office.pass_time(timedelta(minutes=1))

    assert bot.shows("done and verified")
    assert bot.shows("*Evidence* (no. 2)")
    assert "has run since" not in blocks_of(bot.root())


def test_what_was_not_verified_opens_its_incident_again_and_a_person_closes_it(bot: SlackBot) -> None:
    bot.office.host.is_deaf = True
    asked(bot, ANA)
    bot.workspace.control.click(CHI, bot.card(), "approve")
    assert bot.shows("Approved by <@U0CHI>")
    bot.resolve()
    assert bot.shows("*Resolved*")
    bot.office.pass_time(timedelta(minutes=2))

    assert bot.shows("*Open again*, for what was done could not be verified")
    assert {"acknowledge", "close"} <= {each["action_id"] for each in buttons(bot.root())}
    assert "silence" not in {each["action_id"] for each in buttons(bot.root())}
    assert [each.content["why"] for each in bot.office.audited("incident.reopened")] == ["not verified"]

    bot.workspace.control.click(ANA, bot.root(), "close")
    assert bot.shows("*Closed* by <@U0ANA>")


def test_what_an_alert_keeps_open_is_not_closed_by_hand(bot: SlackBot) -> None:
    assert "close" not in {each["action_id"] for each in buttons(bot.root())}

    declined = close(bot.office.desk, person=ANA, incident_id=INCIDENT)

    assert isinstance(declined, Declined)
    assert declined.say.startswith("Its alert says when it is over")


def test_acknowledging_shows_whose_it_is(bot: SlackBot) -> None:
    bot.workspace.control.click(ANA, bot.root(), "acknowledge")

    assert bot.shows("acknowledged* by <@U0ANA>")
    assert "acknowledge" not in [each["action_id"] for each in buttons(bot.root())]


def test_an_incident_is_silenced_from_its_root_and_unsilenced(bot: SlackBot) -> None:
    bot.workspace.control.click(CHI, bot.root(), "silence")
    assert eventually(lambda: bot.workspace.control.modals(CHI))
    assert "alertname=Dead" in json.dumps(bot.workspace.control.modal(CHI))
    bot.workspace.control.submit(CHI, {"input:-length": "4h", "input:-reason": "the <!channel> deploy"})

    assert bot.shows(":no_bell: *Silenced* until <!date^")
    assert "by <@U0CHI>: the &lt;!channel&gt; deploy" in blocks_of(bot.root())
    assert "silence" not in [each["action_id"] for each in buttons(bot.root())]

    bot.workspace.control.click(CHI, bot.root(), "unsilence")
    assert eventually(lambda: not bot.shows("Silenced", within=0.1))
    assert "silence" in [each["action_id"] for each in buttons(bot.root())]


def test_who_approves_nothing_is_told_in_the_form_that_they_may_not_silence(bot: SlackBot) -> None:
    bot.workspace.control.click(EXTERNAL, bot.root(), "silence")
    assert eventually(lambda: bot.workspace.control.modals(EXTERNAL))
    bot.workspace.control.submit(EXTERNAL, {"input:-reason": "too loud"})

    assert "other workspaces" in json.dumps(bot.workspace.control.modal(EXTERNAL))
    assert not bot.shows("ilenced", within=0.2)


def test_a_silence_that_was_asked_twice_is_one_and_the_second_is_told_whose(bot: SlackBot) -> None:
    bot.workspace.control.click(CHI, bot.root(), "silence")
    bot.workspace.control.click(ANA, bot.root(), "silence")
    assert eventually(lambda: bot.workspace.control.modals(CHI) and bot.workspace.control.modals(ANA))
    for person in (CHI, ANA):
        bot.workspace.control.submit(person, {"input:-reason": "deploy"})

    assert bot.shows("*Silenced* until")
    assert "<@U0CHI> has silenced it already" in json.dumps(bot.workspace.control.modal(ANA))


def test_questions_are_asked_again_on_demand(bot: SlackBot) -> None:
    bot.workspace.control.click(ANA, bot.root(), "rerun")

    assert bot.shows("*Evidence* (no. 2)")


def test_an_answer_that_cannot_be_is_said_beside_its_field(bot: SlackBot) -> None:
    bot.workspace.control.click(ANA, bot.root(), "ask:replay", value=f"{INCIDENT}:replay")
    assert eventually(lambda: bot.workspace.control.modals(ANA))
    answer = bot.workspace.control.submit(ANA, {"input:kind": "UPPER CASE"})

    assert "does not match" in answer["errors"]["input:kind"]


def test_a_form_starts_with_what_the_evidence_says(bot: SlackBot) -> None:
    bot.workspace.control.click(ANA, bot.root(), "ask:replay", value=f"{INCIDENT}:replay")
    assert eventually(lambda: bot.workspace.control.modals(ANA))

    assert '"initial_value": "invoice"' in json.dumps(bot.workspace.control.modal(ANA))


def test_a_captured_click_is_refused_and_has_no_second_effect(bot: SlackBot) -> None:
    body = click_body(bot, ANA, bot.root(), action_id="rerun", block_id="b", value=f"{INCIDENT}:rerun")
    captured = signed(bot, body)
    assert [post(bot, body, captured).status_code for _ in range(3)] == [200, 401, 401]
    assert post(bot, body, captured | {"x-slack-retry-num": "1"}).status_code == 401

    assert bot.shows("*Evidence* (no. 2)")
    assert not bot.shows("*Evidence* (no. 3)", within=0.5)


def test_an_event_that_slack_sends_again_is_answered_and_ignored(bot: SlackBot) -> None:
    body = event_body({"type": "app_mention", "user": ANA, "text": "help", "ts": "1.2", "channel": CHANNEL_ID})
    first, again = signed(bot, body), signed(bot, body, ago=1) | {"x-slack-retry-num": "1"}

    assert post(bot, body, again).status_code == 200
    assert post(bot, body, first | {"x-slack-retry-num": "2"}).status_code == 200
    assert post(bot, body, again).status_code == 401


def test_another_workspace_is_refused_and_noted_once_a_day(bot: SlackBot) -> None:
    for person in (ANA, CHI):
        body = click_body(bot, person, bot.root(), action_id="rerun", block_id="b", value=f"{INCIDENT}:rerun")
        assert send(bot, body.replace(b"T0BILLING", b"T0OTHER")).status_code == 403

    with bot.office.database.read() as conn:
        noted = conn.execute(select(audit).where(audit.c.kind == "slack.refused_workspace")).all()
    assert [(each.actor, each.data) for each in noted] == [(ANA, '{"team":"T0OTHER"}')]
    assert not bot.shows("*Evidence* (no. 2)", within=0.3)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param({"x-slack-signature": "v0=" + "0" * 64}, id="signature"),
        pytest.param({"x-slack-request-timestamp": "1"}, id="old"),
        pytest.param({"x-slack-request-timestamp": "soon"}, id="no number"),
        pytest.param({"x-slack-request-timestamp": ""}, id="none"),
    ],
)
def test_what_slack_did_not_sign_is_refused(bot: SlackBot, spoil: dict[str, str]) -> None:
    body = click_body(bot, ANA, bot.root(), action_id="rerun", block_id="b", value=f"{INCIDENT}:rerun")

    assert send(bot, body, **spoil).status_code == 401
    assert not bot.shows("*Evidence* (no. 2)", within=0.3)


def test_the_slash_command_answers_the_one_who_typed_it(bot: SlackBot) -> None:
    asked(bot, ANA)
    for text in ("help", "status", "requests", "statsu"):
        bot.workspace.control.command(CHI, CHANNEL_ID, "/billing", text)

    told = "\n".join(bot.told(CHI))
    assert "What you can ask me" in told
    assert "|Dead events>* · ledger" in told
    assert "*Replay* for Dead events · by <@U0ANA> · 1 approval missing" in told
    assert "Did you mean `status`?" in told


def test_the_bot_is_stopped_and_let_go_by_slash_command(bot: SlackBot) -> None:
    def typed(person: str, text: str) -> str:
        bot.workspace.control.command(person, CHANNEL_ID, "/billing", text)
        return bot.told(person)[-1]

    usage, length = typed(CHI, "switch engage"), typed(CHI, "switch engage bot for ever now")
    by_stranger = typed(EXTERNAL, "switch engage bot because I can")
    engaged = typed(CHI, "switch engage bot for 2h a deploy went wrong")
    assert bot.shows("*All actions are stopped*")
    listed = typed(ANA, "switch")
    released = typed(ANA, "switch release bot rolled back")

    assert "lists them" in usage
    assert "that length of time" in length
    assert "other workspaces" in by_stranger
    assert "Engaged." in engaged
    assert "a deploy went wrong" in listed
    assert "Released." in released

    def is_let_go() -> bool:
        bot.office.work()
        return "All actions" not in blocks_of(bot.root())

    assert eventually(is_let_go)


def test_slack_may_ask_whether_the_address_is_ours(bot: SlackBot) -> None:
    answer = send(
        bot,
        json.dumps({"type": "url_verification", "challenge": "c-1"}).encode(),
        **{"content-type": "application/json"},
    )

    assert (answer.status_code, answer.json()) == (200, {"challenge": "c-1"})


def test_what_is_declined_at_the_root_is_told_in_the_channel(bot: SlackBot) -> None:
    bot.workspace.control.click(ANA, bot.root(), "acknowledge")
    assert bot.shows("acknowledged* by <@U0ANA>")
    send(bot, click_body(bot, CHI, bot.root(), action_id="acknowledge", block_id="b", value=f"{INCIDENT}:acknowledge"))

    def channel() -> list[Json]:
        return [each for each in bot.workspace.control.messages(CHANNEL_ID, user=CHI) if each.get("is_ephemeral")]

    assert eventually(channel)
    assert channel()[0]["text"].startswith(
        "<@U0ANA> has acknowledged it already.\nIt now stands: firing, acknowledged by"
    )


def test_clicks_that_wait_for_slack_keep_nobody_else_waiting(bot: SlackBot) -> None:
    asked(bot, ANA)
    bot.workspace.control.inject("hang", "views.open", hold=12)
    for _ in range(6):  # one more than a Slack app has threads for by default
        bot.workspace.control.click(CHI, bot.card(), "deny")
    begun = time.monotonic()
    bot.workspace.control.command(ANA, CHANNEL_ID, "/billing", "help")

    assert time.monotonic() - begun < 6


def test_a_directory_that_does_not_answer_means_no(bot: SlackBot) -> None:
    asked(bot, ANA)
    bot.workspace.control.inject("error", "users.info", code="fatal_error")
    bot.workspace.control.inject("error", "usergroups.users.list", code="fatal_error")
    bot.workspace.control.click("U0LEAD1", bot.card(), "approve")

    assert eventually(lambda: any("cannot tell who you are" in text for text in bot.told("U0LEAD1")))
    assert bot.office.host.effects == []


def test_a_high_risk_needs_a_reason_and_two_others(database: Database) -> None:
    with running_slack_bot(database, runbook=runbook(risk="high", inputs={})) as bot:
        bot.open_incident()
        bot.workspace.control.click(ANA, bot.root(), "ask:replay", value=f"{INCIDENT}:replay")
        assert eventually(lambda: bot.workspace.control.modals(ANA))
        bot.workspace.control.submit(ANA, {"input:-reason": "customers wait"})

        assert bot.shows("*Needs* 2 approvals")
        assert "customers wait" in blocks_of(bot.card())


def buttons(message: Json) -> list[Json]:
    return [each for block in message["blocks"] if block["type"] == "actions" for each in block["elements"]]


def digest_of(card: Json) -> str:
    return next(str(block["block_id"]) for block in card["blocks"] if block["type"] == "actions")


def request_of(bot: SlackBot) -> str:
    with bot.office.database.read() as conn:
        return requests.of_incident(conn, INCIDENT)[-1].id


def click_body(bot: SlackBot, person: str, message: Json, *, action_id: str, block_id: str, value: str) -> bytes:
    """A click as Slack sends it."""
    payload = {
        "type": "block_actions",
        "team": {"id": "T0BILLING"},
        "user": {"id": person, "team_id": "T0BILLING"},
        "api_app_id": "A0LOCAL",
        "trigger_id": "1.2.3",
        "channel": {"id": CHANNEL_ID, "name": "billing-oncall"},
        "container": {"type": "message", "message_ts": message["ts"], "channel_id": CHANNEL_ID},
        "message": {"ts": message["ts"], "thread_ts": message.get("thread_ts")},
        "actions": [{"type": "button", "action_id": action_id, "block_id": block_id, "value": value}],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def event_body(event: Json) -> bytes:
    """An event as Slack sends it."""
    envelope = {"team_id": "T0BILLING", "api_app_id": "A0LOCAL", "type": "event_callback", "event_id": "Ev1"}
    return json.dumps({**envelope, "event": event, "authorizations": [{"team_id": "T0BILLING"}]}).encode()


def signed(bot: SlackBot, body: bytes, *, ago: int = 0) -> dict[str, str]:
    """The headers with which Slack sends this, `ago` seconds ago."""
    at = str(int(time.time()) - ago)
    made = hmac.new(bot.workspace.config.signing_secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256)
    kind = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
    return {
        "content-type": kind,
        "x-slack-request-timestamp": at,
        "x-slack-signature": f"v0={made.hexdigest()}",
    }


def post(bot: SlackBot, body: bytes, headers: dict[str, str]) -> httpx.Response:
    address = f"{bot.workspace.config.bot}/slack/events"
    return loopback.post(address, content=body, headers=headers, timeout=10)


def send(bot: SlackBot, body: bytes, **spoil: str) -> httpx.Response:
    """Sign it and send it."""
    return post(bot, body, signed(bot, body) | spoil)
