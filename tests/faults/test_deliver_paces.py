"""What is called of Slack besides the one call a message needs is paced like it, whatever a channel is called."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.store.database import Database
from tests.kit.slack import CHANNEL, CHANNEL_ID, Room, said, section
from tests.kit.workspace import RunningWorkspace, running_workspace

TABLE: dict[str, Any] = {
    "type": "table",
    "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in ("ab", "cd")],
}


@pytest.fixture(scope="module")
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


@pytest.fixture
def room(sqlite_database: Database, workspace: RunningWorkspace) -> Room:
    workspace.control.reset()
    return Room(sqlite_database, workspace)


def test_a_message_that_took_three_posts_has_used_up_what_a_channel_takes_at_once(room: Room) -> None:
    room.workspace.control.inject("error", "chat.postMessage", calls=2, code="invalid_blocks")
    room.say("root:1", "one", blocks=[section("one"), TABLE])
    room.say("root:2", "two")
    room.send()
    at_once = len(room.roots())
    room.pass_time(2)
    room.send()

    assert at_once == 1
    assert [text.split()[0] for text in room.texts()] == ["one", "two"]


def test_a_channel_is_one_whether_it_is_called_by_its_name_or_by_its_id(room: Room) -> None:
    for number, channel in enumerate((CHANNEL, CHANNEL_ID)):
        room.say(f"root:{number}", channel, channel=channel)
        room.send(channel)
        room.pass_time(10)  # from now on its id is known
    for number in range(4):
        room.say(f"name:{number}", "by name")
        room.say(f"id:{number}", "by id", channel=CHANNEL_ID)
    room.send(CHANNEL)
    room.send(CHANNEL_ID)

    assert [said(root) for root in room.roots()[2:]] == ["by name"] * 3


def test_a_lost_post_that_is_found_outdated_is_edited_with_a_token_of_its_own(room: Room) -> None:
    room.workspace.control.inject("lost_reply", "chat.postMessage", calls=1)
    room.say("root:1", "firing")
    room.send()
    room.say("root:1", "resolved")
    room.pass_time(16)
    room.workspace.control.inject("ratelimited", "chat.update", calls=1, retry_after=30)
    room.send()
    found = room.row("root:1")
    room.pass_time(31)
    room.send()

    assert (found.slack_ts, found.sent_revision) == (room.roots()[0]["ts"], 1)
    assert len(room.workspace.control.calls("conversations.history")) == 1
    assert room.texts() == ["resolved"]
