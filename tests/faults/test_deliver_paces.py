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


def test_edits_that_follow_at_once_leave_half_of_what_may_come_at_once_to_other_messages(room: Room) -> None:
    room.say("root:busy", "new")
    room.say("root:quiet", "new")
    room.settle()
    for number in range(30):
        room.say("root:busy", f"state {number}")
        room.send()
        room.pass_time(0.1)
    busy, edits = room.texts()[0], len(room.workspace.control.calls("chat.update"))
    room.pass_time(8)
    room.say("root:quiet", "changed")
    room.send()
    quiet = room.texts()[1]
    room.pass_time(2)
    room.send()

    assert 10 <= edits <= 12
    assert busy != "state 29"
    assert (quiet, room.texts()[0]) == ("changed", "state 29")


def test_what_changes_all_the_time_does_not_keep_what_matters_less_from_being_shown(room: Room) -> None:
    cards = [f"request:{number}" for number in range(10)]
    root = room.say("root:1", "new")
    for card in cards:
        room.say(card, "new", thread_of=root)
    room.settle()
    for number in range(20):
        for card in cards:
            room.say(card, f"state {number}")
        if number == 8:  # what may come at once has long been used up
            room.say("root:1", "resolved")
        room.send()
        room.pass_time(5)

    assert room.texts() == ["resolved"]
    assert min(int(said(reply).removeprefix("state ")) for reply in room.replies()) >= 10
