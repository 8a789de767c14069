"""The door's parser: what a notification must be, and that nothing gets past it but as BadInput."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import BadInput
from bot.core.event import Alert, Notification, Status, ops_event, parse
from bot.engine.alerts import told

RECORDED = sorted((Path(__file__).parents[2] / "data" / "alertmanager").glob("*.json"))

ALERT: Mapping[str, object] = {
    "status": "firing",
    "labels": {"alertname": "Drift"},
    "startsAt": "2026-11-20T11:43:36.568Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "2f1cc9fc132f811d",
}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BODY: Mapping[str, object] = {
    "version": "4",
    "receiver": "bot",
    "status": "firing",
    "groupKey": '{}:{alertname="Drift"}',
    "alerts": [ALERT],
}


def body(**changes: object) -> bytes:
    return json.dumps({**BODY, **changes}).encode()


def body_of_alert(**changes: object) -> bytes:
    return body(alerts=[{**ALERT, **changes}])


def alert(**changes: object) -> Alert:
    return Alert.model_validate({**ALERT, **changes})


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_every_recorded_body_is_read_whole(path: Path) -> None:
    recorded = json.loads(path.read_text())["body"]

    notification = parse(json.dumps(recorded).encode())

    assert notification.group_key == recorded["groupKey"]
    assert notification.truncated == recorded["truncatedAlerts"]
    assert [each.fingerprint for each in notification.alerts] == [each["fingerprint"] for each in recorded["alerts"]]
    assert [each.status for each in notification.alerts] == [each["status"] for each in recorded["alerts"]]


def test_keys_of_a_newer_alertmanager_are_accepted() -> None:
    newer = body(routeLabels={"a": "b"}, alerts=[{**ALERT, "silenceURL": "http://x"}])

    assert parse(newer) == parse(body())


def test_what_makes_a_group_and_why_it_was_sent_are_read_where_they_are_said() -> None:
    said = parse(body(groupLabels={"alertname": "Dead"}, notification_reason="new alerts added"))

    assert (said.group_labels, said.because) == ({"alertname": "Dead"}, "new alerts added")


def test_nanoseconds_are_cut_to_microseconds() -> None:
    notification = parse(body_of_alert(startsAt="2026-11-20T11:43:59.002119924Z"))

    assert notification.alerts[0].starts_at == datetime(2026, 11, 20, 11, 43, 59, 2119, UTC)


def test_moments_with_another_offset_become_utc() -> None:
    notification = parse(body_of_alert(startsAt="2026-11-20T12:00:00+01:00"))

    assert told(notification.alerts[0], seen_at=NOON).starts_at.isoformat() == "2026-11-20T11:00:00+00:00"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        pytest.param(b"", "JSON", id="empty"),
        pytest.param(b"{", "JSON", id="cut off"),
        pytest.param(b"\xff\xfe{}", "JSON", id="not UTF-8"),
        pytest.param(body().replace(b"bot", b"b\xfft"), "JSON", id="not UTF-8 inside"),
        pytest.param(body().replace(b"bot", b"b\\ud800t"), "JSON", id="half a surrogate pair"),
        pytest.param(b"[" * 100_000, "JSON", id="nested too deep"),
        pytest.param(body(x=1).replace(b'"x": 1', b'"x": ' + b"[" * 500 + b"]" * 500), "JSON", id="unknown, nested"),
        pytest.param(body().replace(b"Drift", b"Dr\0ft"), "JSON", id="a raw NUL"),
        pytest.param(body_of_alert(labels={"alertname": "Dr\0ft"}), "NUL", id="NUL in a label"),
        pytest.param(body_of_alert(annotations={"\0": "x"}), "NUL", id="NUL in a name"),
        pytest.param(body(groupKey="\0"), "NUL", id="NUL in the group"),
        pytest.param(b"null", "body: ", id="null"),
        pytest.param(b"[]", "body: ", id="a list"),
        pytest.param(body(version="3"), "version: ", id="version 3"),
        pytest.param(body(version=4), "version: ", id="version as a number"),
        pytest.param(body(receiver=""), "receiver: ", id="no receiver"),
        pytest.param(body(status="pending"), "status: ", id="unknown status"),
        pytest.param(body(truncatedAlerts=-1), "truncatedAlerts: ", id="fewer than none cut"),
        pytest.param(body(truncatedAlerts=10**400), "truncatedAlerts: ", id="a huge number"),
        pytest.param(body_of_alert(labels={}), "alerts.0.labels: ", id="no labels"),
        pytest.param(body_of_alert(labels={"a": 1}), "alerts.0.labels.a: ", id="a label that is no text"),
        pytest.param(body_of_alert(fingerprint="f" * 65), "alerts.0.fingerprint: ", id="a long fingerprint"),
        pytest.param(body_of_alert(startsAt="yesterday"), "alerts.0.startsAt: ", id="no moment"),
        pytest.param(body_of_alert(startsAt="2026-11-20T11:43:36"), "alerts.0.startsAt: ", id="no time zone"),
        pytest.param(
            body_of_alert(startsAt="0001-01-01T00:00:00+05:00"), "alerts.0.startsAt: ", id="before the first year"
        ),
        pytest.param(
            body_of_alert(endsAt="9999-12-31T23:59:59-12:00"), "alerts.0.endsAt: ", id="ends after the last year"
        ),
        pytest.param(body_of_alert(startsAt="9999-12-31T23:59:59Z"), "alerts.0.startsAt: ", id="after the last year"),
    ],
)
def test_what_is_no_notification_is_refused_with_where_and_why(sent: bytes, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        parse(sent)


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    secret = "4242424242424242"

    with pytest.raises(BadInput) as refused:
        parse(body_of_alert(startsAt=secret, labels={"card": 1}, annotations=secret))

    assert secret not in str(refused.value)


def test_many_mistakes_are_counted_and_not_all_told() -> None:
    with pytest.raises(BadInput, match="and 2 more"):
        parse(b"{}")


def test_text_that_only_looks_like_an_escaped_nul_is_accepted() -> None:
    notification = parse(body_of_alert(annotations={"summary": r"a literal \u0000"}))

    assert notification.alerts[0].annotations["summary"] == r"a literal \u0000"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*BODY, *ALERT, "annotations", "truncatedAlerts", "externalURL", "generatorURL"])


@given(field=FIELDS, value=JSON)
def test_whatever_a_field_holds_is_read_or_refused(field: str, value: object) -> None:
    for sent in (body(**{field: value}), body_of_alert(**{field: value})):
        try:
            notification = parse(sent)
        except BadInput:
            continue
        assert isinstance(notification, Notification)


@given(st.binary())
def test_whatever_bytes_come_are_read_or_refused(sent: bytes) -> None:
    with pytest.raises(BadInput):
        parse(sent)


def test_a_firing_alert_has_not_ended() -> None:
    assert alert().ended is None


def test_a_resolved_alert_ended_at_its_endsat() -> None:
    resolved = alert(status=Status.RESOLVED, endsAt="2026-11-20T12:00:00Z")

    assert resolved.ended == datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize("ends", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+12:00", "2026-11-20T00:00:00Z"])
def test_a_resolved_alert_never_ended_before_it_started(ends: str) -> None:
    resolved = alert(status=Status.RESOLVED, endsAt=ends)

    assert resolved.ended == resolved.starts_at
    assert told(resolved, seen_at=NOON).ends_at == resolved.starts_at


@pytest.mark.parametrize(
    "text",
    [
        "accrue.ops.webhook_dlq.dead_lettered",
        "[:accrue, :ops, :webhook_dlq, :dead_lettered]",
        " [:accrue,:ops,:webhook_dlq,:dead_lettered] ",
    ],
)
def test_both_spellings_of_an_ops_event_mean_the_same(text: str) -> None:
    assert ops_event(text) == "accrue.ops.webhook_dlq.dead_lettered"


@pytest.mark.parametrize("text", ["", "accrue", "Accrue.Ops", "a..b", "[:a]", "a.b c", "a.b\n; drop"])
def test_other_texts_are_no_ops_event(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ops event"):
        ops_event(text)
