"""Rules lead to runbooks that are there, and each of them can be reached."""

from collections.abc import Iterator

from bot.core.errors import ContentError
from bot.engine.catalog import Parsed, Source
from bot.engine.reading import did_you_mean
from bot.engine.system import EventPattern, Rule, System


def rules(parsed: Parsed) -> Iterator[ContentError]:
    """Findings about every rules file, and the runbooks that no rule leads to."""
    known = {*parsed.runbooks, *(name for name in parsed.broken if "/" in name)}
    for name, source in parsed.systems.items():
        for at, rule in enumerate(source.value.rules):
            where = ("rules", at)
            if rule.runbook not in known:
                what = f"no runbook {rule.runbook}{did_you_mean(rule.runbook, known)}"
                yield source.document.finding((*where, "runbook"), what)
            elif rule.runbook.partition("/")[0] != name:
                what = f"{rule.runbook} is another system's; its questions would be asked at {name}"
                yield source.document.finding((*where, "runbook"), what)
            yield from _shadowed(source, at, rule)
        yield from _identities(source)


def _identities(source: Source[System]) -> Iterator[ContentError]:
    owner: dict[str, str] = {}
    for name, accounts in source.value.identities.items():
        if len(accounts) < 2:
            what = "one account is nobody's alias; list all that this person has"
            yield source.document.finding(("identities", name), what)
        for at, account in enumerate(accounts):
            if account in owner:
                what = f"{account} is {owner[account]}'s already; an account belongs to one person"
                yield source.document.finding(("identities", name, at), what)
            owner.setdefault(account, name)


def _shadowed(source: Source[System], at: int, rule: Rule) -> Iterator[ContentError]:
    for number, earlier in enumerate(source.value.rules[:at]):
        if _covers(earlier, rule):
            line = source.document.lines[("rules", number)]
            what = f"never reached: the rule for {earlier.event} in line {line} takes all of it first"
            yield source.document.finding(("rules", at), what)
            return


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether whatever fits the later rule fits the earlier one: by its matchers, or, without any, by its event."""
    if earlier.alert:
        return bool(later.alert) and {*map(_meaning, earlier.alert)} <= {*map(_meaning, later.alert)}
    return not later.alert and EventPattern(earlier.event).matches(later.event.removesuffix("*"))


def _meaning(matcher: object) -> tuple[str, ...]:
    return tuple(str(getattr(matcher, part)) for part in ("name", "op", "value"))
