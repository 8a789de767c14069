"""Links: filtered where they can be, encoded, and none that holds what is private."""

from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from bot.core.event import Status
from bot.engine.alerts import Told
from bot.engine.incident import Incident, State
from bot.slack.links import links, stripe_link

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def alert(**changes: object) -> Told:
    told = {
        "fingerprint": "f1",
        "starts_at": AT,
        "status": Status.FIRING,
        "ends_at": None,
        "seen_at": AT,
        "labels": {"alertname": "Dead", "tenant": 'a "b" & c'},
        "annotations": {},
        "generator_url": "http://prometheus.example/graph?g0.expr=up",
    }
    return Told(**{**told, **changes})  # type: ignore[arg-type]  # a table of fields


def incident(**changes: object) -> Incident:
    fields = {
        "id": "i", "key": "k", "episode": 1, "state": State.FIRING, "system": "ledger", "event": "ledger.ops.dead",
        "runbook": "ledger/dead", "content": "r", "severity": "critical", "channel": "#b", "title": "Dead",
        "labels": {"alertname": "Dead", "tenant": 'a "b" & c', "pod": "x"}, "annotations": {}, "params": {},
        "truncated": 0, "external_url": "http://alertmanager.example:9093/am/", "started_at": AT, "opened_at": AT,
        "changed_at": AT, "resolved_at": None, "acknowledged_by": None, "acknowledged_at": None, "diagnoses": 0,
        "group_labels": {"alertname": "Dead", "tenant": 'a "b" & c'},
    }  # fmt: skip
    return Incident(**{**fields, **changes})  # type: ignore[arg-type]  # a table of fields


def link(label: str, *alerts: Told, grafana: str | None = None, **changes: object) -> str:
    found = links(incident(**changes), alerts or (alert(),), guide=None, grafana=grafana)
    return next((each.url for each in found if each.label == label), "")


def test_alertmanager_opens_on_the_incidents_group() -> None:
    url = link("Alertmanager")

    page, _, query = url.partition("?")
    assert page == "http://alertmanager.example:9093/am/#/alerts"
    assert parse_qs(query)["filter"] == [r'{alertname="Dead",tenant="a \"b\" & c"}']


def test_alertmanager_opens_as_it_is_where_the_filter_would_be_too_long() -> None:
    long = {"alertname": "D" * 4000}

    assert link("Alertmanager", labels=long, group_labels=long) == "http://alertmanager.example:9093/am"


@pytest.mark.parametrize(
    ("grafana", "said", "system", "page"),
    [
        pytest.param(None, None, "ledger", "", id="no-grafana"),
        pytest.param(
            "https://g.example/", None, "ledger", "https://g.example/d/countersign-ledger", id="the-systems-own"
        ),
        pytest.param(
            "https://g.example", None, "unrouted", "https://g.example/d/countersign-overview", id="of-no-system"
        ),
        pytest.param("https://g.example", "/d/abc", "ledger", "https://g.example/d/abc", id="the-alerts-by-path"),
        pytest.param(
            None, "https://o.example/d/x?var=1", "ledger", "https://o.example/d/x?var=1", id="the-alerts-whole"
        ),
        pytest.param(None, "/d/abc", "ledger", "", id="a-path-and-no-grafana"),
        pytest.param(None, "javascript:alert(1)", "ledger", "", id="no-web-address"),
    ],
)
def test_grafana_opens_the_alerts_dashboard_or_the_systems(
    grafana: str | None, said: str | None, system: str, page: str
) -> None:
    told = alert(annotations={"dashboard_url": said} if said else {})
    url = link("Grafana", told, grafana=grafana, system=system)

    around = f"from={int(AT.timestamp()) * 1000 - 1_800_000}&to=now"
    assert url == (f"{page}{'&' if '?' in page else '?'}{around}" if page else "")


def test_a_dashboard_of_what_is_over_ends_soon_after() -> None:
    url = link("Grafana", grafana="https://g.example", resolved_at=AT)

    assert url.endswith(f"to={int(AT.timestamp()) * 1000 + 1_800_000}")


def test_a_link_that_would_hold_something_private_is_left_out() -> None:
    labels = {"alertname": "Dead", "customer_email": "jane@example.com"}
    url = link("Alertmanager", alert(labels=labels), labels=labels, group_labels=labels)

    assert url == ""


@pytest.mark.parametrize(
    ("value", "mode", "page"),
    [
        ("in_1AbCdEfGh", "live", "https://dashboard.stripe.com/invoices/in_1AbCdEfGh"),
        ("sub_sched_1AbCdEfGh", "test", "https://dashboard.stripe.com/test/subscription_schedules/sub_sched_1AbCdEfGh"),
        ("pi_1AbCdEfGh", "test", "https://dashboard.stripe.com/test/payments/pi_1AbCdEfGh"),
        ("in_1AbCdEfGh", None, None),
        ("tenant-demo", "live", None),
        ("whsec_1AbCdEfGh", "live", None),
        ("in_1AbC/../x", "live", None),
        ("[masked]", "live", None),
    ],
)
def test_a_stripe_id_leads_to_its_page_in_its_mode(value: str, mode: object, page: str | None) -> None:
    assert stripe_link(value, mode) == page  # type: ignore[arg-type]  # from a table
