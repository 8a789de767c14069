"""What people do, as a real slack_bolt app hears of it over signed HTTP and over Socket Mode."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest, BoltResponse, Respond
from slack_sdk import WebClient

from sandbox.workspace.config import Shortcut
from tests.kit.waiting import eventually
from tests.kit.workspace import ShiftedClock, running_workspace
from tests.sandbox.workspace.bodies import Json, actions, button, modal, mrkdwn, section, select, text_input
from tests.sandbox.workspace.bolt import Pair, over_http, over_socket

Serve = Callable[..., AbstractContextManager[Pair]]


@pytest.fixture(params=[pytest.param(over_http, id="http"), pytest.param(over_socket, id="socket")])
def serve(request: pytest.FixtureRequest) -> Serve:
    chosen: Serve = request.param
    return chosen


def post(pair: Pair, *blocks: Json, **more: Any) -> Json:
    """A message of the bot, as the workspace then shows it."""
    pair.app.client.chat_postMessage(channel="C0ONCALL", text="card", blocks=list(blocks), **more)
    return pair.workspace.control.messages("C0ONCALL")[-1]


def test_a_click_tells_the_bot_who_clicked_what_where(serve: Serve) -> None:
    heard: list[Json] = []

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json) -> None:
            ack()
            heard.append(body)

    with serve(listeners) as pair:
        message = post(pair, section(), actions(button("go", "Go", value="r1"), block_id="card"))
        outcome = pair.workspace.control.click("U0ANA", message, "go")

    [body] = heard
    assert outcome["ok"]
    assert body["user"] == {"id": "U0ANA", "username": "ana", "name": "ana", "team_id": "T0BILLING"}
    assert body["container"]["message_ts"] == body["message"]["ts"] == message["ts"]
    assert body["channel"] == {"id": "C0ONCALL", "name": "billing-oncall"}
    [action] = body["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("go", "card", "r1")


def test_a_stranger_clicks_with_the_team_of_their_own() -> None:
    heard: list[Json] = []

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json) -> None:
            ack()
            heard.append(body)

    with over_http(listeners) as pair:
        pair.workspace.control.click("U0EXT", post(pair, actions(button())), "go")

    assert heard[0]["user"]["team_id"] == "T0PARTNER"


def test_choosing_in_a_menu_sends_the_option_and_the_state() -> None:
    heard: list[Json] = []

    def listeners(app: App) -> None:
        @app.action("pick")
        def pick(ack: Ack, body: Json) -> None:
            ack()
            heard.append(body)

    with over_http(listeners) as pair:
        message = post(pair, actions(select("pick", "a", "b"), block_id="menus"))
        pair.workspace.control.click("U0ANA", message, "pick", value="b")

    assert heard[0]["actions"][0]["selected_option"]["value"] == "b"
    assert heard[0]["state"]["values"]["menus"]["pick"]["selected_option"]["value"] == "b"


def test_a_bot_that_takes_longer_than_three_seconds_is_shown_as_timed_out(serve: Serve) -> None:
    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack) -> None:
            time.sleep(0.5)
            ack()

    with serve(listeners, answer_within=0.1) as pair:
        outcome = pair.workspace.control.click("U0ANA", post(pair, actions(button())), "go")
        [delivery] = pair.workspace.control.deliveries()

    assert (outcome["ok"], outcome["error"]) == (False, "operation_timeout")
    assert (delivery["kind"], delivery["outcome"]) == ("block_actions", "operation_timeout")


def test_a_form_is_opened_filled_refused_and_taken(serve: Serve) -> None:
    taken: list[Json] = []

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json, client: WebClient) -> None:
            client.views_open(trigger_id=body["trigger_id"], view=modal(text_input(), callback_id="ask"))
            ack()

        @app.view("ask")
        def ask(ack: Ack, view: Json) -> None:
            value = view["state"]["values"]["reason"]["text"]["value"]
            if value == "because":
                ack({"response_action": "errors", "errors": {"reason": "Say more."}})
                return
            taken.append(view)
            ack()

    with serve(listeners) as pair:
        control = pair.workspace.control
        control.click("U0ANA", post(pair, actions(button())), "go")
        empty = control.submit("U0ANA")
        short = control.submit("U0ANA", {"reason": "because"})
        still_open = control.modals("U0ANA")
        good = control.submit("U0ANA", {"text": "the webhooks were lost"})
        after = control.modals("U0ANA")

    assert empty["errors"] == {"reason": "Please complete this required field."}
    assert short["errors"] == {"reason": "Say more."}
    assert len(still_open) == 1
    assert (good["ok"], after) == (True, [])
    assert taken[0]["state"]["values"]["reason"]["text"] == {
        "type": "plain_text_input",
        "value": "the webhooks were lost",
    }


def test_a_submission_may_change_the_modal_or_lay_another_on_it() -> None:
    answers: list[Json] = [
        {"response_action": "update", "view": modal(section("second"), callback_id="ask")},
        {"response_action": "push", "view": modal(section("third"), callback_id="ask")},
        {"response_action": "clear"},
    ]

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json, client: WebClient) -> None:
            client.views_open(trigger_id=body["trigger_id"], view=modal(section("first"), callback_id="ask"))
            ack()

        @app.view("ask")
        def ask(ack: Ack) -> None:
            ack(answers.pop(0))

    def texts(pair: Pair) -> list[str]:
        return [view["blocks"][0]["text"]["text"] for view in pair.workspace.control.modals("U0ANA")]

    with over_http(listeners) as pair:
        pair.workspace.control.click("U0ANA", post(pair, actions(button())), "go")
        seen = [texts(pair)]
        for _ in range(3):
            assert pair.workspace.control.submit("U0ANA")["ok"]
            seen.append(texts(pair))

    assert seen == [["first"], ["second"], ["second", "third"], []]


def test_a_bot_that_complains_of_a_field_that_is_not_there_is_told_off() -> None:
    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json, client: WebClient) -> None:
            client.views_open(trigger_id=body["trigger_id"], view=modal(text_input(), callback_id="ask"))
            ack()

        @app.view("ask")
        def ask(ack: Ack) -> None:
            ack({"response_action": "errors", "errors": {"nowhere": "?"}})

    with over_http(listeners) as pair:
        pair.workspace.control.click("U0ANA", post(pair, actions(button())), "go")
        outcome = pair.workspace.control.submit("U0ANA", {"reason": "x"})

    assert not outcome["ok"]
    assert "must name input blocks" in outcome["error"]


def test_closing_a_modal_tells_a_bot_that_asked_to_be_told() -> None:
    closed: list[Json] = []

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json, client: WebClient) -> None:
            view = modal(section(), callback_id="ask", notify_on_close=True)
            client.views_open(trigger_id=body["trigger_id"], view=view)
            ack()

        @app.view_closed("ask")
        def gone(ack: Ack, body: Json) -> None:
            ack()
            closed.append(body)

    with over_http(listeners) as pair:
        pair.workspace.control.click("U0ANA", post(pair, actions(button())), "go")
        pair.workspace.control.close("U0ANA")
        after = pair.workspace.control.modals("U0ANA")

    assert after == []
    assert closed[0]["is_cleared"] is False


def test_a_command_is_answered_to_the_person_alone_or_to_the_channel(serve: Serve) -> None:
    def listeners(app: App) -> None:
        @app.command("/billing")
        def billing(ack: Ack, body: Json) -> None:
            if body["text"] == "loud":
                ack(text="for all", response_type="in_channel")
            else:
                ack(f"only {body['user_name']}")

    with serve(listeners) as pair:
        control = pair.workspace.control
        control.command("U0ANA", "C0ONCALL", "/billing", "status")
        control.command("U0ANA", "C0ONCALL", "/billing", "loud")
        for_ana = [m["text"] for m in control.messages("C0ONCALL", user="U0ANA")]
        for_chi = [m["text"] for m in control.messages("C0ONCALL", user="U0CHI")]
        unknown = control.command("U0ANA", "C0ONCALL", "/nothing")

    assert for_ana == ["only ana", "/billing loud", "for all"]
    assert for_chi == ["/billing loud", "for all"]
    assert unknown["error"] == "unknown_command"


def test_a_bot_that_knows_no_such_command_is_shown_as_failed() -> None:
    with over_http(lambda app: None) as pair:
        outcome = pair.workspace.control.command("U0ANA", "C0ONCALL", "/billing")

    assert outcome["error"] == "dispatch_failed"


def test_a_response_url_replaces_the_message_five_times_and_no_more() -> None:
    urls: list[str] = []

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json) -> None:
            ack()
            urls.append(body["response_url"])

    with over_http(listeners) as pair:
        message = post(pair, actions(button()))
        pair.workspace.control.click("U0ANA", message, "go")
        respond = Respond(response_url=urls[0])
        answers = [respond(text=f"now {n}", blocks=[], replace_original=True) for n in range(6)]
        [shown] = pair.workspace.control.messages("C0ONCALL")

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert (shown["ts"], shown["text"], shown["edits"]) == (message["ts"], "now 4", 5)


def test_a_response_url_is_good_for_half_an_hour(clock: ShiftedClock) -> None:
    urls: list[str] = []

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json) -> None:
            ack()
            urls.append(body["response_url"])

    with over_http(listeners, clock=clock) as pair:
        pair.workspace.control.click("U0ANA", post(pair, actions(button())), "go")
        clock.advance(30 * 60 + 1)
        answer = Respond(response_url=urls[0])("late")

    assert (answer.status_code, "expired_url" in answer.body) == (404, True)


def test_an_answer_by_response_url_is_checked_like_any_message() -> None:
    urls: list[str] = []

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json) -> None:
            ack()
            urls.append(body["response_url"])

    with over_http(listeners) as pair:
        pair.workspace.control.click("U0ANA", post(pair, actions(button())), "go")
        answer = Respond(response_url=urls[0])(text="x", blocks=[{"type": "unheard_of"}])

    assert answer.status_code == 400
    assert "invalid_blocks" in answer.body


def test_a_mention_reaches_the_bot_with_its_thread(serve: Serve) -> None:
    heard: list[Json] = []

    def listeners(app: App) -> None:
        @app.event("app_mention")
        def mentioned(event: Json) -> None:
            heard.append(event)

    with serve(listeners) as pair:
        root = post(pair, section())
        pair.workspace.control.mention("U0CHI", "C0ONCALL", "what now?", thread_ts=root["ts"])
        pair.workspace.control.mention("U0CHI", "C0GENERAL", "not here")

    assert [(e["user"], e["text"], e["thread_ts"]) for e in heard] == [("U0CHI", "<@U0BOT> what now?", root["ts"])]


def test_an_event_is_repeated_with_the_same_id_until_it_is_answered() -> None:
    heard: list[tuple[str, list[str]]] = []

    def listeners(app: App) -> None:
        @app.middleware
        def fail_twice(body: Json, request: BoltRequest, next: Callable[[], None]) -> BoltResponse | None:  # noqa: A002
            heard.append((body["event_id"], list(request.headers.get("x-slack-retry-num", []))))
            if len(heard) < 3:
                return BoltResponse(status=500)
            next()
            return None

        @app.event("app_mention")
        def mentioned() -> None:
            return None

    with over_http(listeners, event_retry_after=(0.01, 0.01, 0.01)) as pair:
        outcome = pair.workspace.control.mention("U0CHI", "C0ONCALL", "hello")
        assert eventually(lambda: len(pair.workspace.control.deliveries()) == 3)
        deliveries = pair.workspace.control.deliveries()

    assert outcome["error"] == "dispatch_failed"
    assert len({event_id for event_id, _ in heard}) == 1
    assert [number for _, number in heard] == [[], ["1"], ["2"]]
    assert [(d["attempt"], d["outcome"]) for d in deliveries] == [
        (0, "dispatch_failed"),
        (1, "dispatch_failed"),
        (2, "ok"),
    ]


def test_opening_the_home_lets_the_bot_publish_it(serve: Serve) -> None:
    def listeners(app: App) -> None:
        @app.event("app_home_opened")
        def opened(event: Json, client: WebClient) -> None:
            client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("your requests")]})

    with serve(listeners) as pair:
        pair.workspace.control.open_home("U0ANA")
        assert eventually(lambda: pair.workspace.control.home("U0ANA") is not None)
        home = pair.workspace.control.home("U0ANA")
        other = pair.workspace.control.home("U0CHI")

    assert home is not None
    assert home["blocks"][0]["text"] == mrkdwn("your requests")
    assert other is None


def test_a_message_shortcut_brings_the_message() -> None:
    heard: list[Json] = []

    def listeners(app: App) -> None:
        @app.shortcut("rerun")
        def rerun(ack: Ack, body: Json) -> None:
            ack()
            heard.append(body)

    with over_http(listeners, shortcuts=(Shortcut(callback_id="rerun", name="Ask again"),)) as pair:
        message = post(pair, section())
        pair.workspace.control.shortcut("U0ANA", message, "rerun")
        with pytest.raises(AssertionError, match="offers no shortcut"):
            pair.workspace.control.shortcut("U0ANA", message, "other")

    assert (heard[0]["type"], heard[0]["message"]["ts"]) == ("message_action", message["ts"])


def test_what_the_page_would_not_offer_is_not_possible() -> None:
    with over_http(lambda app: None) as pair:
        control, message = pair.workspace.control, post(pair, actions(button()))

        with pytest.raises(AssertionError, match="no element 'other'"):
            control.click("U0ANA", message, "other")
        with pytest.raises(AssertionError, match="account is closed"):
            control.click("U0GONE", message, "go")
        with pytest.raises(AssertionError, match="not in the channel"):
            control.say("U0CHI", "C0LEADS", "let me in")


def test_the_bot_reconnects_after_slack_hangs_up() -> None:
    heard: list[str] = []

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json) -> None:
            ack()
            heard.append(body["user"]["id"])

    with over_socket(listeners) as pair:
        message = post(pair, actions(button()))
        pair.workspace.control.click("U0ANA", message, "go")
        closed = pair.workspace.control.refresh_sockets()
        assert eventually(lambda: pair.workspace.control.click("U0CHI", message, "go")["ok"])

    assert closed == 1
    assert heard == ["U0ANA", "U0CHI"]


def test_with_nobody_connected_a_click_fails() -> None:
    with running_workspace(socket_mode=True) as alone:
        slack = WebClient(token="xoxb-local", base_url=alone.api)
        slack.chat_postMessage(channel="C0ONCALL", text="card", blocks=[actions(button())])
        outcome = alone.control.click("U0ANA", alone.control.messages("C0ONCALL")[0], "go")

    assert outcome["error"] == "not_connected"
