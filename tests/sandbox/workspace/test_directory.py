"""People, user groups and channels through the real slack_sdk."""

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.kit.workspace import RunningWorkspace, running_workspace
from tests.sandbox.workspace.test_chat import refused


def test_the_accounts_an_approval_must_not_fall_for_are_told_apart(slack: WebClient) -> None:
    people = {person["id"]: person for person in slack.users_list()["members"]}

    assert [people["U0ANA"][flag] for flag in ("is_bot", "is_restricted", "is_stranger", "deleted")] == [False] * 4
    assert people["U0GUEST"]["is_restricted"]
    assert people["U0EXT"]["is_stranger"]
    assert people["U0EXT"]["team_id"] != people["U0ANA"]["team_id"]
    assert people["U0GONE"]["deleted"]
    assert people["U0BOT"]["is_bot"]
    assert people["U0ANA2"]["profile"]["email"] == people["U0ANA"]["profile"]["email"]


def test_a_person_is_found_by_id_and_by_email(slack: WebClient) -> None:
    by_id = slack.users_info(user="U0CHI")["user"]
    by_email = slack.users_lookupByEmail(email="Chi@example.com")["user"]

    with pytest.raises(SlackApiError) as no_id:
        slack.users_info(user="U0NOBODY")
    with pytest.raises(SlackApiError) as gone:
        slack.users_lookupByEmail(email="gone@example.com")

    assert by_id == by_email
    assert (refused(no_id), refused(gone)) == ("user_not_found", "users_not_found")


def test_a_user_group_has_members(slack: WebClient) -> None:
    [group] = slack.usergroups_list(include_users=True)["usergroups"]

    with pytest.raises(SlackApiError) as error:
        slack.usergroups_users_list(usergroup="S0NONE")

    assert slack.usergroups_users_list(usergroup=group["id"])["users"] == ["U0ANA", "U0CHI", "U0ANA2"]
    assert refused(error) == "no_such_subteam"


def test_the_bot_knows_itself(slack: WebClient) -> None:
    me = slack.auth_test()

    assert (me["team_id"], me["user_id"], me["bot_id"]) == ("T0BILLING", "U0BOT", "B0BOT")
    assert slack.bots_info(bot="B0BOT")["bot"]["app_id"] == "A0BOT"


def test_lists_come_in_pages(slack: WebClient) -> None:
    pages = [page["members"] for page in slack.users_list(limit=4)]

    assert [len(page) for page in pages] == [4, 4, 1]
    assert len({person["id"] for page in pages for person in page}) == 9


def test_the_pages_of_a_history_go_back_in_time(slack: WebClient) -> None:
    times = [slack.chat_postMessage(channel="C0ONCALL", text=str(n))["ts"] for n in range(5)]

    pages = [[m["text"] for m in page["messages"]] for page in slack.conversations_history(channel="C0ONCALL", limit=2)]
    later = slack.conversations_history(channel="C0ONCALL", oldest=times[2])["messages"]
    exact = slack.conversations_history(channel="C0ONCALL", oldest=times[2], latest=times[2], inclusive=True)[
        "messages"
    ]

    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    assert [m["text"] for m in later] == ["4", "3"]
    assert [m["text"] for m in exact] == ["2"]


def test_channels_are_listed_with_whether_the_bot_is_in_them(slack: WebClient) -> None:
    channels = {channel["name"]: channel for channel in slack.conversations_list()["channels"]}

    assert {name: channel["is_member"] for name, channel in channels.items()} == {
        "billing-oncall": True,
        "billing-leads": True,
        "general": False,
    }
    assert "U0LEAD1" in slack.conversations_members(channel="C0LEADS")["members"]


def test_the_bot_may_join_a_public_channel_and_then_post(slack: WebClient) -> None:
    with pytest.raises(SlackApiError) as before:
        slack.conversations_history(channel="C0GENERAL")

    slack.conversations_join(channel="C0GENERAL")

    assert refused(before) == "not_in_channel"
    assert slack.chat_postMessage(channel="C0GENERAL", text="hello")["ok"]


def test_direct_messages_are_opened_once(slack: WebClient) -> None:
    first = slack.conversations_open(users="U0CHI")["channel"]["id"]
    second = slack.conversations_open(users=["U0CHI"])["channel"]["id"]

    assert first == second == "D0CHI"


def test_the_scope_of_a_history_is_that_of_the_kind_of_channel() -> None:
    with running_workspace(scopes=frozenset({"im:history", "chat:write"})) as workspace:
        slack = WebClient(token="xoxb-local", base_url=workspace.api)
        slack.chat_postMessage(channel="U0ANA", text="hello")

        with pytest.raises(SlackApiError) as error:
            slack.conversations_history(channel="C0ONCALL")

        assert error.value.response["needed"] == "channels:history"
        assert slack.conversations_history(channel="D0ANA")["messages"][0]["text"] == "hello"


def test_a_reaction_is_added_once(slack: WebClient, workspace: RunningWorkspace) -> None:
    ts = slack.chat_postMessage(channel="C0ONCALL", text="x")["ts"]
    slack.reactions_add(channel="C0ONCALL", timestamp=ts, name="eyes")

    with pytest.raises(SlackApiError) as error:
        slack.reactions_add(channel="C0ONCALL", timestamp=ts, name="eyes")

    [message] = workspace.control.messages("C0ONCALL")
    assert message["reactions"] == [{"name": "eyes", "users": ["U0BOT"], "count": 1}]
    assert refused(error) == "already_reacted"


def test_the_stream_tells_of_a_new_message(slack: WebClient, workspace: RunningWorkspace) -> None:
    with httpx.stream("GET", f"{workspace.url}/control/stream", timeout=5) as stream:
        lines = stream.iter_lines()
        next(lines)  # the stream is open from here on
        ts = slack.chat_postMessage(channel="C0ONCALL", text="x")["ts"]
        told = next(line for line in lines if '"message"' in line)

    assert ts in told
