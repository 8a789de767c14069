"""Whatever Slack does to a message: it is said once, and it ends up saying the latest."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.core.place import Place
from bot.store import messages, sending
from bot.store.database import Database
from tests.kit.slack import CHANNEL, CHANNEL_ID, PICTURE, Room, said, section
from tests.kit.workspace import RunningWorkspace, ShiftedClock, running_workspace


@pytest.fixture(scope="module")
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


@pytest.fixture
def room(database: Database, workspace: RunningWorkspace) -> Room:
    workspace.control.reset()
    return Room(database, workspace)


def behind(room: Room) -> int:
    with room.database.read() as conn:
        return messages.backlog(conn).count


def test_a_message_is_posted_and_then_edited_in_place(room: Room) -> None:
    room.say("root:1", "firing")
    room.send()
    room.say("root:1", "resolved")
    room.send()

    assert room.texts() == ["resolved"]
    assert room.row("root:1").sent_revision == 2


def test_edits_that_pile_up_are_sent_as_one(room: Room) -> None:
    room.say("root:1", "firing")
    room.send()
    for number in range(5):
        room.say("root:1", f"state {number}")
    room.send()

    assert room.texts() == ["state 4"]
    assert len(room.workspace.control.calls("chat.update")) == 1


def test_saying_the_same_again_sends_nothing(room: Room) -> None:
    room.say("root:1", "firing")
    room.send()
    room.say("root:1", "firing")
    room.send()

    assert room.row("root:1").revision == 1
    assert room.workspace.control.calls("chat.update") == []


def test_a_thread_follows_its_root_in_the_order_its_messages_were_made(room: Room) -> None:
    root = room.say("root:1", "root")
    for name in ("evidence", "checklist"):
        room.say(f"{name}:1", name, thread_of=root)
    room.send()

    assert [said(reply) for reply in room.replies()] == ["evidence", "checklist"]


def test_a_thread_waits_for_a_root_that_could_not_be_posted(room: Room) -> None:
    room.workspace.control.inject("ratelimited", "chat.postMessage", calls=1, retry_after=5)
    room.say("evidence:1", "evidence", thread_of=room.say("root:1", "root"))
    room.send()
    before = room.texts()

    room.pass_time(6)
    room.send()

    assert before == []
    assert room.texts() == ["root"]
    assert [said(reply) for reply in room.replies()] == ["evidence"]


def test_slack_is_left_alone_for_as_long_as_it_asks(room: Room) -> None:
    room.workspace.control.inject("ratelimited", "chat.postMessage", calls=1, retry_after=30)
    room.say("root:1", "one")
    room.say("root:2", "two")
    room.send()
    asked = len(room.workspace.control.calls("chat.postMessage"))
    room.pass_time(29)
    room.send()

    assert asked == 1
    assert len(room.workspace.control.calls("chat.postMessage")) == 1
    assert {job.delay for job in room.ordered} >= {timedelta(seconds=30, milliseconds=50)}


def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(room: Room) -> None:
    room.workspace.control.inject("lost_reply", "chat.postMessage", calls=1)
    room.say("root:1", "firing")
    room.send()
    room.pass_time(5)
    room.send()

    assert room.texts() == ["firing"]
    assert room.row("root:1").sent_revision == 1
    assert len(room.workspace.control.calls("chat.postMessage")) == 1


def test_a_lost_post_that_is_outdated_when_found_is_brought_up_to_date(room: Room) -> None:
    room.workspace.control.inject("lost_reply", "chat.postMessage", calls=1)
    room.say("root:1", "firing")
    room.send()
    room.say("root:1", "resolved")
    room.pass_time(5)
    room.send()

    assert room.texts() == ["resolved"]
    assert len(room.workspace.control.calls("chat.postMessage")) == 1


def test_a_reply_whose_answer_was_lost_is_found_in_its_thread(room: Room) -> None:
    root = room.say("root:1", "root")
    room.send()
    room.workspace.control.inject("lost_reply", "chat.postMessage", calls=1)
    room.say("card:1", "card", thread_of=root)
    room.send()
    room.pass_time(5)
    room.send()

    assert [said(reply) for reply in room.replies()] == ["card"]


def test_a_post_that_never_arrived_is_posted_after_all(room: Room) -> None:
    room.workspace.control.inject("status", "chat.postMessage", calls=1, status=500)
    room.say("root:1", "firing")
    room.send()
    room.pass_time(5)
    room.send()

    assert room.texts() == ["firing"]


def test_what_becomes_critical_is_seen_in_the_channel_too_and_other_replies_are_not(room: Room) -> None:
    root = room.say("root:1", "root")
    for subject in ("worse:1:error", "worse:1:critical", "again:1:1"):
        room.say(subject, subject, thread_of=root)
        room.send()
        room.pass_time(5)

    shown = {said(reply): reply["broadcast"] for reply in room.replies()}
    assert shown == {"worse:1:error": False, "worse:1:critical": True, "again:1:1": False}


def test_a_sender_that_died_after_the_post_leaves_no_second_one(room: Room) -> None:
    room.say("root:1", "firing")
    with room.database.begin() as conn:
        dying = sending.take(conn, room.row("root:1").id, room.at)
    assert dying is not None
    post = {"channel": CHANNEL, "text": "firing", "blocks": (), "thread_ts": None}
    room.slack.post(**post, message_id=dying.message.id, revision=1)  # type: ignore[arg-type]  # and then it died

    room.send()
    too_early = room.row("root:1").sent_revision
    room.pass_time(5)
    room.send()

    assert too_early == 0
    assert room.texts() == ["firing"]


def test_a_sender_that_comes_back_too_late_takes_its_own_post_away(room: Room) -> None:
    room.say("root:1", "firing")
    slow = room.slack.post

    def overtaken(**post: object) -> Place:
        """The process is stopped here for so long that another sender takes over and posts."""
        room.deliver._workspace.post = slow  # type: ignore[method-assign]
        room.pass_time(50)
        room.send()
        room.pass_time(1)
        return slow(**post)  # type: ignore[arg-type]

    room.slack.post = overtaken  # type: ignore[method-assign]
    room.send()

    assert room.texts() == ["firing"]
    assert room.row("root:1").slack_ts == room.roots()[0]["ts"]


def test_blocks_that_slack_refuses_are_said_in_words(room: Room) -> None:
    room.workspace.control.inject("error", "chat.postMessage", calls=1, code="invalid_blocks")
    room.say("root:1", "short", blocks=[section("the whole story")])
    room.send()

    assert len(room.roots()) == 1
    assert room.texts()[0].startswith("the whole story")
    assert (room.row("root:1").sent_revision, room.row("root:1").error) == (1, "invalid_blocks")


def test_a_refused_table_becomes_letters_before_the_blocks_are_given_up(room: Room) -> None:
    table: dict[str, Any] = {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in ("ab", "cd")],
    }
    room.workspace.control.inject("error", "chat.postMessage", calls=1, code="invalid_blocks")
    room.say("root:1", "short", blocks=[section("kept"), table])
    room.send()

    kinds = [block["type"] for block in room.roots()[0]["blocks"]]
    assert kinds == ["section", "rich_text"]


def test_one_message_that_slack_will_not_take_holds_up_no_other(room: Room) -> None:
    room.say("root:1", "nowhere", channel=CHANNEL)
    room.workspace.control.inject("error", "chat.postMessage", calls=1, code="restricted_action")
    room.say("root:2", "two")
    room.send()

    assert room.texts() == ["two"]
    assert room.row("root:1").error == "restricted_action"


def test_a_channel_that_is_not_there_is_told_in_the_backlog(room: Room) -> None:
    room.say("root:1", "lost", channel="#no-such-channel")
    room.send("#no-such-channel")

    with room.database.read() as conn:
        behind = messages.backlog(conn)
    assert (behind.count, behind.error) == (1, "channel_not_found")


def test_a_root_that_somebody_deleted_is_posted_anew_with_its_thread(room: Room) -> None:
    root = room.say("root:1", "firing")
    room.say("card:1", "card", thread_of=root)
    room.send()
    place = room.row("root:1")
    room.slack.delete(Place(channel=CHANNEL_ID, ts=str(room.row("card:1").slack_ts)))
    room.slack.delete(Place(channel=CHANNEL_ID, ts=str(place.slack_ts)))

    room.say("root:1", "resolved")
    room.send()
    room.pass_time(1)
    room.send()

    assert room.texts() == ["resolved"]
    assert [said(reply) for reply in room.replies()] == ["card"]


def test_a_picture_is_uploaded_into_the_thread_once(room: Room) -> None:
    root = room.say("root:1", "root")
    room.workspace.control.inject("lost_reply", "files.completeUploadExternal", calls=1)
    room.say("chart:1:1:drift", "Drift", thread_of=root, image_title="Drift")
    room.send()
    room.pass_time(5)
    room.send()

    files = [file for reply in room.replies() for file in reply["files"]]
    assert [(file["title"], file["size"]) for file in files] == [("Drift", len(PICTURE))]
    assert room.row("chart:1:1:drift").sent_revision == 1


def test_what_piled_up_while_slack_was_down_comes_once_and_in_its_last_state(room: Room) -> None:
    room.workspace.control.inject("status", "*", status=503)
    for number in range(10):
        room.say(f"root:{number}", "firing")
        room.send()
        room.pass_time(10)
        room.say(f"root:{number}", "resolved")
    room.workspace.control.clear_faults()

    room.pass_time(600)
    room.settle()

    assert [each.splitlines()[0] for each in room.texts()] == ["resolved"] * 10


def test_a_storm_under_slacks_rate_limits_loses_and_repeats_nothing(database: Database) -> None:
    clock = ShiftedClock()
    with running_workspace(clock=clock) as limited:
        limited.control.limit_rates(on=True)
        room = Room(database, limited)
        for number in range(25):
            room.say(f"card:{number}", f"card {number}", thread_of=room.say(f"root:{number}", f"root {number}"))
        for _ in range(200):
            room.send()
            if not behind(room):
                break
            clock.advance(1)
            room.pass_time(1)

        assert room.texts() == [f"root {number}" for number in range(25)]
        assert [said(reply) for reply in room.replies()] == [f"card {number}" for number in range(25)]
        refused = [call for call in limited.control.calls("chat.postMessage") if call["outcome"] == "ratelimited"]
        assert len(refused) < 70  # about one for each pause: nothing is tried again before it is over


def test_a_wait_is_ordered_for_what_could_not_be_sent(room: Room) -> None:
    room.workspace.control.inject("status", "chat.postMessage", calls=1, status=502)
    room.say("root:1", "firing")
    room.send()

    assert [(job.handler, job.partition, job.delay > timedelta(0)) for job in room.ordered] == [
        ("deliver", CHANNEL, True)
    ]
