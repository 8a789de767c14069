"""An incident whose remedy could not be verified: open again, whatever is told of its alerts, until it is closed."""

from bot.engine.incident import State
from bot.engine.opening import ended
from bot.engine.unproven import is_doubted, is_only_doubted, opened_again
from tests.kit.alerts import Group, firing, minute, resolved, snapshot

A = {"alertname": "Drift", "tenant": "a", "severity": "warning"}


def doubted(group: Group, at: float) -> None:
    outcome = opened_again(group.only, request_id="request", now=minute(at))
    assert outcome.is_reopened
    group.episodes[outcome.after.incident.id] = outcome.after


def over() -> Group:
    group = Group()
    group.tell(snapshot(firing(labels=A)))
    group.tell(snapshot(resolved(labels=A, until=3)))
    return group


def test_what_is_over_opens_again_as_it_was() -> None:
    group = over()
    before = group.only.incident

    doubted(group, 5)

    incident = group.only.incident
    assert (incident.state, incident.resolved_at, incident.changed_at) == (State.FIRING, None, minute(5))
    assert (incident.id, incident.labels, incident.reopenings) == (before.id, before.labels, before.reopenings)
    assert is_only_doubted(group.only.alerts)


def test_what_goes_on_is_left_alone() -> None:
    group = Group()
    group.tell(snapshot(firing(labels=A)))

    outcome = opened_again(group.only, request_id="request", now=minute(5))

    assert outcome.after == outcome.before
    assert not is_doubted(outcome.after.alerts)


def test_no_webhook_ends_it() -> None:
    group = over()
    doubted(group, 5)

    group.tell(snapshot(resolved(labels=A, until=3, seen=6)))
    assert group.only.incident.state is State.FIRING
    assert group.only.incident.labels == A

    group.tell(snapshot(firing(labels=A, since=7)))
    assert is_doubted(group.only.alerts)
    assert not is_only_doubted(group.only.alerts)

    group.tell(snapshot(resolved(labels=A, since=7, until=9)))
    assert group.only.incident.state is State.FIRING
    assert is_only_doubted(group.only.alerts)


def test_a_person_ends_it_for_good() -> None:
    group = over()
    doubted(group, 5)

    closed = ended(group.only, by="U0ANA", now=minute(8)).after
    group.episodes[closed.incident.id] = closed
    group.tell(snapshot(resolved(labels=A, until=3, seen=9)))

    assert group.only.incident.state is State.RESOLVED
    assert not is_doubted(group.only.alerts)
