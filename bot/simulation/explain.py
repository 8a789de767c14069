"""Why each rule did or did not take an alert, matcher by matcher, and which came nearest."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby

from bot.core.matching import Matcher
from bot.engine.catalog import Catalog
from bot.engine.route import event_of
from bot.engine.system import EventPattern, Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that had to hold."""

    says: str
    holds: bool
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """One rule: what had to hold, and whether it took the alert, or would have, had an earlier one not."""

    system: str
    event: str
    runbook: str
    claims: tuple[Step, ...]  # what makes it the system's
    steps: tuple[Step, ...]  # what makes it the rule's
    is_taken: bool = False

    @property
    def rule(self) -> str:
        return f"{self.system}: {self.event}"

    @property
    def every(self) -> tuple[Step, ...]:
        return (*self.claims, *self.steps)

    @property
    def fits(self) -> bool:
        return all(step.holds for step in self.every)

    @property
    def missed(self) -> int:
        return sum(not step.holds for step in self.every)


def explain(labels: Mapping[str, str], catalog: Catalog) -> list[Explained]:
    """Every rule of every system, in the order they are tried."""
    claims = {
        name: tuple(_matched(matcher, labels) for matcher in system.match) for name, system in catalog.systems.items()
    }
    return _first_taken(
        Explained(
            system=name,
            event=rule.event,
            runbook=rule.runbook,
            claims=claims[name],
            steps=tuple(_steps(rule, labels)),
        )
        for name, system in catalog.systems.items()
        for rule in system.rules
    )


def explain_event(event: str, catalog: Catalog) -> list[Explained]:
    """The same for an ops event that a host sends: only its name counts."""
    owner = event.partition(".")[0]
    return _first_taken(
        Explained(
            system=name,
            event=rule.event,
            runbook=rule.runbook,
            claims=(Step(says=f"the event is one of {name}", holds=name == owner, why=f"it is {event}"),),
            steps=(_named(rule, event),),
        )
        for name, system in catalog.systems.items()
        for rule in system.rules
    )


def _first_taken(explained: Iterable[Explained]) -> list[Explained]:
    found = list(explained)
    first = next((at for at, each in enumerate(found) if each.fits), None)
    return [replace(each, is_taken=at == first) for at, each in enumerate(found)]


def nearest(explained: Sequence[Explained], *, named: str = "") -> Explained | None:
    """The rule that fails by the least, of those the one whose event is called most alike.

    None when one fits, or nothing is near.
    """
    if any(each.fits for each in explained):
        return None
    near = [each for each in explained if any(step.holds for step in each.every)]
    return min(near, key=lambda each: (each.missed, -_alike(each.event, named)), default=None)


def _alike(event: str, named: str) -> float:
    return SequenceMatcher(None, event, named).ratio()


def verdict(explained: Sequence[Explained], *, named: str = "") -> Iterator[str]:
    """Which rule takes it, or which came nearest and why it does not."""
    taken = next((each for each in explained if each.is_taken), None)
    if taken is not None:
        yield f"taken by {taken.rule} -> {taken.runbook}"
        return
    yield "no rule takes it: it is shown as an incident without questions"
    if miss := nearest(explained, named=named):
        why = "; ".join(step.why or step.says for step in miss.every if not step.holds)
        yield f"nearest: {miss.rule} -> {miss.runbook}: {why}"


def lines(explained: Sequence[Explained], *, named: str = "") -> Iterator[str]:
    """In words: the rule that takes it, or the nearest miss, then each system, and each rule of those that claim it."""
    yield from verdict(explained, named=named)
    for system, group in groupby(explained, key=lambda each: each.system):
        rules = list(group)
        if all(step.holds for step in rules[0].claims):
            yield from (line for each in rules for line in _rule(each))
        else:
            why = "; ".join(step.why or step.says for step in rules[0].claims if not step.holds)
            yield f"{system}: none of its {len(rules)} rules, for it is not {system}'s: {why}"


def _rule(each: Explained) -> Iterator[str]:
    verdict = "takes it" if each.is_taken else ("fits, but an earlier rule takes it" if each.fits else "no")
    yield f"{each.rule} -> {each.runbook}: {verdict}"
    for step in each.every:
        why = f"  ({step.why})" if step.why and not step.holds else ""
        yield f"    {'yes' if step.holds else 'no '}  {step.says}{why}"


def _steps(rule: Rule, labels: Mapping[str, str]) -> Iterator[Step]:
    if rule.alert:
        yield from (_matched(matcher, labels) for matcher in rule.alert)
    else:
        yield _named(rule, event_of(labels) or labels.get("ops_event", ""))


def _matched(matcher: Matcher, labels: Mapping[str, str]) -> Step:
    holds = matcher.matches(labels)
    value = labels.get(matcher.name)
    why = (
        "" if holds else (f"{matcher.name} is {value!r}" if value is not None else f"there is no label {matcher.name}")
    )
    return Step(says=str(matcher), holds=holds, why=why)


def _named(rule: Rule, event: str) -> Step:
    holds = EventPattern(rule.event).matches(event)
    return Step(says=f"the event is {rule.event}", holds=holds, why="" if holds else f"it is {event or 'not named'}")
