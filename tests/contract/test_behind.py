"""What is overdue and has no job any more."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import insert

from bot.store import behind, leases, orders
from bot.store.database import Database
from bot.store.tables import diagnoses, messages
from tests.kit.moments import NOON
from tests.kit.trust import INCIDENT, REVISION, Office

MESSAGE: Mapping[str, object] = {
    "incident_id": INCIDENT,
    "text": "",
    "blocks": [],
    "revision": 2,
    "sent_revision": 1,
    "created_at": NOON,
    "changed_at": NOON,
}


def test_a_diagnosis_not_finished_in_time_is_behind(database: Database) -> None:
    Office(database=database).open_incident()
    rows = [
        {"number": 1, "ordered_at": NOON, "finished_at": NOON},
        {"number": 2, "ordered_at": NOON, "finished_at": None},
        {"number": 3, "ordered_at": NOON + timedelta(minutes=5), "finished_at": None},
    ]
    with database.begin() as conn:
        conn.execute(insert(diagnoses), [{"incident_id": INCIDENT, "content": REVISION, **row} for row in rows])

    with database.read() as conn:
        found = behind.diagnoses(conn, ordered_before=NOON + timedelta(minutes=1))

    assert found == [(INCIDENT, 2)]


def test_a_channel_with_an_overdue_message_and_no_delivery_is_behind(database: Database) -> None:
    Office(database=database).open_incident()
    later = NOON + timedelta(minutes=5)
    rows: list[Mapping[str, object]] = [
        {"id": "1", "subject": "a", "channel": "#overdue", "next_attempt_at": None},
        {"id": "2", "subject": "b", "channel": "#postponed", "next_attempt_at": later},
        {"id": "3", "subject": "c", "channel": "#under-way", "next_attempt_at": None},
        {"id": "4", "subject": "d", "channel": "#under", "next_attempt_at": None},
        {"id": "5", "subject": "e", "channel": "#sent", "next_attempt_at": None, "sent_revision": 2},
    ]
    with database.begin() as conn:
        for row in rows:
            conn.execute(insert(messages).values(**{**MESSAGE, **row}))
        leases.add(conn, orders.deliver("#under-way", NOON))

    with database.read() as conn:
        found = behind.channels(conn, due_before=NOON + timedelta(minutes=1))

    assert found == ["#overdue", "#under"]
