"""Faults that a test injects, and Slack's rate limits, as the real slack_sdk meets them."""

import http.client
import time

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from tests.kit.loopback import loopback
from tests.kit.workspace import RunningWorkspace, ShiftedClock, running_workspace
from tests.sandbox.workspace.test_chat import refused


def texts(workspace: RunningWorkspace) -> list[str]:
    return [message["text"] for message in workspace.control.messages("C0ONCALL")]


def test_a_rate_limit_is_429_with_the_seconds_to_wait(slack: WebClient, workspace: RunningWorkspace) -> None:
    workspace.control.inject("ratelimited", "chat.postMessage", calls=1, retry_after=7)

    with pytest.raises(SlackApiError) as error:
        slack.chat_postMessage(channel="C0ONCALL", text="x")
    slack.chat_postMessage(channel="C0ONCALL", text="y")

    assert error.value.response.status_code == 429
    assert error.value.response.headers["Retry-After"] == "7"
    assert refused(error) == "ratelimited"
    assert texts(workspace) == ["y"]


def test_the_sdk_waits_and_tries_again_when_told_to(workspace: RunningWorkspace) -> None:
    patient = WebClient(token="xoxb-local", base_url=workspace.api, retry_handlers=[RateLimitErrorRetryHandler()])
    workspace.control.inject("ratelimited", "chat.postMessage", calls=1, retry_after=1)

    patient.chat_postMessage(channel="C0ONCALL", text="x")

    assert [call["outcome"] for call in workspace.control.calls("chat.postMessage")] == ["ratelimited", "ok"]


def test_an_error_of_the_server_has_no_effect(slack: WebClient, workspace: RunningWorkspace) -> None:
    workspace.control.inject("status", "chat.postMessage", calls=2, status=500)

    for _ in range(2):
        with pytest.raises(SlackApiError) as error:
            slack.chat_postMessage(channel="C0ONCALL", text="x")
        assert error.value.response.status_code == 500

    assert texts(workspace) == []


def test_an_error_of_slack_is_named(slack: WebClient, workspace: RunningWorkspace) -> None:
    workspace.control.inject("error", calls=1, code="fatal_error")

    with pytest.raises(SlackApiError) as error:
        slack.users_info(user="U0ANA")

    assert refused(error) == "fatal_error"


def test_a_lost_reply_leaves_the_message_there(slack: WebClient, workspace: RunningWorkspace) -> None:
    workspace.control.inject("lost_reply", "chat.postMessage", calls=1)

    with pytest.raises(http.client.IncompleteRead):
        slack.chat_postMessage(channel="C0ONCALL", text="x")

    assert texts(workspace) == ["x"]


def test_a_hang_ends_in_the_callers_timeout_and_has_no_effect(workspace: RunningWorkspace) -> None:
    hurried = WebClient(token="xoxb-local", base_url=workspace.api, timeout=1, retry_handlers=[])
    workspace.control.inject("hang", "chat.postMessage", calls=1, hold=1.5)

    with pytest.raises(TimeoutError):
        hurried.chat_postMessage(channel="C0ONCALL", text="x")

    assert texts(workspace) == []


def test_a_slow_answer_comes_late_but_whole(slack: WebClient, workspace: RunningWorkspace) -> None:
    workspace.control.inject("slow", "chat.postMessage", calls=1, hold=0.3)

    began = time.monotonic()
    slack.chat_postMessage(channel="C0ONCALL", text="x")

    assert time.monotonic() - began >= 0.3
    assert texts(workspace) == ["x"]


def test_a_workspace_that_is_down_takes_no_call_and_delivers_no_click(
    slack: WebClient, workspace: RunningWorkspace
) -> None:
    slack.chat_postMessage(channel="C0ONCALL", text="before")
    workspace.control.inject("down")

    with pytest.raises(SlackApiError) as error:
        slack.chat_postMessage(channel="C0ONCALL", text="x")
    outcome = workspace.control.command("U0ANA", "C0ONCALL", "/billing")
    workspace.control.clear_faults()
    slack.chat_postMessage(channel="C0ONCALL", text="after")

    assert error.value.response.status_code == 503
    assert outcome["error"] == "workspace_down"
    assert texts(workspace) == ["before", "after"]


def test_a_fault_may_concern_one_channel_and_a_time() -> None:
    clock = ShiftedClock()
    with running_workspace(clock=clock) as workspace:
        slack = WebClient(token="xoxb-local", base_url=workspace.api, retry_handlers=[])
        workspace.control.inject("ratelimited", channel="C0ONCALL", seconds=30)

        with pytest.raises(SlackApiError):
            slack.chat_postMessage(channel="C0ONCALL", text="x")
        elsewhere = slack.chat_postMessage(channel="C0LEADS", text="x")
        clock.advance(31)
        afterwards = slack.chat_postMessage(channel="C0ONCALL", text="x")

    assert elsewhere["ok"]
    assert afterwards["ok"]


def test_a_failed_upload_is_injected_like_any_fault(slack: WebClient, workspace: RunningWorkspace) -> None:
    workspace.control.inject("status", "upload", calls=1, status=500)

    promised = slack.files_getUploadURLExternal(filename="a.txt", length=1)

    assert loopback.post(promised["upload_url"], content=b"x").status_code == 500
    assert loopback.post(promised["upload_url"], content=b"x").status_code == 200


def test_with_limits_on_a_channel_takes_a_burst_and_then_about_one_message_a_second() -> None:
    clock = ShiftedClock()
    with running_workspace(clock=clock) as workspace:
        slack = WebClient(token="xoxb-local", base_url=workspace.api, retry_handlers=[])
        workspace.control.limit_rates(on=True)
        for _ in range(3):
            slack.chat_postMessage(channel="C0ONCALL", text="x")

        with pytest.raises(SlackApiError) as error:
            slack.chat_postMessage(channel="C0ONCALL", text="x")
        elsewhere = slack.chat_postMessage(channel="C0LEADS", text="x")
        clock.advance(float(error.value.response.headers["Retry-After"]))
        afterwards = slack.chat_postMessage(channel="C0ONCALL", text="x")

    assert error.value.response.status_code == 429
    assert elsewhere["ok"]
    assert afterwards["ok"]


def test_with_limits_on_a_method_has_its_tier(slack: WebClient, workspace: RunningWorkspace) -> None:
    workspace.control.limit_rates(on=True)
    for _ in range(20):  # tier 2
        slack.usergroups_list()

    with pytest.raises(SlackApiError) as error:
        slack.usergroups_list()

    assert refused(error) == "ratelimited"
    assert 50 <= int(error.value.response.headers["Retry-After"]) <= 60


def test_a_fault_of_an_unknown_kind_is_refused_with_what_is_wrong(workspace: RunningWorkspace) -> None:
    answer = loopback.post(f"{workspace.url}/control/faults", json={"kind": "gremlins"})

    assert answer.status_code == 422
    assert "kind" in answer.json()["error"]
