"""What Slack refuses is said elsewhere, more simply or later, and everybody can see why."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.doctor.delivery import delivery
from bot.doctor.finding import Level
from bot.store import pacing
from bot.store.database import Database
from bot.store.stock import stock
from tests.kit.slack import CHANNEL, FALLBACK, FALLBACK_ID, Room, said, section
from tests.kit.workspace import Json, RunningWorkspace, running_workspace

OTHER = "#billing-leads"


@pytest.fixture(scope="module")
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


@pytest.fixture
def room(sqlite_database: Database, workspace: RunningWorkspace) -> Room:
    workspace.control.reset()
    return Room(sqlite_database, workspace)


def in_fallback(room: Room) -> list[Json]:
    return [each for each in room.workspace.control.messages(FALLBACK_ID) if each.get("bot_id")]


def small_print(message: Json) -> str:
    return str(message["blocks"][-1]["elements"][0]["text"])


@pytest.mark.parametrize("word", ["channel_not_found", "not_in_channel", "is_archived"])
def test_what_a_channel_does_not_take_goes_to_the_fallback_channel_and_says_where_it_belongs(
    room: Room, word: str
) -> None:
    room.workspace.control.inject("error", "chat.postMessage", channel=CHANNEL, code=word)
    root = room.say("root:1", "firing", blocks=[section("firing")])
    room.say("evidence:1", "evidence", thread_of=root)
    room.settle(CHANNEL, FALLBACK)

    (message,) = in_fallback(room)
    assert f"This belongs in {CHANNEL}" in small_print(message)
    assert word in small_print(message)
    assert [said(reply) for reply in message["replies"]] == ["evidence"]
    assert room.texts() == []


@pytest.mark.parametrize(
    ("word", "elsewhere"),
    [("invalid_blocks", False), ("msg_too_long", False), ("not_in_channel", True), ("channel_not_found", True)],
)
def test_what_slack_did_not_show_as_meant_is_told_for_an_hour(room: Room, word: str, elsewhere: bool) -> None:
    fault = {"channel": CHANNEL} if elsewhere else {"calls": 1}
    room.workspace.control.inject("error", "chat.postMessage", code=word, **fault)
    room.say("root:1", "firing", blocks=[section("firing")])
    room.settle(CHANNEL, FALLBACK)

    with room.database.read() as conn:
        soon, later = stock(conn, room.at), stock(conn, room.at + timedelta(hours=2))
    (line,) = [each for each in delivery(room.database, now=room.at) if each.level is Level.WARNING]
    assert (soon.otherwise, later.otherwise) == ({word: 1}, {})
    assert word in line.what
    assert ("fallback" in line.todo) is elsewhere


def test_a_channel_that_is_lost_after_the_root_was_posted_moves_the_whole_thread(room: Room) -> None:
    root = room.say("root:1", "firing")
    room.settle()
    room.workspace.control.inject("error", "chat.update", code="is_archived", calls=1)
    room.say("root:1", "resolved")
    room.say("card:1", "card", thread_of=root)
    room.settle(CHANNEL, FALLBACK)

    assert [said(each).splitlines()[0] for each in in_fallback(room)] == ["resolved"]
    assert [said(reply) for reply in in_fallback(room)[0]["replies"]] == ["card"]


def test_a_fallback_channel_that_does_not_take_it_either_is_waited_for_and_told(room: Room) -> None:
    room.workspace.control.inject("error", "chat.postMessage", code="channel_not_found")
    room.say("root:1", "firing")
    room.send(CHANNEL)
    room.send(FALLBACK)

    assert (room.row("root:1").channel, room.row("root:1").error) == (FALLBACK, "channel_not_found")
    assert room.ordered[-1].delay > timedelta(minutes=14)


def test_a_pause_that_slack_asks_for_is_kept_in_every_channel_by_every_replica(room: Room) -> None:
    room.workspace.control.inject("ratelimited", "chat.postMessage", calls=1, retry_after=30)
    room.say("root:1", "one")
    room.say("root:2", "two", channel=OTHER)
    room.send(CHANNEL)
    other_replica = Room(room.database, room.workspace, at=room.at)
    other_replica.send(OTHER)
    during = len(room.workspace.control.calls("chat.postMessage"))

    room.pass_time(31)
    room.send(CHANNEL)
    room.send(OTHER)

    assert during == 1
    assert (room.texts(), [said(each) for each in in_fallback(room)]) == (["one"], ["two"])


def test_a_pause_of_one_method_leaves_the_others_at_work(room: Room) -> None:
    room.say("root:1", "firing")
    room.settle()
    room.workspace.control.inject("ratelimited", "chat.postMessage", calls=1, retry_after=30)
    room.say("root:2", "another")
    room.send()
    room.say("root:1", "resolved")
    room.send()

    assert room.texts() == ["resolved"]


def test_too_many_messages_in_the_workspace_is_a_pause_like_any_other(room: Room) -> None:
    room.workspace.control.inject("error", "chat.postMessage", calls=1, code="message_limit_exceeded")
    room.say("root:1", "one")
    room.send()
    with room.database.read() as conn:
        paused = pacing.pauses(conn, room.at)
    room.settle()

    assert [(each.key, each.why) for each in paused] == [("chat.postMessage", "message_limit_exceeded")]
    assert room.texts() == ["one"]


def test_a_token_that_slack_does_not_take_stops_everything_until_somebody_has_looked(room: Room) -> None:
    room.workspace.control.inject("error", "*", calls=1, code="invalid_auth")
    for number in range(5):
        room.say(f"root:{number}", f"root {number}")
    room.send()
    calls = len(room.workspace.control.calls())
    with room.database.read() as conn:
        told = stock(conn, room.at).paused
    room.settle()

    assert calls == 1
    assert told["*"][0] == "invalid_auth"
    assert len(room.texts()) == 5


def test_a_missing_scope_stops_what_needs_it_and_names_it(room: Room) -> None:
    root = room.say("root:1", "root")
    room.workspace.control.inject("error", "files.getUploadURLExternal", calls=1, code="missing_scope")
    room.say("chart:1:1:drift", "Drift", thread_of=root, image_title="Drift")
    room.say("card:1", "card", thread_of=root)
    room.send()
    with room.database.read() as conn:
        paused = pacing.pauses(conn, room.at)

    assert [(each.key, each.why) for each in paused] == [("files.getUploadURLExternal", "missing_scope")]
    assert [said(reply) for reply in room.replies()] == ["card"]


def test_what_is_too_long_even_in_words_is_attached_as_a_file(room: Room) -> None:
    lines = [f"line {number} of the story" for number in range(400)]
    room.workspace.control.inject("error", "chat.postMessage", calls=1, code="msg_too_long")
    blocks = [section("\n".join(lines[at : at + 100])) for at in range(0, 400, 100)]
    room.say("root:1", "short", blocks=blocks)
    room.settle()

    (reply,) = room.replies()
    content = "\n".join(lines)
    assert [(file["title"], file["size"]) for file in reply["files"]] == [("In full", len(content))]
    assert room.texts()[0].startswith("line 0 of the story")


def test_a_late_message_says_how_late_and_the_next_edit_does_not(room: Room) -> None:
    room.workspace.control.inject("down", seconds=600)
    room.say("root:1", "firing", blocks=[section("firing")])
    room.send()
    room.workspace.control.clear_faults()
    room.pass_time(250)
    room.settle()
    late = small_print(room.roots()[0])
    room.say("root:1", "resolved", blocks=[section("resolved")])
    room.settle()

    assert late == ":hourglass: delayed 4 min by Slack"
    assert len(room.roots()[0]["blocks"]) == 1


def test_what_people_must_act_on_goes_first_when_slack_takes_only_so_much(room: Room) -> None:
    root = room.say("root:1", "root")
    room.settle()
    for kind in ("evidence:1:1", "checklist:1", "evidence:1:2", "chart:1"):
        room.say(kind, kind, thread_of=root)
    room.say("root:2", "new")
    room.say("request:1", "request", thread_of=root)
    room.say("broken:1", "somebody acted alone")
    room.send()
    room.settle()

    posted = sorted((each for each in [*room.roots(), *room.replies()]), key=lambda each: float(each["ts"]))
    assert [said(each) for each in posted][:4] == ["root", "somebody acted alone", "request", "new"]


def test_a_slack_that_is_down_is_asked_less_and_less(room: Room) -> None:
    room.workspace.control.inject("down")
    for number in range(20):
        room.say(f"root:{number}", f"root {number}")
    for _ in range(60):
        room.send()
        room.pass_time(1)
    asked = len(room.workspace.control.calls())
    room.workspace.control.clear_faults()
    room.settle()

    assert asked <= 3 + 5  # three in a row say that it is down; then after 2, 4, 8, 16 and 32 seconds
    assert sorted(each.splitlines()[0] for each in room.texts()) == sorted(f"root {n}" for n in range(20))
