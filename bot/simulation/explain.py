"""Why each rule did or did not take an alert, matcher by matcher, and which came nearest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.matching import Matcher
from bot.engine.catalog import Catalog
from bot.engine.route import route
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

    rule: str
    runbook: str
    steps: tuple[Step, ...]
    is_taken: bool = False

    @property
    def fits(self) -> bool:
        return all(step.holds for step in self.steps)

    @property
    def missed(self) -> int:
        return sum(not step.holds for step in self.steps)


def explain(labels: Mapping[str, str], catalog: Catalog) -> list[Explained]:
    """Every rule of every system, in the order they are tried."""
    found = route(labels, catalog.systems.values(), fallback="")
    taken = False
    explained = []
    for system in catalog.systems.values():
        claims = [_matched(matcher, labels) for matcher in system.match]
        for rule in system.rules:
            steps = (*claims, *_steps(rule, labels))
            fits = all(step.holds for step in steps)
            explained.append(
                Explained(
                    rule=f"{system.system}: {rule.event}",
                    runbook=rule.runbook,
                    steps=steps,
                    is_taken=fits and not taken and found.is_routed,
                )
            )
            taken = taken or fits
    return explained


def explain_event(event: str, catalog: Catalog) -> list[Explained]:
    """The same for an ops event that a host sends: only its name counts."""
    name, taken = event.partition(".")[0], False
    explained = []
    for system in catalog.systems.values():
        owner = Step(says=f"the event is one of {system.system}", holds=system.system == name)
        for rule in system.rules:
            steps = (owner, _named(rule, event))
            fits = all(step.holds for step in steps)
            one = Explained(
                rule=f"{system.system}: {rule.event}", runbook=rule.runbook, steps=steps, is_taken=fits and not taken
            )
            explained.append(one)
            taken = taken or fits
    return explained


def nearest(explained: Sequence[Explained]) -> Explained | None:
    """The rule that fails by the least; None when one fits, or nothing is near."""
    if any(each.fits for each in explained):
        return None
    near = [each for each in explained if any(step.holds for step in each.steps)]
    return min(near, key=lambda each: each.missed, default=None)


def lines(explained: Sequence[Explained], *, every: bool = True) -> Iterator[str]:
    """In words: the rule that takes it, the nearest miss, then each rule with what held and what did not."""
    taken = next((each for each in explained if each.is_taken), None)
    if taken is not None:
        yield f"taken by {taken.rule} -> {taken.runbook}"
    else:
        yield "no rule takes it: it is shown as an incident without questions"
        if miss := nearest(explained):
            why = "; ".join(step.why or step.says for step in miss.steps if not step.holds)
            yield f"nearest: {miss.rule} -> {miss.runbook}: {why}"
    for each in explained if every else ():
        verdict = "takes it" if each.is_taken else ("fits, but an earlier rule takes it" if each.fits else "no")
        yield f"{each.rule} -> {each.runbook}: {verdict}"
        for step in each.steps:
            yield f"    {'yes' if step.holds else 'no '}  {step.says}{f'  ({step.why})' if step.why else ''}"


def _steps(rule: Rule, labels: Mapping[str, str]) -> Iterator[Step]:
    if rule.alert:
        yield from (_matched(matcher, labels) for matcher in rule.alert)
    else:
        yield _named(rule, labels.get("ops_event", ""))


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
