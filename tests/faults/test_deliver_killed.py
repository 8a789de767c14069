"""`kill -9` in the middle of sending: the next sender finds what was said and says nothing twice."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store.database import Database
from tests.kit.slack import Room, said
from tests.kit.workspace import RunningWorkspace, running_workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


@pytest.fixture
def room(database: Database, workspace: RunningWorkspace) -> Room:
    workspace.control.reset()
    return Room(database, workspace)


def killed(room: Room, database_url: str, point: str) -> None:
    """Deliver in a process of its own, which is killed there."""
    arguments = [database_url, room.workspace.config.bot_token, room.workspace.api, point]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.kit.dying_sender", *arguments], cwd=ROOT, check=False, timeout=60
    )
    assert ended.returncode == -signal.SIGKILL
    room.at = max(room.at, datetime.now(UTC))  # that process had no other clock


@pytest.mark.parametrize("point", ["before:post", "after:post"])
def test_a_root_is_posted_once_wherever_its_sender_died(room: Room, database_url: str, point: str) -> None:
    room.say("root:1", "firing")
    killed(room, database_url, point)

    room.pass_time(10)
    room.send()

    assert room.texts() == ["firing"]
    assert room.row("root:1").sent_revision == 1


@pytest.mark.parametrize("point", ["before:post", "after:post"])
def test_a_reply_is_posted_once_wherever_its_sender_died(room: Room, database_url: str, point: str) -> None:
    root = room.say("root:1", "root")
    room.send()
    room.say("card:1", "card", thread_of=root)
    killed(room, database_url, point)

    room.pass_time(10)
    room.send()

    assert [said(reply) for reply in room.replies()] == ["card"]


@pytest.mark.parametrize("point", ["before:upload", "after:upload"])
def test_a_picture_is_shared_once_wherever_its_sender_died(room: Room, database_url: str, point: str) -> None:
    root = room.say("root:1", "root")
    room.send()
    room.say("chart:1:1:drift", "Drift", thread_of=root, image_title="Drift")
    killed(room, database_url, point)

    room.pass_time(10)
    room.send()

    assert [len(reply["files"]) for reply in room.replies()] == [1]
