"""files.* through the real slack_sdk: three steps, a thread, an image block."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.kit.loopback import loopback
from tests.kit.workspace import RunningWorkspace
from tests.sandbox.workspace.test_chat import refused

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def test_a_chart_is_uploaded_into_a_thread(slack: WebClient, workspace: RunningWorkspace) -> None:
    root = slack.chat_postMessage(channel="C0ONCALL", text="root")["ts"]

    uploaded = slack.files_upload_v2(
        channel="C0ONCALL",
        thread_ts=root,
        filename="rate.png",
        content=PNG,
        title="Rate",
        alt_txt="rises",
        initial_comment="Look",
    )["file"]

    [reply] = workspace.control.thread("C0ONCALL", root)
    [file] = reply["files"]
    assert (reply["text"], file["title"], file["alt_txt"], file["mimetype"]) == ("Look", "Rate", "rises", "image/png")
    assert uploaded["shares"]["public"]["C0ONCALL"][0] == {"ts": reply["ts"], "thread_ts": root, "team_id": "T0BILLING"}
    assert loopback.get(file["url_private"]).content == PNG
    assert slack.files_info(file=file["id"])["file"]["size"] == len(PNG)


def test_a_file_that_is_no_picture_is_only_downloaded(slack: WebClient) -> None:
    file = slack.files_upload_v2(channel="C0ONCALL", filename="page.html", content="<script>1</script>")["file"]

    answer = loopback.get(file["url_private"])

    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_finished_picture_may_stand_in_an_image_block_and_an_unfinished_one_not(slack: WebClient) -> None:
    promised = slack.files_getUploadURLExternal(filename="a.png", length=len(PNG))
    block = {"type": "image", "alt_text": "a", "slack_file": {"id": promised["file_id"]}}
    loopback.post(promised["upload_url"], content=PNG).raise_for_status()

    with pytest.raises(SlackApiError) as early:
        slack.chat_postMessage(channel="C0ONCALL", text="x", blocks=[block])
    slack.files_completeUploadExternal(files=[{"id": promised["file_id"], "title": "A"}])
    posted = slack.chat_postMessage(channel="C0ONCALL", text="x", blocks=[block])

    assert refused(early) == "invalid_blocks"
    assert posted["ok"]


def test_an_upload_of_another_length_than_announced_is_refused(slack: WebClient) -> None:
    promised = slack.files_getUploadURLExternal(filename="a.png", length=3)

    answer = loopback.post(promised["upload_url"], content=b"four")

    assert answer.status_code == 400
    with pytest.raises(SlackApiError) as error:
        slack.files_completeUploadExternal(files=[{"id": promised["file_id"], "title": "A"}])
    assert refused(error) == "file_not_found"


def test_a_form_upload_is_taken_too(slack: WebClient) -> None:
    promised = slack.files_getUploadURLExternal(filename="a.png", length=len(PNG))

    answer = loopback.post(promised["upload_url"], files={"file": ("a.png", PNG)})

    assert answer.status_code == 200


def test_a_channel_without_the_bot_takes_no_file(slack: WebClient) -> None:
    with pytest.raises(SlackApiError) as error:
        slack.files_upload_v2(channel="C0GENERAL", filename="a.txt", content="x")

    assert refused(error) == "not_in_channel"


def test_blocks_beside_an_upload_are_shown_unless_there_is_a_comment_or_a_markdown_block(
    slack: WebClient, workspace: RunningWorkspace
) -> None:
    slack.files_upload_v2(channel="C0ONCALL", filename="a.txt", content="x", blocks='[{"type": "divider"}]')
    with pytest.raises(SlackApiError) as error:
        slack.files_upload_v2(
            channel="C0ONCALL", filename="a.txt", content="x", blocks='[{"type": "markdown", "text": "x"}]'
        )

    assert workspace.control.messages("C0ONCALL")[0]["blocks"][0]["type"] == "divider"
    assert refused(error) == "internal_error"
