"""alerts.yml: every alert says whose it is and what it means, and leads to a rule; every rule has an alert.

Whether Prometheus itself takes the file is promtool's to say; this is about the two files agreeing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from bot.core.errors import ContentError, ContentErrors
from bot.core.event import ops_event
from bot.core.matching import Matcher
from bot.core.model import Frozen
from bot.engine.catalog import Parsed
from bot.engine.check_promql import unparsed
from bot.engine.document import Document, Path, read
from bot.engine.reading import did_you_mean, validated
from bot.engine.system import EventPattern, Rule, System

_LABELS = ("system", "severity", "ops_event")
_ANNOTATIONS = ("summary", "description")
_SEVERITIES = ("critical", "warning", "info")
_DURATION = re.compile(r"0|(\d+(ms|s|m|h|d|w|y))+")


def _as_prometheus_writes_it(duration: str) -> str:
    if not _DURATION.fullmatch(duration):
        raise ValueError(f"{duration!r} is not a duration; write 30s, 5m, 1h or 1d")
    return duration


PrometheusDuration = Annotated[str, AfterValidator(_as_prometheus_writes_it)]


class AlertingRule(Frozen):
    """One rule of Prometheus: an alert, or a recorded series."""

    alert: str | None = None
    record: str | None = None
    expr: str
    for_: PrometheusDuration = Field(alias="for", default="0s")
    keep_firing_for: PrometheusDuration = "0s"
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_name(self) -> "AlertingRule":
        if (self.alert is None) == (self.record is None):
            raise ValueError("give exactly one of alert:, record:")
        return self


class RuleGroup(Frozen):
    name: str
    interval: PrometheusDuration | None = None
    limit: int | None = None
    query_offset: PrometheusDuration | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    rules: tuple[AlertingRule, ...]


class RuleFile(Frozen):
    """Prometheus' format of rule files, as far as its releases agree."""

    groups: tuple[RuleGroup, ...] = Field(min_length=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """An alert with the labels it is sure to carry; series bring more."""

    name: str
    path: Path
    labels: Mapping[str, str]


def alerts(text: str, *, file: str, parsed: Parsed) -> list[ContentError]:
    """Everything that is wrong with alerts.yml by itself, and with it and the rules together."""
    try:
        document = read(text, file=file)
        declared = validated(document, RuleFile)
    except ContentErrors as errors:
        return list(errors.findings)
    known = list(_declared(declared))
    return [
        *_each(document, declared),
        *(finding for alert in known for finding in _leads_somewhere(document, alert, parsed)),
        *_reached(parsed, known),
    ]


def expressions(text: str, *, file: str) -> list[str]:
    """What the alerts are about; nothing where the file is wrong."""
    try:
        declared = validated(read(text, file=file), RuleFile)
    except ContentErrors:
        return []
    return [rule.expr for group in declared.groups for rule in group.rules]


def _declared(file: RuleFile) -> Iterator[Declared]:
    for at, group in enumerate(file.groups):
        for number, rule in enumerate(group.rules):
            if rule.alert is not None:
                labels = {**group.labels, **rule.labels, "alertname": rule.alert}
                sure = {name: value for name, value in labels.items() if "{{" not in value}
                yield Declared(name=rule.alert, path=("groups", at, "rules", number), labels=sure)


def _each(document: Document, file: RuleFile) -> Iterator[ContentError]:
    for at, group in enumerate(file.groups):
        for number, rule in enumerate(group.rules):
            path = ("groups", at, "rules", number)
            if why := unparsed(rule.expr):
                yield document.finding((*path, "expr"), why)
            if rule.alert is not None:
                yield from _carries(document, path, rule, group)


def _carries(document: Document, path: Path, rule: AlertingRule, group: RuleGroup) -> Iterator[ContentError]:
    labels = {**group.labels, **rule.labels}
    for name in _LABELS:
        if not labels.get(name):
            yield document.finding((*path, "labels"), f"{rule.alert} has no label {name}")
    for name in _ANNOTATIONS:
        if not rule.annotations.get(name):
            yield document.finding((*path, "annotations"), f"{rule.alert} has no annotation {name}")
    severity = labels.get("severity", "")
    if severity and severity not in _SEVERITIES and "{{" not in severity:
        what = f"severity {severity} is none of {', '.join(_SEVERITIES)}{did_you_mean(severity, _SEVERITIES)}"
        yield document.finding((*path, "labels", "severity"), what)


def _leads_somewhere(document: Document, alert: Declared, parsed: Parsed) -> Iterator[ContentError]:
    event = alert.labels.get("ops_event")
    if event is None or alert.labels.get("system") in parsed.broken:
        return
    where = (*alert.path, "labels", "ops_event")
    try:
        event = ops_event(event)
    except ValueError as error:
        yield document.finding(where, str(error))
        return
    rules = [rule for system in _claiming(alert, parsed) for rule in system.rules if _may_fit(rule, alert)]
    if not rules:
        known = [rule.event for source in parsed.systems.values() for rule in source.value.rules]
        yield document.finding(where, f"no rule takes {alert.name} ({event}){did_you_mean(event, known)}")
    elif not any(EventPattern(rule.event).matches(event) for rule in rules):
        yield document.finding(where, f"{alert.name} says {event}, but the rule that takes it is for {rules[0].event}")


def _claiming(alert: Declared, parsed: Parsed) -> Iterator[System]:
    for source in parsed.systems.values():
        if _may_match(source.value.match, alert.labels):
            yield source.value


def _reached(parsed: Parsed, known: Sequence[Declared]) -> Iterator[ContentError]:
    """A rule with matchers waits for alerts; one without takes ops events that a host sends by itself."""
    for source in parsed.systems.values():
        for at, rule in enumerate(source.value.rules):
            mine = [alert for alert in known if _may_match(source.value.match, alert.labels)]
            if rule.alert and not any(_may_fit(rule, alert) for alert in mine):
                matchers = ", ".join(map(str, rule.alert))
                what = f"no alert fits {matchers}; write one, or leave alert: out if the host sends the event itself"
                yield source.document.finding(("rules", at, "alert"), what)


def _may_fit(rule: Rule, alert: Declared) -> bool:
    if rule.alert:
        return _may_match(rule.alert, alert.labels)
    event = alert.labels.get("ops_event", "")
    return EventPattern(rule.event).matches(event)


def _may_match(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether an alert with these labels, and others that its series bring, may satisfy all of them."""
    return all(matcher.name not in labels or matcher.matches(labels) for matcher in matchers)
