"""Messages follow the rows: said anew when something people see changed, and only then."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.slack.present import Presenter
from bot.store import attention, audit, messages
from bot.store.database import Database
from bot.store.messages import Message
from bot.store.tables import incident_alerts, incidents
from bot.store.tables import messages as message_rows
from tests.kit.trust import APPROVER, INCIDENT, REVISION, Office
from tests.kit.waiting import eventually

ROOT = f"root:{INCIDENT}"


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database)
    made.open_incident()
    return made


@pytest.fixture
def show(office: Office) -> Presenter:
    return Presenter(contents=office.contents, enqueue=office.enqueue, new_id=office.new_id)


def shown(office: Office, show: Presenter) -> Message:
    with office.database.begin() as conn:
        show.incident(conn, INCIDENT, office.at)
    return row(office)


def row(office: Office) -> Message:
    with office.database.read() as conn:
        found = messages.by_subject(conn, ROOT)
    assert found is not None
    return found


def test_an_incident_is_said_once_and_its_delivery_ordered_with_it(office: Office, show: Presenter) -> None:
    root = shown(office, show)

    assert (root.revision, root.sent_revision, root.channel) == (1, 0, "#billing")
    assert [job.id for _, job in office.waiting] == [f"deliver:#billing:{root.id}:1"]
    assert office.waiting[0][1].partition == "#billing"


def test_saying_the_same_orders_nothing(office: Office, show: Presenter) -> None:
    for _ in range(3):
        shown(office, show)

    assert row(office).revision == 1
    assert len(office.waiting) == 1


def test_a_change_that_people_see_is_a_new_revision(office: Office, show: Presenter) -> None:
    shown(office, show)
    with office.database.begin() as conn:
        attention.acknowledge(conn, INCIDENT, person="U0ANA", now=office.at)
        show.incident(conn, INCIDENT, office.at)

    assert row(office).revision == 2
    assert "U0ANA" in str(row(office).blocks)


def test_a_change_that_is_rolled_back_is_not_said(office: Office, show: Presenter) -> None:
    shown(office, show)

    def broken() -> None:
        with office.database.begin() as conn:
            attention.acknowledge(conn, INCIDENT, person="U0ANA", now=office.at)
            show.incident(conn, INCIDENT, office.at)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()

    assert row(office).revision == 1


def test_files_that_are_no_longer_kept_leave_the_alerts_own_words(office: Office, show: Presenter) -> None:
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(content="gone", annotations={"summary": "Two events are dead"}))
    root = shown(office, show)

    assert "Two events are dead" in root.text
    assert "Replay" not in str(root.blocks)


def firing(office: Office, fingerprint: str) -> dict[str, object]:
    return {
        "incident_id": INCIDENT,
        "fingerprint": fingerprint,
        "starts_at": office.at,
        "status": "firing",
        "labels": {"alertname": "Dead"},
        "annotations": {},
        "generator_url": "",
        "seen_at": office.at,
    }


def told(office: Office, show: Presenter, *alerts: tuple[str, str, timedelta]) -> str:
    """The root's words when these alerts fire: each a fingerprint, its summary, and how long after the incident."""
    rows = [
        {
            **firing(office, name),
            "labels": {"alertname": "Dead", "endpoint": name},
            "annotations": {"summary": summary} if summary else {},
            "starts_at": office.at + late,
        }
        for name, summary, late in alerts
    ]
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(annotations={}))
        conn.execute(insert(incident_alerts), rows)
    root = shown(office, show)
    return "\n".join(str(block["text"]["text"]) for block in root.blocks if isinstance(block.get("text"), dict))  # type: ignore[index,call-overload]  # it is a dict


def test_alerts_that_say_different_things_are_told_apart_by_what_they_say(office: Office, show: Presenter) -> None:
    now, late = timedelta(), timedelta(minutes=5)
    words = told(office, show, ("we_1", "3 *dead* events", now), ("we_2", "4 dead events", late))

    assert "3 ∗dead∗ events, and 1 more" in words  # noqa: RUF001 - look-alikes, which mark nothing
    assert "• 3 ∗dead∗ events\n• 4 dead events · since <!date^" in words  # noqa: RUF001


def test_alerts_that_say_the_same_or_nothing_are_told_apart_by_their_labels(office: Office, show: Presenter) -> None:
    now = timedelta()
    words = told(office, show, ("we_1", "dead events", now), ("we_2", "dead events", now), ("we_3", "", now))

    assert "• endpoint=we_1\n• endpoint=we_2\n• endpoint=we_3" in words


def calls(office: Office) -> list[Message]:
    """What calls people, in the order it was said."""
    with office.database.read() as conn:
        rows = conn.execute(select(message_rows.c.subject).order_by(message_rows.c.created_at, message_rows.c.subject))
        said = [
            messages.by_subject(conn, subject)
            for (subject,) in rows
            if subject.startswith(("worse:", "again:", "unproven:"))
        ]
    return [each for each in said if each is not None]


def test_what_becomes_worse_calls_people_once_for_each_severity(office: Office, show: Presenter) -> None:
    for severity in ("warning", "warning", "high", "high", "critical", "critical"):
        with office.database.begin() as conn:
            conn.execute(update(incidents).values(severity=severity, first_severity="warning"))
        shown(office, show)

    said = calls(office)
    assert [each.subject.rpartition(":")[2] for each in said] == ["critical", "high"]
    assert [(each.revision, each.thread_of) for each in said] == [(1, row(office).id)] * 2
    told = str(list(said[0].blocks)).replace("\\n", "\n")
    assert "It has become *critical*, it was warning: Dead events\n<!subteam^S0ONCALL>" in told


def test_what_fires_again_calls_who_looked_after_it_until_it_flaps(office: Office, show: Presenter) -> None:
    with office.database.begin() as conn:
        audit.append(conn, kind="incident.acknowledged", actor="U0ANA", now=office.at, incident_id=INCIDENT, data={})
    for times in range(1, 6):
        with office.database.begin() as conn:
            conn.execute(update(incidents).values(reopenings=times))
        shown(office, show)
        shown(office, show)

    said = [str(each.blocks) for each in calls(office)]
    assert ["<@U0ANA>" in text for text in said] == [True, True, True, False, False]
    assert "flaps" in said[-1]
    assert all("subteam" not in text for text in said)


def test_what_fires_again_and_nobody_ever_had_calls_who_is_on_call(office: Office, show: Presenter) -> None:
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(reopenings=1))
    shown(office, show)

    assert "<!subteam^S0ONCALL>" in str(calls(office)[0].blocks)


def test_an_incident_that_is_over_or_as_grave_as_ever_calls_nobody(office: Office, show: Presenter) -> None:
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(first_severity="critical"))
    shown(office, show)
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(state="resolved", reopenings=1, first_severity="info"))
    shown(office, show)

    assert calls(office) == []


@pytest.mark.parametrize("state", ["firing", "resolved"])
def test_an_action_that_did_not_come_true_calls_who_is_on_call_once_whatever_the_alert_says(
    office: Office, show: Presenter, state: str
) -> None:
    office.host.is_deaf = True
    office.approve(office.ask(), APPROVER)
    office.pass_time(timedelta(minutes=2))
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(state=state, resolved_at=office.at))

    shown(office, show)
    shown(office, show)

    [said] = calls(office)
    assert (said.revision, said.thread_of) == (1, row(office).id)
    assert "*Replay* was carried out, and its check did not come true in time" in str(said.blocks)
    assert "<!subteam^S0ONCALL>" in str(said.blocks)


def test_of_two_changes_at_once_neither_is_lost(office: Office, show: Presenter) -> None:
    """One is acknowledged while two alerts join: whoever commits last has seen both."""
    shown(office, show)
    is_begun = threading.Event()

    def join() -> None:
        is_begun.set()
        with office.database.begin() as conn:
            conn.execute(insert(incident_alerts), [firing(office, name) for name in ("f1", "f2")])
            show.incident(conn, INCIDENT, office.at)

    other = threading.Thread(target=join)
    with office.database.begin() as conn:
        attention.acknowledge(conn, INCIDENT, person="U0ANA", now=office.at)
        show.incident(conn, INCIDENT, office.at)
        other.start()
        is_begun.wait(5)
        assert not eventually(lambda: not other.is_alive(), within=0.3)
    other.join(10)

    said = str(row(office).blocks)
    assert "U0ANA" in said
    assert "2 firing" in said


def test_a_request_shows_its_card_and_a_line_in_the_root(office: Office, show: Presenter) -> None:
    request_id = office.ask()
    with office.database.begin() as conn:
        show.request(conn, request_id, office.at)

    with office.database.read() as conn:
        card = messages.by_subject(conn, f"request:{request_id}")
    assert card is not None
    assert card.thread_of == row(office).id
    assert "12.00 EUR" in str(card.blocks)
    assert "*Replay* · waiting for approval" in str(row(office).blocks)


def test_an_order_of_a_lost_click_brings_the_message_once_more(office: Office, show: Presenter) -> None:
    shown(office, show)
    with office.database.begin() as conn:
        again = messages.resend(conn, ROOT, office.at + timedelta(seconds=1))

    assert again is not None
    assert again.revision == 2
    assert REVISION not in str(again.blocks)
