"""Every day the audit's head leaves the database, once, so that nobody can cut the record short unnoticed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Connection, delete, select

from bot.jobs.checkpoint import Checkpoints
from bot.store import audit, messages
from bot.store.audit import Checkpoint, Fault
from bot.store.database import Database
from bot.store.messages import Message
from bot.store.tables import audit as table
from bot.store.tables import messages as message_rows
from bot.store.work import Job
from tests.kit.moments import NOON
from tests.kit.slack import CHANNEL, Room, said
from tests.kit.tampering import tamper
from tests.kit.workspace import RunningWorkspace, running_workspace

DAY = timedelta(days=1)
_NUMBERS = count(1)


@dataclass
class Replica:
    """One replica's daily look, on a clock that the test moves."""

    database: Database
    at: datetime = NOON
    hour: int = 0
    ordered: list[Job] = field(default_factory=list)

    def look(self) -> None:
        Checkpoints(
            database=self.database,
            enqueue=self.enqueue,
            new_id=lambda: f"00000000-0000-4000-8000-{next(_NUMBERS):012d}",
            now=lambda: self.at,
            channel=CHANNEL,
            hour=self.hour,
        )()

    def enqueue(self, conn: Connection, job: Job) -> None:
        self.ordered.append(job)

    def note(self, number: int = 1) -> None:
        for _ in range(number):
            with self.database.begin() as conn:
                audit.append(conn, kind="request.voted", actor="U0FIRST", now=self.at, data={})

    def posted(self) -> list[str]:
        """The subjects of all that was posted, in order."""
        with self.database.read() as conn:
            return list(conn.scalars(select(message_rows.c.subject).order_by(message_rows.c.created_at)))

    def message(self, day: datetime) -> Message:
        with self.database.read() as conn:
            found = messages.by_subject(conn, f"checkpoint:{day:%Y-%m-%d}")
        assert found is not None
        return found


@pytest.fixture
def replica(database: Database) -> Replica:
    return Replica(database)


@pytest.fixture(scope="module")
def workspace() -> Iterator[RunningWorkspace]:
    with running_workspace() as running:
        yield running


def test_the_head_is_posted_once_a_day_and_noted_in_the_audit(replica: Replica) -> None:
    replica.note(3)
    with replica.database.read() as conn:
        head = audit.head(conn)

    replica.at += DAY
    replica.look()
    replica.at += timedelta(hours=1)
    replica.look()

    assert replica.posted() == [f"checkpoint:{NOON + DAY:%Y-%m-%d}"]
    assert len(replica.ordered) == 1
    assert str(head) in replica.message(NOON + DAY).text + str(replica.message(NOON + DAY).blocks)
    with replica.database.read() as conn:
        newest = conn.execute(select(table).order_by(table.c.seq.desc()).limit(1)).one()
        assert audit.verify(conn).is_intact
    assert (newest.kind, newest.seq) == ("audit.checkpoint", 4)
    assert f'"head":"{head}"' in newest.data


def test_replicas_that_look_at_once_post_one(replica: Replica) -> None:
    replica.note()
    others = [Replica(replica.database, at=NOON + DAY) for _ in range(6)]

    with ThreadPoolExecutor(len(others)) as threads:
        for done in [threads.submit(each.look) for each in others]:
            done.result()

    assert len(replica.posted()) == 1
    assert sum(len(each.ordered) for each in others) == 1


def test_the_next_day_posts_the_next(replica: Replica) -> None:
    replica.note()

    for _ in range(3):
        replica.at += DAY
        replica.look()

    assert len(replica.posted()) == 3


def test_a_missed_day_is_made_up_for_when_the_bot_is_back(replica: Replica) -> None:
    replica.note()

    replica.at += 5 * DAY
    replica.look()

    assert replica.posted() == [f"checkpoint:{NOON + 5 * DAY:%Y-%m-%d}"]


@pytest.mark.parametrize(("clock", "days"), [(12, 0), (13, 1)], ids=["before-the-hour", "at-the-hour"])
def test_it_falls_due_at_the_hour_that_was_set(replica: Replica, clock: int, days: int) -> None:
    replica.note()
    replica.hour = 13

    replica.at = NOON.replace(hour=clock)
    replica.look()

    assert len(replica.posted()) == days


def test_nothing_is_posted_before_there_is_something_to_note(replica: Replica) -> None:
    replica.look()
    replica.note()
    replica.look()

    assert replica.posted() == []


def test_an_audit_that_does_not_verify_is_told_loudly_and_again_tomorrow(replica: Replica) -> None:
    replica.note(4)
    tamper(replica.database, lambda conn: conn.execute(delete(table).where(table.c.seq == 2)))

    for _ in range(2):
        replica.at += DAY
        replica.look()

    for day in (NOON + DAY, NOON + 2 * DAY):
        assert "NOT INTACT" in replica.message(day).text
        assert "entry 3 (missing)" in str(replica.message(day).blocks)


def test_what_slack_shows_finds_a_cut_end(replica: Replica, workspace: RunningWorkspace) -> None:
    replica.note(3)
    replica.at += DAY
    replica.look()
    room = Room(replica.database, workspace, at=replica.at)
    room.send()
    message = room.roots()[-1]
    shown = str(message["blocks"]).partition("--checkpoint ")[2].partition("`")[0]

    tamper(replica.database, lambda conn: conn.execute(delete(table).where(table.c.seq >= 3)))

    assert "3 entries, intact" in said(message)
    with replica.database.read() as conn:
        assert audit.verify(conn).is_intact
        (finding,) = audit.verify(conn, checkpoint=Checkpoint.parse(shown)).findings
    assert (finding.seq, finding.fault) == (3, Fault.TRUNCATED)
