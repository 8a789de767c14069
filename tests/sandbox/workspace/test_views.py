"""views.* through the real slack_sdk: trigger ids, hashes, stacks and Homes."""

from collections.abc import Iterator

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.kit.workspace import ShiftedClock
from tests.sandbox.workspace.bodies import Json, actions, button, modal, section, text_input
from tests.sandbox.workspace.bolt import Pair, over_http
from tests.sandbox.workspace.test_chat import refused


@pytest.fixture
def pair(clock: ShiftedClock) -> Iterator[Pair]:
    """A bot that acknowledges every click and leaves the trigger to the test."""

    def listeners(app: App) -> None:
        @app.action("go")
        def go(ack: Ack, body: Json) -> None:
            ack()
            triggers.append(body["trigger_id"])

    triggers.clear()
    with over_http(listeners, clock=clock) as running:
        yield running


triggers: list[str] = []


def clicked(pair: Pair, user: str = "U0ANA") -> str:
    """A fresh trigger id of a person's click."""
    pair.app.client.chat_postMessage(channel="C0ONCALL", text="x", blocks=[actions(button())])
    pair.workspace.control.click(user, pair.workspace.control.messages("C0ONCALL")[-1], "go")
    return triggers[-1]


def test_a_trigger_opens_a_modal_for_the_person_who_clicked(pair: Pair) -> None:
    view = pair.app.client.views_open(trigger_id=clicked(pair), view=modal(section(), private_metadata="r1"))["view"]

    shown = pair.workspace.control.modal("U0ANA")
    assert shown["id"] == view["id"] == view["root_view_id"]
    assert shown["private_metadata"] == "r1"
    assert shown["state"] == {"values": {}}
    assert pair.workspace.control.modals("U0CHI") == []


def test_a_trigger_is_good_once(pair: Pair) -> None:
    trigger = clicked(pair)
    pair.app.client.views_open(trigger_id=trigger, view=modal(section()))

    with pytest.raises(SlackApiError) as error:
        pair.app.client.views_open(trigger_id=trigger, view=modal(section()))

    assert refused(error) == "exchanged_trigger_id"


def test_a_trigger_is_good_for_three_seconds(pair: Pair, clock: ShiftedClock) -> None:
    trigger = clicked(pair)
    clock.advance(3.1)

    with pytest.raises(SlackApiError) as error:
        pair.app.client.views_open(trigger_id=trigger, view=modal(section()))

    assert refused(error) == "expired_trigger_id"


def test_a_refused_view_does_not_spend_the_trigger(pair: Pair) -> None:
    trigger = clicked(pair)
    with pytest.raises(SlackApiError) as error:
        pair.app.client.views_open(trigger_id=trigger, view=modal(text_input(), submit=None))

    pair.app.client.views_open(trigger_id=trigger, view=modal(text_input()))

    assert refused(error) == "invalid_arguments"
    assert len(pair.workspace.control.modals("U0ANA")) == 1


def test_an_update_with_an_old_hash_is_refused(pair: Pair) -> None:
    client = pair.app.client
    view = client.views_open(trigger_id=clicked(pair), view=modal(section("one")))["view"]
    newer = client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("two")))["view"]

    with pytest.raises(SlackApiError) as error:
        client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("three")))

    assert refused(error) == "hash_conflict"
    assert newer["hash"] != view["hash"]
    assert pair.workspace.control.modal("U0ANA")["blocks"][0]["text"]["text"] == "two"


def test_a_view_is_found_by_its_external_id_which_is_unique(pair: Pair) -> None:
    client = pair.app.client
    client.views_open(trigger_id=clicked(pair), view=modal(section("one"), external_id="request-1"))
    client.views_update(external_id="request-1", view=modal(section("two"), external_id="request-1"))

    with pytest.raises(SlackApiError) as error:
        client.views_open(trigger_id=clicked(pair, "U0CHI"), view=modal(section(), external_id="request-1"))

    assert refused(error) == "duplicate_external_id"
    assert pair.workspace.control.modal("U0ANA")["blocks"][0]["text"]["text"] == "two"


def test_three_modals_lie_on_one_another_and_a_fourth_does_not(pair: Pair) -> None:
    client = pair.app.client
    client.views_open(trigger_id=clicked(pair), view=modal(section("1")))
    client.views_push(trigger_id=clicked(pair), view=modal(section("2")))
    client.views_push(trigger_id=clicked(pair), view=modal(section("3")))

    with pytest.raises(SlackApiError) as error:
        client.views_push(trigger_id=clicked(pair), view=modal(section("4")))

    assert refused(error) == "push_limit_reached"
    stack = pair.workspace.control.modals("U0ANA")
    assert [view["previous_view_id"] for view in stack] == [None, stack[0]["id"], stack[1]["id"]]


def test_a_closed_modal_can_not_be_updated(pair: Pair) -> None:
    view = pair.app.client.views_open(trigger_id=clicked(pair), view=modal(section()))["view"]
    pair.workspace.control.close("U0ANA")

    with pytest.raises(SlackApiError) as error:
        pair.app.client.views_update(view_id=view["id"], view=modal(section()))

    assert refused(error) == "not_found"


def test_what_was_typed_survives_an_update_of_the_modal(pair: Pair) -> None:
    client = pair.app.client
    first = modal(text_input(), actions(button("go", "Look up")))
    view = client.views_open(trigger_id=clicked(pair), view=first)["view"]
    pair.workspace.control.client.post(
        "/control/click",
        json={"user": "U0ANA", "view_id": view["id"], "action_id": "go", "state": {"reason": {"text": "typed"}}},
    ).raise_for_status()

    updated = client.views_update(view_id=view["id"], view=modal(text_input(), section("found")))["view"]

    assert updated["state"]["values"]["reason"]["text"]["value"] == "typed"


def test_each_person_has_a_home_of_their_own(slack: WebClient) -> None:
    view = {"type": "home", "blocks": [section("for Ana")]}
    first = slack.views_publish(user_id="U0ANA", view=view)["view"]
    again = slack.views_publish(user_id="U0ANA", view=view, hash=first["hash"])["view"]

    with pytest.raises(SlackApiError) as error:
        slack.views_publish(user_id="U0ANA", view=view, hash=first["hash"])

    assert first["id"] == again["id"]
    assert refused(error) == "hash_conflict"


def test_a_modal_is_not_published_and_a_home_not_opened(pair: Pair) -> None:
    with pytest.raises(SlackApiError) as published:
        pair.app.client.views_publish(user_id="U0ANA", view=modal(section()))
    with pytest.raises(SlackApiError) as opened:
        pair.app.client.views_open(trigger_id=clicked(pair), view={"type": "home", "blocks": [section()]})

    assert (refused(published), refused(opened)) == ("invalid_arguments", "invalid_arguments")
