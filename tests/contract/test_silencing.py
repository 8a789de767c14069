"""Silences: an Alertmanager and its fake behave alike, and whatever gets lost in between, there is one silence."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, update

from bot.adapters.alertmanager import Alertmanager
from bot.core.errors import CountersignError, Refused, Unavailable, Unknown
from bot.core.ports import Silenced, Silencer
from bot.desk import Cause, Declined, Done, silence, unsilence
from bot.engine.approval import Why
from bot.engine.silence import Silence, State
from bot.store import silences
from bot.store.database import Database
from bot.store.tables import incident_alerts, incidents
from bot.store.tables import silences as rows
from tests.kit.alertmanager import FakeSilencer, alertmanager
from tests.kit.moments import NOON
from tests.kit.trust import APPROVER, GUEST, INCIDENT, LEAD, OUTSIDER, Office

__all__ = ["alertmanager"]

LABELS = {"alertname": "Dead", "system": "ledger", "tenant": 'a "quoted" one', "pod": "ledger-7"}
HOUR = timedelta(hours=1)


@pytest.fixture(params=["real", "fake"])
def silencer(request: pytest.FixtureRequest) -> Iterator[Silencer]:
    if request.param == "fake":
        yield FakeSilencer()
        return
    with closing(Alertmanager(request.getfixturevalue("alertmanager"))) as real:
        yield real


def of(silencer: Silencer, comment: str) -> list[Silenced]:
    return [each for each in silencer.silences(timeout=30) if each.comment == comment]


def test_a_silence_is_made_found_and_ended(silencer: Silencer) -> None:
    now, comment = datetime.now(UTC), f"a deploy [{uuid4()}]"

    number = silencer.silence(
        LABELS, since=now, until=now + HOUR, created_by="Ana (U0ANA)", comment=comment, timeout=30
    )
    (made,) = of(silencer, comment)
    silencer.end_silence(number, timeout=30)
    silencer.end_silence(number, timeout=30)
    (ended,) = of(silencer, comment)

    assert (made.number, made.created_by, made.is_over, ended.is_over) == (number, "Ana (U0ANA)", False, True)
    assert sorted(made.matchers) == [
        'alertname="Dead"',
        'pod="ledger-7"',
        'system="ledger"',
        r'tenant="a \"quoted\" one"',
    ]
    assert abs(made.ends_at - now - HOUR) < timedelta(seconds=1)


def test_ending_one_that_is_not_there_ends_nothing(silencer: Silencer) -> None:
    silencer.end_silence(str(uuid4()), timeout=30)


def test_what_alertmanager_will_not_have_is_refused(alertmanager: str) -> None:
    now = datetime.now(UTC)
    with closing(Alertmanager(alertmanager)) as real, pytest.raises(Refused):
        real.silence({}, since=now, until=now + HOUR, created_by="Ana", comment="everything", timeout=30)


def opened(database: Database) -> Office:
    made = Office(database, silencer=FakeSilencer())
    made.open_incident()
    fire(made, "f1", LABELS)
    with database.begin() as conn:
        group = {"alertname": "Dead", "tenant": LABELS["tenant"]}
        conn.execute(update(incidents).values(labels=LABELS, group_labels=group))
    return made


@pytest.fixture
def office(sqlite_database: Database) -> Office:
    return opened(sqlite_database)


def fire(office: Office, fingerprint: str, labels: dict[str, str]) -> None:
    with office.database.begin() as conn:
        told = {"status": "firing", "annotations": {}, "generator_url": "", "seen_at": NOON}
        conn.execute(
            insert(incident_alerts).values(
                incident_id=INCIDENT, fingerprint=fingerprint, starts_at=NOON, labels=labels, **told
            )
        )


def fake(office: Office) -> FakeSilencer:
    assert isinstance(office.silencer, FakeSilencer)
    return office.silencer


def active(office: Office) -> list[Silenced]:
    return [each for each in fake(office).held.values() if not each.is_over]


def silenced(office: Office, person: str = APPROVER, length: timedelta = HOUR) -> Done | Declined:
    return silence(office.desk, person=person, incident_id=INCIDENT, length=length, reason="a deploy")


def held(office: Office) -> Silence:
    """The silence that was asked for, whatever became of it."""
    with office.database.read() as conn:
        found = silences.get(conn, conn.execute(rows.select().order_by(rows.c.asked_at.desc())).one().id)
    assert found is not None
    return found


def test_an_approver_silences_the_group_for_a_while(database: Database) -> None:
    office = opened(database)
    assert isinstance(silenced(office), Done)
    office.work()

    (made,) = active(office)
    assert held(office).state is State.ACTIVE
    assert set(made.matchers) == {'alertname="Dead"', 'system="ledger"', r'tenant="a \"quoted\" one"'}
    assert made.comment == f"a deploy [countersign incident {INCIDENT} silence {held(office).id}]"
    assert made.created_by == f"u0first ({APPROVER})"
    assert made.ends_at == NOON + HOUR
    assert [kind for kind in office.kinds() if kind.startswith("silence")] == ["silence.asked", "silence.active"]


@pytest.mark.parametrize(
    ("person", "why"),
    [(OUTSIDER, Why.NOT_IN_GROUP), (GUEST, Why.GUEST), ("U0NOBODY", Why.UNCERTAIN)],
    ids=["outsider", "guest", "unknown"],
)
def test_who_approves_nothing_here_silences_nothing(office: Office, person: str, why: Why) -> None:
    told = silenced(office, person)
    office.work()

    assert isinstance(told, Declined)
    assert told.why is why
    assert fake(office).made == 0
    assert office.kinds() == ["silence.refused"]


@pytest.mark.parametrize("length", [timedelta(seconds=59), timedelta(days=8), timedelta(0), -HOUR])
def test_a_silence_is_neither_a_moment_nor_for_ever(office: Office, length: timedelta) -> None:
    told = silenced(office, length=length)

    assert isinstance(told, Declined)
    assert told.why is Cause.BAD_INPUT


def test_a_second_silence_is_declined_and_says_whose_the_first_is(office: Office) -> None:
    silenced(office)
    told = silenced(office, LEAD)
    office.work()

    assert isinstance(told, Declined)
    assert told.why is Cause.ALREADY_SILENCED
    assert f"<@{APPROVER}>" in told.say
    assert len(active(office)) == 1


def test_of_two_who_silence_at_once_one_is_told_of_the_other(database: Database) -> None:
    office = opened(database)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda person: silenced(office, person), [APPROVER, LEAD, APPROVER, LEAD]))
    office.work()

    assert [isinstance(each, Done) for each in told].count(True) == 1
    assert len(active(office)) == 1


def test_alerts_that_share_nothing_are_not_silenced_for_that_would_be_everything(office: Office) -> None:
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(labels={}))

    told = silenced(office)

    assert isinstance(told, Declined)
    assert "everything" in told.say


def test_what_is_over_is_not_silenced(office: Office) -> None:
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(state="resolved"))

    told = silenced(office)

    assert isinstance(told, Declined)
    assert told.why is Cause.NOT_FIRING


@pytest.mark.parametrize(
    ("error", "effective"),
    [
        pytest.param(Unavailable("Alertmanager", "no connection"), False, id="not-reached"),
        pytest.param(Unknown("Alertmanager", "no answer within 10 s"), True, id="answer-lost"),
    ],
)
def test_a_call_that_goes_wrong_is_repeated_and_makes_one_silence(
    office: Office, error: CountersignError, effective: bool
) -> None:
    fake(office).fails = [error]
    fake(office).is_effective = effective
    silenced(office)
    office.work()
    waiting = held(office)

    office.pass_time(timedelta(minutes=1))

    assert (waiting.state, waiting.error is None) == (State.WANTED, False)
    assert (held(office).state, held(office).error) == (State.ACTIVE, None)
    assert (fake(office).made, len(active(office))) == (1, 1)


def test_of_two_that_were_made_all_the_same_one_is_ended(office: Office) -> None:
    silenced(office)
    office.work()
    first = active(office)[0]
    fake(office).silence(LABELS, since=NOON, until=first.ends_at, created_by="x", comment=first.comment, timeout=30)

    with office.database.begin() as conn:
        conn.execute(update(rows).values(state="wanted"))
    office.handlers["silence"](held(office).id)

    assert [each.number for each in active(office)] == [first.number]


def test_a_no_is_told_and_not_tried_again(office: Office) -> None:
    fake(office).fails = [Refused("Alertmanager", "bad matcher")]
    silenced(office)
    office.pass_time(timedelta(minutes=10))

    assert (held(office).state, held(office).error) == (State.FAILED, "bad matcher")
    assert fake(office).made == 0
    assert isinstance(silenced(office), Done)


def test_when_nobody_answers_until_its_end_it_is_given_up(office: Office) -> None:
    fake(office).fails = [Unavailable("Alertmanager", "down")] * 1000
    silenced(office, length=timedelta(minutes=2))
    office.pass_time(timedelta(minutes=5))
    assert held(office).state is State.WANTED
    fake(office).fails = []
    office.pass_time(timedelta(minutes=1))

    assert held(office).state is State.FAILED
    assert fake(office).made == 0


def test_a_job_that_was_lost_is_ordered_again(office: Office) -> None:
    silenced(office)
    office.forget_jobs()
    office.at += timedelta(minutes=1)
    office.sweep()
    office.work()

    assert held(office).state is State.ACTIVE


def test_it_ends_by_itself(office: Office) -> None:
    silenced(office)
    office.work()
    number = active(office)[0].number
    office.pass_time(timedelta(minutes=59))
    assert held(office).state is State.ACTIVE
    fake(office).end_silence(number, timeout=30)  # as Alertmanager does when its time is up
    office.pass_time(timedelta(minutes=2))

    assert held(office).state is State.OVER
    assert office.kinds()[-1] == "silence.over"


def test_an_approver_lifts_it_before_its_time(office: Office) -> None:
    silenced(office)
    office.work()

    assert isinstance(unsilence(office.desk, person=LEAD, incident_id=INCIDENT), Done)
    office.work()
    again = unsilence(office.desk, person=LEAD, incident_id=INCIDENT)

    assert active(office) == []
    assert (held(office).state, held(office).ended_by) == (State.OVER, LEAD)
    assert office.audited("silence.over")[0].actor == LEAD
    assert isinstance(again, Declined)
    assert again.why is Cause.NOT_SILENCED


def test_lifting_what_was_never_known_to_be_made_leaves_nothing_behind(office: Office) -> None:
    fake(office).fails, fake(office).is_effective = [Unknown("Alertmanager", "lost")], True
    silenced(office)
    office.work()
    unsilence(office.desk, person=APPROVER, incident_id=INCIDENT)
    office.pass_time(timedelta(minutes=1))

    assert active(office) == []
    assert held(office).state is State.OVER


def test_an_outsider_lifts_nothing(office: Office) -> None:
    silenced(office)
    office.work()
    told = unsilence(office.desk, person=OUTSIDER, incident_id=INCIDENT)

    assert isinstance(told, Declined)
    assert len(active(office)) == 1


def made_elsewhere(office: Office, *, matches: dict[str, str] | None = None, comment: str = "maintenance") -> Silenced:
    number = fake(office).silence(
        matches or {"system": "ledger"}, since=NOON, until=NOON + HOUR, created_by="bo", comment=comment, timeout=30
    )
    return fake(office).held[number]


def test_one_made_in_alertmanager_is_shown_and_left_alone(database: Database) -> None:
    office = opened(database)
    made_elsewhere(office)
    office.silences_seen()
    office.silences_seen()

    assert (held(office).is_ours, held(office).person, held(office).reason) == (False, "bo", "maintenance")
    told = unsilence(office.desk, person=LEAD, incident_id=INCIDENT)
    assert isinstance(told, Declined)
    assert "Alertmanager itself" in told.say
    assert office.kinds().count("silence.seen") == 1


def test_one_that_does_not_cover_the_incident_for_a_while_is_shown_again_when_it_does(office: Office) -> None:
    made_elsewhere(office, matches={"pod": "ledger-7"})
    office.silences_seen()
    fire(office, "f2", {**LABELS, "pod": "ledger-8"})
    office.silences_seen()
    between = held(office).state
    with office.database.begin() as conn:
        conn.execute(incident_alerts.delete().where(incident_alerts.c.fingerprint == "f2"))
    office.silences_seen()

    assert (between, held(office).state) == (State.OVER, State.ACTIVE)


def test_one_that_covers_only_some_of_its_alerts_is_not_its_silence(office: Office) -> None:
    fire(office, "f2", {**LABELS, "pod": "ledger-8"})
    made_elsewhere(office, matches={"pod": "ledger-7"})
    office.silences_seen()

    with office.database.read() as conn:
        assert silences.live(conn, INCIDENT) == ()


def test_one_of_ours_that_is_ended_in_alertmanager_is_over(office: Office) -> None:
    silenced(office)
    office.work()
    fake(office).end_silence(active(office)[0].number, timeout=30)
    office.silences_seen()

    assert held(office).state is State.OVER


def test_looking_makes_nothing_of_our_own_silences(office: Office) -> None:
    silenced(office)
    office.work()
    office.silences_seen()

    assert held(office).is_ours
