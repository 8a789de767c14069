"""Which rule an alert belongs to, and the keys of incidents."""

from typing import Any

from bot.engine.route import UNROUTED, Route, group_digest, incident_key, route
from bot.engine.system import System


def system(name: str, *rules: dict[str, Any], match: tuple[str, ...] | None = None) -> System:
    return System.model_validate(
        {
            "system": name,
            "title": name.title(),
            "match": (f'system="{name}"',) if match is None else match,
            "channel": f"#{name}",
            "approvers": {},
            "resources": {},
            "rules": rules,
        }
    )


DRIFT = {"event": "stripemeter.reconciliation.drift", "runbook": "stripemeter/drift", "split_by": ["tenant"]}
STRIPEMETER = system("stripemeter", DRIFT)
ACCRUE = system(
    "accrue",
    {"event": "accrue.ops.webhook_dlq.dead_lettered", "runbook": "accrue/dead-lettered", "severity": "critical"},
    {"event": "accrue.ops.*", "runbook": "accrue/ops", "channel": "#accrue-ops"},
    {"event": "accrue.queue.slow", "alert": ['alertname=~"ObanSlow.*"', 'queue!="mail"'], "runbook": "accrue/slow"},
)


def routed(**labels: str) -> Route:
    return route(labels, [STRIPEMETER, ACCRUE], fallback="#fallback")


def test_an_alert_goes_by_its_systems_matchers_and_its_event() -> None:
    found = routed(system="stripemeter", ops_event="stripemeter.reconciliation.drift", tenant="t", severity="warning")

    assert found.is_routed
    assert (found.system, found.event, found.runbook) == (
        "stripemeter",
        "stripemeter.reconciliation.drift",
        "stripemeter/drift",
    )
    assert (found.channel, found.severity, found.split) == ("#stripemeter", "warning", {"tenant": "t"})


def test_the_first_rule_that_fits_wins() -> None:
    found = routed(system="accrue", ops_event="accrue.ops.webhook_dlq.dead_lettered")

    assert found.runbook == "accrue/dead-lettered"


def test_a_pattern_takes_what_no_rule_before_it_named_and_the_event_keeps_its_name() -> None:
    found = routed(system="accrue", ops_event="accrue.ops.charge_failed")

    assert (found.runbook, found.event) == ("accrue/ops", "accrue.ops.charge_failed")


def test_the_tuple_spelling_of_an_event_means_the_same() -> None:
    found = routed(system="accrue", ops_event="[:accrue, :ops, :webhook_dlq, :dead_lettered]")

    assert found.runbook == "accrue/dead-lettered"
    assert found.event == "accrue.ops.webhook_dlq.dead_lettered"


def test_a_rule_with_matchers_takes_alerts_that_carry_no_event() -> None:
    found = routed(system="accrue", alertname="ObanSlowCritical", queue="billing")

    assert (found.runbook, found.event) == ("accrue/slow", "accrue.queue.slow")


def test_all_matchers_of_a_rule_must_hold() -> None:
    found = routed(system="accrue", alertname="ObanSlowCritical", queue="mail")

    assert not found.is_routed


def test_a_rules_severity_and_channel_come_before_the_alerts_and_the_systems() -> None:
    by_rule = routed(system="accrue", ops_event="accrue.ops.webhook_dlq.dead_lettered", severity="info")
    by_pattern = routed(system="accrue", ops_event="accrue.ops.x", severity="info")

    assert (by_rule.severity, by_rule.channel) == ("critical", "#accrue")
    assert (by_pattern.severity, by_pattern.channel) == ("info", "#accrue-ops")


def test_an_alert_of_a_system_without_a_fitting_rule_is_shown_in_that_systems_channel() -> None:
    found = routed(system="accrue", ops_event="accrue.unknown.thing", severity="critical")

    assert (found.system, found.event, found.runbook) == ("accrue", "accrue.unknown.thing", UNROUTED)
    assert (found.channel, found.severity) == ("#accrue", "critical")


def test_an_alert_of_no_system_is_shown_in_the_fallback_channel() -> None:
    found = routed(alertname="DiskFull", ops_event="not an event")

    assert (found.system, found.event, found.runbook, found.channel) == (UNROUTED, UNROUTED, UNROUTED, "#fallback")


def test_a_system_that_matches_but_has_no_rule_leaves_the_alert_to_the_next_that_has() -> None:
    other = {"event": "everything.else", "runbook": "everything/else"}
    everything = system("everything", other, match=('tenant!="x"',))

    found = route(
        {"system": "stripemeter", "ops_event": "stripemeter.reconciliation.drift"},
        [everything, STRIPEMETER],
        fallback="#fallback",
    )

    assert found.runbook == "stripemeter/drift"


def test_an_absent_split_label_is_a_value_of_its_own() -> None:
    with_tenant = routed(system="stripemeter", ops_event="stripemeter.reconciliation.drift", tenant="t")
    without = routed(system="stripemeter", ops_event="stripemeter.reconciliation.drift")

    assert incident_key("g", with_tenant) != incident_key("g", without)


def test_a_key_is_of_source_receiver_group_rule_and_split_labels() -> None:
    groups = {
        group_digest(source=source, receiver=receiver, group_key=key)
        for source in ("alertmanager", "ops-events")
        for receiver in ("bot", "audit")
        for key in ("{}:{}", "{}:{a=1}")
    }
    routes = [
        routed(system="stripemeter", ops_event="stripemeter.reconciliation.drift", tenant="t"),
        routed(system="stripemeter", ops_event="stripemeter.reconciliation.drift", tenant="u"),
        routed(system="accrue", ops_event="accrue.ops.x"),
        routed(),
    ]

    keys = {incident_key(group, each) for group in groups for each in routes}

    assert len(keys) == len(groups) * len(routes)
    assert all(len(key) == 64 for key in keys)


def test_the_keys_of_a_group_begin_with_its_digest() -> None:
    group = group_digest(source="alertmanager", receiver="bot", group_key="{}:{}")

    assert incident_key(group, routed()).startswith(group)


def test_what_is_no_part_of_the_route_changes_no_key() -> None:
    one = routed(system="stripemeter", ops_event="stripemeter.reconciliation.drift", tenant="t", severity="info")
    other = routed(system="stripemeter", ops_event="stripemeter.reconciliation.drift", tenant="t", shard="3")

    assert incident_key("g", one) == incident_key("g", other)
