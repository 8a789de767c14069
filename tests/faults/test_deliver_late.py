"""A Slack so slow that a post appears long after we gave it up: it is waited for, and one too many is taken back."""

from collections.abc import Iterator

import pytest

from bot.core.place import Place
from bot.store import behind
from bot.store.database import Database
from tests.kit.slack import CHANNEL, CHANNEL_ID, Room, said
from tests.kit.workspace import RunningWorkspace, ShiftedClock, running_workspace

CLOCK = ShiftedClock()


@pytest.fixture(scope="module")
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace(clock=CLOCK) as running:
        yield running


@pytest.fixture
def room(sqlite_database: Database, workspace: RunningWorkspace) -> Room:
    workspace.control.reset()
    return Room(sqlite_database, workspace)


def pass_time(room: Room, seconds: float) -> None:
    """For us and for Slack."""
    room.pass_time(seconds)
    CLOCK.advance(seconds)


def give_up_a_post(room: Room, subject: str = "root:1", *, thread_of: str | None = None) -> str:
    """One that Slack neither answers nor carries out before it hangs up."""
    room.workspace.control.inject("hang", "chat.postMessage", calls=1)
    message_id = room.say(subject, "firing", thread_of=thread_of)
    room.send()
    return message_id


def arrive(room: Room, message_id: str, *, thread_ts: str | None = None) -> Place:
    """What had been given up takes effect after all."""
    return room.slack.post(
        channel=CHANNEL, text="firing", blocks=(), thread_ts=thread_ts, message_id=message_id, revision=1
    )


def test_a_post_that_appears_ten_seconds_after_we_gave_it_up_is_the_only_one(room: Room) -> None:
    message_id = give_up_a_post(room)
    pass_time(room, 6)
    room.send()
    looked_once = len(room.workspace.control.calls("conversations.history"))
    pass_time(room, 4)
    late = arrive(room, message_id)
    pass_time(room, 6)
    room.send()

    assert looked_once == 1
    assert [root["ts"] for root in room.roots()] == [late.ts]
    assert room.row("root:1").slack_ts == late.ts


def test_one_that_never_appears_is_posted_when_that_is_clear(room: Room) -> None:
    give_up_a_post(room)
    pass_time(room, 6)
    room.send()
    before = room.texts()
    pass_time(room, 10)
    room.send()

    assert before == []
    assert room.texts() == ["firing"]


def test_one_that_appears_after_it_was_posted_again_is_taken_back(room: Room) -> None:
    message_id = give_up_a_post(room)
    pass_time(room, 16)
    room.send()
    ours = room.row("root:1").slack_ts
    room.say("card:1", "card", thread_of=message_id)
    room.send()
    pass_time(room, 20)
    arrive(room, message_id)
    during = len(room.roots())
    pass_time(room, 45)
    room.send()

    assert during == 2
    assert [root["ts"] for root in room.roots()] == [ours]
    assert [said(reply) for reply in room.replies()] == ["card"]
    assert room.row("root:1").unsure_until is None


def test_a_reply_that_appears_late_is_taken_back_from_its_thread(room: Room) -> None:
    root = room.say("root:1", "root")
    room.send()
    message_id = give_up_a_post(room, "card:1", thread_of=root)
    pass_time(room, 16)
    room.send()
    arrive(room, message_id, thread_ts=room.row("root:1").slack_ts)
    during = len(room.replies())
    pass_time(room, 65)
    room.send()

    assert during == 2
    assert [reply["ts"] for reply in room.replies()] == [room.row("card:1").slack_ts]


def test_one_that_somebody_replied_to_meanwhile_stays_and_says_where_it_goes_on(room: Room) -> None:
    message_id = give_up_a_post(room)
    pass_time(room, 16)
    room.send()
    late = arrive(room, message_id)
    room.workspace.control.say("U0ANA", CHANNEL_ID, "I am on it", thread_ts=late.ts)
    pass_time(room, 65)
    room.send()
    pass_time(room, 65)
    room.send()

    assert room.texts() == ["firing", "_Slack showed this message twice. It goes on in the other one._"]
    assert [said(reply) for reply in room.replies()] == ["I am on it"]


def test_another_process_takes_the_second_look_when_the_first_one_died(room: Room) -> None:
    message_id = give_up_a_post(room)
    pass_time(room, 16)
    room.send()
    arrive(room, message_id)
    pass_time(room, 65)
    with room.database.read() as conn:
        overdue = behind.channels(conn, due_before=room.at)
    Room(room.database, room.workspace, at=room.at).send()

    assert overdue == [CHANNEL]
    assert room.texts() == ["firing"]


def test_a_lost_answer_is_still_known_when_slack_was_down_for_long_after_it(room: Room) -> None:
    room.workspace.control.inject("lost_reply", "chat.postMessage", calls=1)
    room.say("root:1", "firing")
    room.send()
    room.workspace.control.inject("status", "*", status=503)
    for _ in range(20):
        pass_time(room, 60)
        room.send()
    room.workspace.control.clear_faults()
    pass_time(room, 120)
    room.settle()

    assert len(room.roots()) == 1
    assert len([call for call in room.workspace.control.calls("chat.postMessage") if call["outcome"] == "ok"]) == 1


def test_a_post_that_slack_throttled_after_a_lost_one_is_looked_for_once_more(room: Room) -> None:
    message_id = give_up_a_post(room)
    room.workspace.control.inject("ratelimited", "chat.postMessage", calls=1, retry_after=5)
    pass_time(room, 16)
    room.send()
    arrive(room, message_id)
    pass_time(room, 10)
    room.settle()

    assert room.texts() == ["firing"]
