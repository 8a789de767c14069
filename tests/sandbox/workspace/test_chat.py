"""chat.* through the real slack_sdk."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.kit.loopback import loopback
from tests.kit.workspace import RunningWorkspace, running_workspace
from tests.sandbox.workspace.bodies import actions, button, section


def refused(error: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(error.value.response["error"])


def test_a_posted_message_is_answered_with_its_time_and_shown_in_the_channel(
    slack: WebClient, workspace: RunningWorkspace
) -> None:
    posted = slack.chat_postMessage(channel="C0ONCALL", text="hello", blocks=[section(), actions(button())])

    [message] = workspace.control.messages("C0ONCALL")
    assert message["ts"] == posted["ts"]
    assert message["bot_id"] == "B0BOT"
    assert [block["type"] for block in message["blocks"]] == ["section", "actions"]
    assert all(block["block_id"] for block in message["blocks"])


def test_a_channel_may_be_named_with_a_hash_and_a_person_by_id(slack: WebClient) -> None:
    by_name = slack.chat_postMessage(channel="#billing-oncall", text="hello")
    to_person = slack.chat_postMessage(channel="U0ANA", text="for you")

    assert by_name["channel"] == "C0ONCALL"
    assert to_person["channel"] == "D0ANA"


def test_times_of_messages_are_unique_and_rise(slack: WebClient) -> None:
    times = [slack.chat_postMessage(channel="C0ONCALL", text=str(n))["ts"] for n in range(5)]

    assert times == sorted(set(times))


def test_a_reply_makes_its_root_a_thread(slack: WebClient) -> None:
    root = slack.chat_postMessage(channel="C0ONCALL", text="root")
    slack.chat_postMessage(channel="C0ONCALL", text="reply", thread_ts=root["ts"])

    history = slack.conversations_history(channel="C0ONCALL")["messages"]
    replies = slack.conversations_replies(channel="C0ONCALL", ts=root["ts"])["messages"]
    assert [(m["text"], m["reply_count"], m["thread_ts"]) for m in history] == [("root", 1, root["ts"])]
    assert [m["text"] for m in replies] == ["root", "reply"]


def test_a_broadcast_reply_is_seen_in_the_channel_too(slack: WebClient) -> None:
    root = slack.chat_postMessage(channel="C0ONCALL", text="root")
    slack.chat_postMessage(channel="C0ONCALL", text="loud", thread_ts=root["ts"], reply_broadcast=True)

    history = slack.conversations_history(channel="C0ONCALL")["messages"]
    assert [(m["text"], m.get("subtype")) for m in history] == [("loud", "thread_broadcast"), ("root", None)]


def test_metadata_comes_back_only_when_asked_for(slack: WebClient) -> None:
    metadata = {"event_type": "countersign", "event_payload": {"delivery": "d1"}}
    slack.chat_postMessage(channel="C0ONCALL", text="x", metadata=metadata)

    [without] = slack.conversations_history(channel="C0ONCALL")["messages"]
    [with_it] = slack.conversations_history(channel="C0ONCALL", include_all_metadata=True)["messages"]
    assert "metadata" not in without
    assert with_it["metadata"] == metadata


def test_an_update_keeps_what_it_does_not_mention_and_marks_the_message_edited(slack: WebClient) -> None:
    metadata = {"event_type": "countersign", "event_payload": {}}
    posted = slack.chat_postMessage(channel="C0ONCALL", text="x", blocks=[section("old")], metadata=metadata)

    slack.chat_update(channel="C0ONCALL", ts=posted["ts"], text="y")

    [message] = slack.conversations_history(channel="C0ONCALL", include_all_metadata=True)["messages"]
    assert message["text"] == "y"
    assert message["blocks"][0]["text"]["text"] == "old"
    assert message["metadata"] == metadata
    assert message["edited"]["user"] == "U0BOT"


def test_an_update_with_no_blocks_removes_them(slack: WebClient) -> None:
    posted = slack.chat_postMessage(channel="C0ONCALL", text="x", blocks=[section("old")])

    slack.chat_update(channel="C0ONCALL", ts=posted["ts"], text="y", blocks=[])

    [message] = slack.conversations_history(channel="C0ONCALL")["messages"]
    assert "blocks" not in message


def test_a_deleted_root_with_replies_leaves_a_tombstone_that_can_not_be_updated(slack: WebClient) -> None:
    root = slack.chat_postMessage(channel="C0ONCALL", text="root")
    slack.chat_postMessage(channel="C0ONCALL", text="reply", thread_ts=root["ts"])

    slack.chat_delete(channel="C0ONCALL", ts=root["ts"])

    with pytest.raises(SlackApiError) as error:
        slack.chat_update(channel="C0ONCALL", ts=root["ts"], text="again")
    assert refused(error) == "message_not_found"
    thread = slack.conversations_replies(channel="C0ONCALL", ts=root["ts"])["messages"]
    assert [m.get("subtype") for m in thread] == ["tombstone", None]


def test_an_ephemeral_message_is_seen_by_one_person_and_by_no_history(
    slack: WebClient, workspace: RunningWorkspace
) -> None:
    slack.chat_postEphemeral(channel="C0ONCALL", user="U0ANA", text="only you")

    assert [m["text"] for m in workspace.control.messages("C0ONCALL", user="U0ANA")] == ["only you"]
    assert workspace.control.messages("C0ONCALL", user="U0CHI") == []
    assert slack.conversations_history(channel="C0ONCALL")["messages"] == []


def test_a_permalink_points_into_the_page(slack: WebClient, workspace: RunningWorkspace) -> None:
    posted = slack.chat_postMessage(channel="C0ONCALL", text="x")

    link = slack.chat_getPermalink(channel="C0ONCALL", message_ts=posted["ts"])

    assert link["permalink"] == f"{workspace.url}/#/C0ONCALL/{posted['ts']}"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found", id="no such channel"),
        pytest.param({"channel": "C0GENERAL", "text": "x"}, "not_in_channel", id="bot is not a member"),
        pytest.param({"channel": "U0GONE", "text": "x"}, "user_disabled", id="closed account"),
        pytest.param({"channel": "C0ONCALL", "text": " "}, "no_text", id="nothing to say"),
        pytest.param({"channel": "C0ONCALL", "text": "x" * 40_001}, "msg_too_long", id="text over its limit"),
        pytest.param({"channel": "C0ONCALL", "text": "x", "thread_ts": "1.000001"}, "thread_not_found", id="no root"),
        pytest.param({"channel": "C0ONCALL", "text": "x", "username": "Fred"}, "missing_scope", id="custom name"),
        pytest.param(
            {"channel": "C0ONCALL", "text": "x", "metadata": {"event_type": "a b", "event_payload": {}}},
            "invalid_metadata_format",
            id="metadata of a wrong shape",
        ),
        pytest.param(
            {"channel": "C0ONCALL", "text": "x", "attachments": [{"text": "a", "colour": "red"}]},
            "invalid_attachments",
            id="unknown attachment key",
        ),
    ],
)
def test_what_slack_refuses_to_post_is_refused(slack: WebClient, arguments: dict[str, str], code: str) -> None:
    with pytest.raises(SlackApiError) as error:
        slack.api_call("chat.postMessage", json=arguments)  # the SDK's own method warns of an empty text

    assert refused(error) == code


def test_a_reply_to_a_reply_is_refused(slack: WebClient) -> None:
    root = slack.chat_postMessage(channel="C0ONCALL", text="root")
    reply = slack.chat_postMessage(channel="C0ONCALL", text="reply", thread_ts=root["ts"])

    with pytest.raises(SlackApiError) as error:
        slack.chat_postMessage(channel="C0ONCALL", text="deeper", thread_ts=reply["ts"])

    assert refused(error) == "thread_not_found"


def test_the_message_of_a_person_can_not_be_changed_by_the_bot(slack: WebClient, workspace: RunningWorkspace) -> None:
    said = workspace.control.say("U0ANA", "C0ONCALL", "mine")

    with pytest.raises(SlackApiError) as edit:
        slack.chat_update(channel="C0ONCALL", ts=said["ts"], text="theirs")
    with pytest.raises(SlackApiError) as removal:
        slack.chat_delete(channel="C0ONCALL", ts=said["ts"])

    assert (refused(edit), refused(removal)) == ("cant_update_message", "cant_delete_message")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        pytest.param(None, "not_authed", id="no token"),
        pytest.param("xoxb-other", "invalid_auth", id="unknown token"),
        pytest.param("xapp-local", "not_allowed_token_type", id="app token"),
    ],
)
def test_a_call_without_the_right_token_is_refused(workspace: RunningWorkspace, token: str | None, code: str) -> None:
    client = WebClient(token=token, base_url=workspace.api)

    with pytest.raises(SlackApiError) as error:
        client.chat_postMessage(channel="C0ONCALL", text="x")

    assert refused(error) == code


def test_a_missing_scope_is_named_with_what_there_is() -> None:
    with running_workspace(scopes=frozenset({"users:read"})) as workspace:
        client = WebClient(token="xoxb-local", base_url=workspace.api)

        with pytest.raises(SlackApiError) as error:
            client.chat_postMessage(channel="C0ONCALL", text="x")

        answer = error.value.response
        assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "chat:write", "users:read")
        assert client.auth_test().headers["x-oauth-scopes"] == "users:read"
        assert "email" not in client.users_info(user="U0ANA")["user"]["profile"]


def test_a_form_and_a_query_are_understood_as_well_as_json(workspace: RunningWorkspace) -> None:
    headers = {"Authorization": "Bearer xoxb-local"}
    form = {"channel": "C0ONCALL", "text": "by form", "blocks": '[{"type":"divider"}]'}

    by_form = loopback.post(f"{workspace.api}chat.postMessage", data=form, headers=headers).json()
    by_query = loopback.get(f"{workspace.api}users.info", params={"user": "U0ANA", "token": "xoxb-local"}).json()
    no_json = loopback.post(
        f"{workspace.api}chat.postMessage", content=b"{", headers=headers | {"content-type": "application/json"}
    ).json()

    assert by_form["ok"]
    assert by_form["message"]["blocks"][0]["type"] == "divider"
    assert by_query["user"]["real_name"] == "Ana"
    assert no_json == {"ok": False, "error": "invalid_json"}


def test_an_unknown_method_is_named(slack: WebClient) -> None:
    with pytest.raises(SlackApiError) as error:
        slack.api_call("chat.shout")

    assert refused(error) == "unknown_method"


def test_every_call_is_recorded_with_its_outcome(slack: WebClient, workspace: RunningWorkspace) -> None:
    posted = slack.chat_postMessage(channel="C0ONCALL", text="x")
    with pytest.raises(SlackApiError):
        slack.chat_postMessage(channel="C0GENERAL", text="x")

    calls = workspace.control.calls("chat.postMessage")

    assert [(c["channel"], c["outcome"]) for c in calls] == [("C0ONCALL", "ok"), ("C0GENERAL", "not_in_channel")]
    assert calls[0]["ts"] == posted["ts"]
