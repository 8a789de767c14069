"""What snapshots make of incidents: repeated, re-ordered, partial, late."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.alerts import LATE, Told, joined
from bot.engine.alerts import firing as firing_of
from bot.engine.incident import REOPEN, Snapshot, State
from bot.engine.severity import worst
from tests.kit.alerts import Group, firing, minute, resolved, snapshot

A = {"alertname": "Drift", "tenant": "a", "severity": "warning"}
B = {"alertname": "Drift", "tenant": "b", "severity": "critical"}


def test_a_first_alert_opens_an_incident_and_asks_for_a_diagnosis() -> None:
    group = Group()

    (outcome,) = group.tell(snapshot(firing(labels=A)))

    assert outcome.is_opened
    assert outcome.needs_diagnosis
    assert not outcome.is_resolved
    incident = outcome.after.incident
    assert (incident.state, incident.episode, incident.started_at) == (State.FIRING, 1, minute(0))
    assert (incident.title, incident.severity, incident.labels) == ("Drift", "warning", A)


def test_the_same_snapshot_again_changes_nothing_that_people_see() -> None:
    group = Group()
    group.tell(snapshot(firing(seen=0)))

    (repeated,) = group.tell(snapshot(firing(seen=240)))

    assert not repeated.is_visible
    assert not repeated.needs_diagnosis
    assert repeated.after.incident.changed_at == minute(0)


def test_an_alert_that_joins_asks_for_another_diagnosis_in_the_same_incident() -> None:
    group = Group()
    group.tell(snapshot(firing("a")))

    (outcome,) = group.tell(snapshot(firing("a", seen=1), firing("b", since=1)))

    assert not outcome.is_opened
    assert outcome.needs_diagnosis
    assert {fingerprint for fingerprint, _ in outcome.started} == {"b"}


def test_a_snapshot_without_an_alert_does_not_resolve_it() -> None:
    group = Group()
    group.tell(snapshot(firing("a"), firing("b")))

    group.tell(snapshot(resolved("b", until=3)))

    assert group.only.incident.state is State.FIRING


def test_an_incident_is_resolved_when_its_last_alert_is_and_as_of_that_alerts_own_time() -> None:
    group = Group()
    group.tell(snapshot(firing("a"), firing("b")))
    group.tell(snapshot(resolved("a", until=3, seen=4)))

    (outcome,) = group.tell(snapshot(resolved("b", until=2, seen=5)))

    assert outcome.is_resolved
    assert outcome.after.incident.resolved_at == minute(3)


def test_a_firing_snapshot_that_arrives_after_the_resolve_it_was_sent_before_changes_nothing() -> None:
    group = Group()
    group.tell(snapshot(firing(seen=0)))
    group.tell(snapshot(resolved(until=2)))

    (late,) = group.tell(snapshot(firing(seen=4)))

    assert not late.is_visible
    assert group.only.incident.state is State.RESOLVED


def test_a_resolve_that_arrives_first_opens_and_resolves_and_the_firing_after_it_changes_nothing() -> None:
    group = Group()

    (first,) = group.tell(snapshot(resolved(until=2)))
    (second,) = group.tell(snapshot(firing(seen=3)))

    assert first.is_opened
    assert first.is_resolved
    assert not second.is_visible


def test_an_alert_told_to_fire_long_after_its_resolve_fires_again_under_its_old_start() -> None:
    group = Group()
    group.tell(snapshot(firing()))
    group.tell(snapshot(resolved(until=2)))

    (outcome,) = group.tell(snapshot(firing(seen=2 + LATE / timedelta(minutes=1) + 1)))

    assert outcome.is_reopened
    assert outcome.after.incident.resolved_at is None


def test_a_new_start_soon_after_the_end_reopens_the_incident_and_nobody_has_acknowledged_that() -> None:
    group = Group()
    group.tell(snapshot(firing()))
    (outcome,) = group.tell(snapshot(resolved(until=5)))
    known = outcome.after.incident
    group.episodes[known.id] = replace(
        outcome.after, incident=replace(known, acknowledged_by="U1", acknowledged_at=minute(1))
    )

    (again,) = group.tell(snapshot(firing(since=5 + REOPEN / timedelta(minutes=1))))

    assert again.is_reopened
    assert again.after.incident.reopenings == 1
    assert again.needs_diagnosis
    assert again.after.incident.id == known.id
    assert again.after.incident.acknowledged_by is None


def test_a_new_start_long_after_the_end_is_a_new_episode() -> None:
    group = Group()
    group.tell(snapshot(firing()))
    group.tell(snapshot(resolved(until=5)))

    (outcome,) = group.tell(snapshot(firing(since=21)))

    assert outcome.is_opened
    assert outcome.after.incident.episode == 2


def test_a_new_start_ends_the_old_one_whose_resolve_never_came() -> None:
    group = Group()
    group.tell(snapshot(firing(since=0)))
    group.tell(snapshot(firing(since=60)))

    group.tell(snapshot(resolved(since=60, until=70)))

    assert group.only.incident.state is State.RESOLVED
    assert group.only.incident.resolved_at == minute(70)


def test_split_labels_fan_a_group_out() -> None:
    group = Group()

    outcomes = group.tell(snapshot(firing("a", labels=A), firing("b", labels=B)))

    assert {outcome.after.incident.labels["tenant"] for outcome in outcomes} == {"a", "b"}
    assert {outcome.after.incident.severity for outcome in outcomes} == {"warning", "critical"}


def test_a_snapshot_touches_only_the_incidents_whose_alerts_it_tells_of() -> None:
    group = Group()
    group.tell(snapshot(firing("a", labels=A), firing("b", labels=B)))

    outcomes = group.tell(snapshot(resolved("a", until=3, labels=A)))

    assert [outcome.after.incident.labels["tenant"] for outcome in outcomes] == ["a"]


def test_an_alert_stays_with_its_incident_when_the_rules_change() -> None:
    group = Group()
    (before,) = group.tell(snapshot(firing(labels=A)))
    moved = replace(firing(labels=A), seen_at=minute(1), labels=B)  # B leads to another incident

    (outcome,) = group.tell(snapshot(moved))

    assert outcome.after.incident.id == before.after.incident.id


def test_labels_and_annotations_are_those_that_all_alerts_share() -> None:
    group = Group()

    group.tell(
        snapshot(
            firing("a", labels={**A, "item": "1"}, annotations={"summary": "x", "item": "1"}),
            firing("b", labels={**A, "item": "2"}, annotations={"summary": "x", "item": "2"}),
        )
    )

    assert group.only.incident.labels == A
    assert group.only.incident.annotations == {"summary": "x"}


def test_the_newest_snapshot_says_how_many_alerts_were_cut() -> None:
    group = Group()
    group.tell(snapshot(firing(seen=0), truncated=3))
    (more,) = group.tell(snapshot(firing(seen=2), truncated=4))

    (older,) = group.tell(snapshot(firing(seen=1), truncated=2))

    assert more.is_visible
    assert more.after.incident.truncated == 4
    assert older.after.incident.truncated == 4


def test_a_changed_annotation_is_seen_and_is_no_reason_to_ask_again() -> None:
    group = Group()
    group.tell(snapshot(firing(annotations={"summary": "3 %"})))

    (outcome,) = group.tell(snapshot(firing(seen=1, annotations={"summary": "5 %"})))

    assert outcome.is_visible
    assert not outcome.needs_diagnosis
    assert outcome.after.incident.annotations == {"summary": "5 %"}


def test_thousands_of_alerts_in_one_group_are_one_incident() -> None:
    group = Group()

    group.tell(snapshot(*(firing(str(number), since=number / 1000) for number in range(3000))))

    assert len(group.only.alerts) == 3000


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        pytest.param(["warning", "critical", "info"], "critical", id="the gravest"),
        pytest.param(["page", "info"], "info", id="ours before other people's"),
        pytest.param(["", "page"], "page", id="some before none"),
        pytest.param(["none", "page"], "page", id="none is least"),
        pytest.param([], "none", id="nothing said"),
        pytest.param(["x" * 100], "x" * 32, id="cut to its column"),
    ],
)
def test_the_severity_is_the_worst_of_its_alerts(severities: list[str], expected: str) -> None:
    assert worst(severities) == expected


# What is told of one alert, in any order ------------------------------------------------------------------------

MINUTES = st.integers(0, 14)
SEEN = st.integers(0, 60)


@st.composite
def tellings(draw: st.DrawFn, fingerprints: str = "a") -> Told:
    """Anything a snapshot may say of an alert that started within a quarter of an hour."""
    since, seen = draw(MINUTES), draw(SEEN)
    fingerprint = draw(st.sampled_from(fingerprints))
    labels = {"alertname": "Drift", "tenant": "t" if fingerprint < "c" else "u", "severity": fingerprint}
    if draw(st.booleans()):
        annotations = {"summary": draw(st.sampled_from("xy"))}
        return firing(fingerprint, since=since, seen=seen, labels=labels, annotations=annotations)
    return resolved(fingerprint, since=since, until=since + draw(MINUTES), seen=seen, labels=labels)


SAME = st.tuples(tellings(), tellings(), tellings()).map(
    lambda three: tuple(replace(each, starts_at=minute(0)) for each in three)
)


@given(SAME)
def test_what_is_told_of_an_alert_joins_in_any_order_and_however_often(three: tuple[Told, Told, Told]) -> None:
    expected = joined(joined(*three[:2]), three[2])

    for one, two, three_ in itertools.permutations(three):
        assert joined(joined(one, two), three_) == expected
        assert joined(one, joined(two, three_)) == expected
    assert joined(expected, expected) == expected


def snapshots_of(fingerprints: str) -> st.SearchStrategy[list[Snapshot]]:
    def same_moment(told: list[Told]) -> Snapshot:
        unlike = {each.identity: replace(each, seen_at=told[0].seen_at) for each in told}
        return snapshot(*unlike.values())

    some = st.lists(tellings(fingerprints), min_size=1, max_size=4).map(same_moment)
    return st.lists(some, min_size=1, max_size=6)


@given(told=snapshots_of("abcd"), data=st.data())
def test_snapshots_in_any_order_and_told_twice_end_in_the_same_incidents(
    told: list[Snapshot], data: st.DataObject
) -> None:
    in_order, shuffled = Group(), Group()
    for each in told:
        in_order.tell(each)

    for each in data.draw(st.permutations(told + told)):
        shuffled.tell(each)

    assert shuffled.standing() == in_order.standing()


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Snapshot], int]:
    """What an Alertmanager tells of some bouts of trouble, an hour between them: each snapshot has the alerts that
    fire and those that ended since the last. Second: how many bouts there are."""
    told: list[Snapshot] = []
    bouts = draw(st.integers(1, 3))
    for bout in range(bouts):
        began = bout * 75.0
        runs = {
            fingerprint: (began + draw(MINUTES) / 2, began + 8 + draw(MINUTES) / 7)
            for fingerprint in draw(st.sets(st.sampled_from("abcd"), min_size=1))
        }
        flushes = sorted({*(since for since, _ in runs.values()), *(until for _, until in runs.values())})
        for last, at in zip([began - 1, *flushes], flushes, strict=False):
            alerts = [
                firing(name, since=since, seen=at) if at < until else resolved(name, since=since, until=until, seen=at)
                for name, (since, until) in runs.items()
                if since <= at and last < until
            ]
            if alerts:
                told.append(snapshot(*alerts))
    return told, bouts


@given(history=histories(), data=st.data())
def test_two_alertmanagers_and_delays_of_minutes_open_no_second_incident(
    history: tuple[list[Snapshot], int], data: st.DataObject
) -> None:
    told, bouts = history
    in_order, delayed = Group(), Group()
    for each in told:
        in_order.tell(each)

    arrivals = [
        (each.received_at + timedelta(minutes=data.draw(st.floats(0, 4.5))), each) for each in told for _ in range(2)
    ]
    for arrived, each in sorted(arrivals, key=lambda pair: pair[0]):
        delayed.tell(replace(each, received_at=arrived, told=tuple(replace(one, seen_at=arrived) for one in each.told)))

    def facts(group: Group) -> list[tuple[object, ...]]:
        return sorted(
            (episode.incident.episode, episode.incident.state, episode.incident.resolved_at, *sorted(episode.alerts))
            for episode in group.episodes.values()
        )

    assert facts(delayed) == facts(in_order)
    assert len(delayed.episodes) == bouts
    assert all(not episode.is_open for episode in delayed.episodes.values())


@st.composite
def anything(draw: st.DrawFn) -> Snapshot:
    """Snapshots that no Alertmanager would send, over a whole day."""
    seen = draw(st.integers(0, 1440))
    told = {}
    for fingerprint in draw(st.sets(st.sampled_from("abcd"), min_size=1)):
        since = draw(st.integers(0, 1440))
        labels = {"alertname": "Drift", "tenant": "t" if fingerprint < "c" else "u"}
        ends = draw(st.none() | st.integers(0, 60))
        each = (
            firing(fingerprint, since=since, seen=seen, labels=labels)
            if ends is None
            else resolved(fingerprint, since=since, until=since + ends, seen=seen, labels=labels)
        )
        told[each.identity] = each
    return snapshot(*told.values())


@given(st.lists(anything(), max_size=12))
def test_whatever_comes_at_most_one_incident_of_a_key_is_open_and_a_repeat_changes_nothing(
    told: list[Snapshot],
) -> None:
    group = Group()

    for each in told:
        group.tell(each)
        again = group.tell(each)

        assert not any(outcome.is_visible for outcome in again)
        open_keys = [episode.incident.key for episode in group.episodes.values() if episode.is_open]
        assert len(open_keys) == len(set(open_keys))
        fire = [identity for episode in group.episodes.values() for identity in firing_of(episode.alerts)]
        assert len(fire) == len(set(fire))
        for episode in group.episodes.values():
            assert episode.is_open == bool(firing_of(episode.alerts))
            assert (episode.incident.resolved_at is None) == episode.is_open
