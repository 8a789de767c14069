"""Which rule an alert belongs to: system by `match`, rule by matchers or event, first match wins."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.canonical import sha256
from bot.core.event import ops_event
from bot.engine.system import EventPattern, Rule, System

UNROUTED = "unrouted"
"""System, event and runbook of alerts that no rule claims: they get an incident like any other, without questions."""

_EVENT_LABEL = "ops_event"
_MAX_EVENT = 200  # as long as its column


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Where an alert leads. `severity` is the rule's or else the alert's own, `split` the labels that set it apart."""

    system: str
    event: str
    rule: str
    runbook: str
    channel: str
    severity: str
    split: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_routed(self) -> bool:
        return self.runbook != UNROUTED


def route(labels: Mapping[str, str], systems: Iterable[System], *, fallback: str) -> Route:
    """The route of an alert with these labels.

    An alert of a system without a fitting rule goes to that system's channel, one of no system to `fallback`: nothing
    that arrives is left unseen.
    """
    event = event_of(labels)
    claimed = [system for system in systems if all(matcher.matches(labels) for matcher in system.match)]
    for system in claimed:
        for rule in system.rules:
            if _fits(rule, labels, event):
                return _routed(system, rule, labels, event)
    owner = claimed[0].system if claimed else UNROUTED
    return Route(
        system=owner,
        event=event or UNROUTED,
        rule=f"{owner}/{UNROUTED}",
        runbook=UNROUTED,
        channel=claimed[0].channel if claimed else fallback,
        severity=labels.get("severity", ""),
    )


def route_event(event: str, metadata: Mapping[str, str], systems: Iterable[System], *, fallback: str) -> Route:
    """The route of an ops event that a host sent: the first rule for its name, of the system that the name begins with.

    Matchers are about alerts and are not asked; the labels a rule splits by are looked for in the metadata.
    """
    name = event.partition(".")[0]
    owner = next((system for system in systems if system.system == name), None)
    for rule in owner.rules if owner else ():
        if owner is not None and EventPattern(rule.event).matches(event):
            return _routed(owner, rule, metadata, event)
    return Route(
        system=name if owner else UNROUTED,
        event=event,
        rule=f"{name if owner else UNROUTED}/{UNROUTED}",
        runbook=UNROUTED,
        channel=owner.channel if owner else fallback,
        severity="",
    )


def group_digest(*, source: str, receiver: str, group_key: str) -> str:
    """The first half of the keys of all incidents of one Alertmanager group: 32 hex digits.

    Two Alertmanagers of one cluster give a group the same receiver and groupKey, and so the same digest.
    """
    return sha256([source, receiver, group_key])[:32]


def incident_key(group: str, route: Route) -> str:
    """The key of the incident an alert of this group and route belongs to: 64 hex digits."""
    return group + sha256([route.rule, dict(route.split)])[:32]


def _fits(rule: Rule, labels: Mapping[str, str], event: str | None) -> bool:
    """By its matchers, where it has some: alerts of other people's making carry no ops_event."""
    if rule.alert:
        return all(matcher.matches(labels) for matcher in rule.alert)
    return event is not None and EventPattern(rule.event).matches(event)


def _routed(system: System, rule: Rule, labels: Mapping[str, str], event: str | None) -> Route:
    is_named = event is not None and EventPattern(rule.event).matches(event)
    return Route(
        system=system.system,
        event=event if event is not None and is_named else rule.event,
        rule=f"{system.system}/{rule.event}/{rule.runbook}",
        runbook=rule.runbook,
        channel=rule.channel or system.channel,
        severity=rule.severity or labels.get("severity", ""),
        split={name: labels.get(name, "") for name in rule.split_by},
    )


def event_of(labels: Mapping[str, str]) -> str | None:
    try:
        event = ops_event(labels.get(_EVENT_LABEL, ""))
    except ValueError:
        return None
    return event if len(event) <= _MAX_EVENT else None
