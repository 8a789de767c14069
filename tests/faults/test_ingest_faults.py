"""Nothing that was acknowledged is lost: the real server, killed or cut off from its database under load."""

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import deliveries, incidents
from tests.kit.databases import PostgreSQL
from tests.kit.ingest import TOKEN, recorded
from tests.kit.serving import bot
from tests.kit.waiting import eventually, survives_idling

_SENDERS = 16


class Senders:
    """Threads that post one webhook after the other, each with a group of its own, and note what was acknowledged."""

    def __init__(self, address: str, *, events: bool = False) -> None:
        """With `events`, every second sender is a host that posts ops events."""
        self._events = events
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self._address = address
        self._stopping = threading.Event()

    @contextmanager
    def sending(self) -> Iterator[None]:
        with ThreadPoolExecutor(_SENDERS) as threads:
            for number in range(_SENDERS):
                threads.submit(self._send, number)
            try:
                yield
            finally:
                self._stopping.set()

    def _send(self, number: int) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=f"http://{self._address}", headers=headers, timeout=12) as client:
            turn = 0
            while not self._stopping.is_set():
                turn += 1
                key = f"sender {number} turn {turn}"
                try:
                    if self._events and number % 2:
                        answer = client.post("/ops-events", json=event_as(key))
                    else:
                        answer = client.post("/alertmanager", json=recorded_as(key))
                except httpx.TransportError:
                    continue  # no answer is no promise
                if answer.is_success:
                    self.acknowledged.append(key)
                else:
                    self.refused.append(answer.status_code)


def recorded_as(group_key: str) -> dict[str, Any]:
    return recorded("ha_firing_1") | {"groupKey": group_key}


def event_as(identity: str) -> dict[str, Any]:
    return {"event": "shop.orders.late", "id": identity, "occurred_at": "2026-11-20T12:00:00Z"}


def stored(database_url: str) -> set[str]:
    with closing(Database(database_url)) as database, database.read() as conn:
        bodies = [json.loads(body) for body in conn.scalars(select(deliveries.c.body))]
    return {body.get("groupKey") or body["id"] for body in bodies}


def opened(database_url: str) -> int:
    with closing(Database(database_url)) as database, database.read() as conn:
        return len(conn.scalars(select(incidents.c.id)).all())


def missing(acknowledged: Sequence[str], database_url: str) -> set[str]:
    return set(acknowledged) - stored(database_url)


@pytest.mark.parametrize(("after", "events"), [(30, True), (150, False)])
def test_kill_9_under_load_loses_nothing_that_was_acknowledged(
    database_url: str, tmp_path: Path, after: int, events: bool
) -> None:
    with bot(database_url, tmp_path) as running:
        senders = Senders(running.address, events=events)
        with senders.sending():
            assert eventually(lambda: len(senders.acknowledged) >= after)
            running.kill()

    assert missing(senders.acknowledged, database_url) == set()


def test_the_next_process_folds_what_the_killed_one_had_stored(database_url: str, tmp_path: Path) -> None:
    with bot(database_url, tmp_path) as running:
        senders = Senders(running.address)
        with senders.sending():
            assert eventually(lambda: len(senders.acknowledged) >= 10)
            running.kill()
    groups = len(stored(database_url))

    with bot(database_url, tmp_path):
        assert eventually(lambda: opened(database_url) == groups)


def test_a_stop_under_load_answers_what_it_took_and_refuses_no_sender_for_good(
    database_url: str, tmp_path: Path
) -> None:
    with bot(database_url, tmp_path) as running:
        senders = Senders(running.address)
        with senders.sending():
            assert eventually(lambda: len(senders.acknowledged) >= 40)
            code = running.end()

    assert code == 0
    assert missing(senders.acknowledged, database_url) == set()
    assert set(senders.refused) <= {503}


def test_a_connection_that_a_proxy_keeps_open_is_not_closed_under_it(tmp_path: Path) -> None:
    with bot(f"sqlite:///{tmp_path}/bot.db", tmp_path) as running:
        assert survives_idling(running.address, "/healthz")


def test_a_database_that_crashes_under_load_is_503_until_it_is_back(postgresql: PostgreSQL, tmp_path: Path) -> None:
    with postgresql.fresh() as url, bot(url, tmp_path) as running:
        senders = Senders(running.address)
        with senders.sending():
            assert eventually(lambda: len(senders.acknowledged) >= 40)
            postgresql.restart("immediate")
            before = len(senders.acknowledged)
            assert eventually(lambda: len(senders.acknowledged) >= before + 40)

        assert missing(senders.acknowledged, url) == set()
        assert set(senders.refused) <= {503}
        assert running.is_up()
