"""Holds what came of a trial against what was expected of it; each difference is a finding with its line."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from bot.core.errors import BadInput, ContentError, ExpressionError
from bot.core.evidence import Evidence, Failure, Reason
from bot.engine.catalog import Catalog, Source
from bot.engine.document import Path
from bot.engine.opening import is_calm
from bot.engine.runbook import Action, Input, Question
from bot.simulation.answers import Odd, evidence
from bot.simulation.cards import cards
from bot.simulation.messages import case_of, posts, words
from bot.simulation.play import Played, play
from bot.simulation.trial import Failed, Given, GivenAction, Rows, Trial
from bot.steps.step import Scope

_OTHERS: Mapping[str | None, Given | None] = {
    None: None,
    "empty": Rows(),
    "failed": Failed(failed=Reason.UNAVAILABLE, message="it is unavailable"),
}


def run(source: Source[Trial], catalog: Catalog) -> tuple[Played | None, list[ContentError]]:
    """Play the trial of a file and judge it; None when it could not be played at all."""
    trial = source.value
    odd: list[ContentError] = []

    def answering(question: Question) -> Evidence:
        given = trial.answers.get(question.id, _OTHERS[trial.others])
        if given is None:
            what = f"{question.id} is asked, and nothing says what it is answered"
            odd.append(source.document.finding(("answers",), what))
            return Failure(reason=Reason.UNAVAILABLE, message="the trial has no answer")
        try:
            return evidence(question.id, question.step, given)
        except Odd as error:
            odd.append(source.document.finding(("answers", question.id), str(error)))
            return Failure(reason=Reason.BROKEN, message=str(error))

    try:
        played = play(trial, catalog, answering)
    except BadInput as error:
        return None, [source.document.finding((), str(error))]
    findings = [*odd, *_unused(source, played)]
    if not odd:
        findings += [source.document.finding(("expect", *path), what) for path, what in _differences(trial, played)]
    return played, findings


def _unused(source: Source[Trial], played: Played) -> Iterator[ContentError]:
    known = {question.id for question in played.runbook.diagnose} if played.runbook else set()
    for name in source.value.answers.keys() - played.queries.keys():
        why = "is not asked here" if name in known else "is no question of this runbook"
        failed = played.evidence.get(name)
        said = f": {failed.message}" if isinstance(failed, Failure) else ""
        yield source.document.finding(("answers", name), f"{name} {why}{said}")


def _differences(trial: Trial, played: Played) -> Iterator[tuple[Path, str]]:
    expected, incident = trial.expect, played.episode.incident
    conclusions = played.conclusions
    got: Mapping[str, object] = {
        "rule": played.route.rule.split("/")[1] if played.route else None,
        "runbook": incident.runbook,
        "severity": incident.severity,
        "channel": incident.channel,
        "params": dict(played.params.values),
        "asked": tuple(sorted(played.queries)),
        "not_here": tuple(
            sorted(
                name
                for name, each in played.evidence.items()
                if isinstance(each, Failure) and each.reason is Reason.NOT_HERE
            )
        ),
        "concludes": tuple(held.say for held in conclusions.held),
        "suggests": conclusions.suggest,
        "warns": conclusions.warn_against,
        "offers": tuple(sorted(action.id for action in case_of(played).offered)),
        "closes": is_calm(conclusions, failed=failures(played)),
    }
    for name, value in got.items():
        wanted = getattr(expected, name)
        if wanted is not None and _sorted(name, wanted) != value:
            yield (name,), f"expected {_said(wanted)}, got {_said(value)}"
    if len(conclusions.unjudged) != expected.unjudged:
        why = "; ".join(f"{each.when} ({each.why})" for each in conclusions.unjudged) or "none"
        yield (
            ("unjudged",),
            f"expected {expected.unjudged} that cannot be judged, got {len(conclusions.unjudged)}: {why}",
        )
    yield from _refusals(trial, played)
    yield from _texts(trial, played)
    yield from _cards(trial, played)


def failures(played: Played) -> int:
    """How many questions should have had an answer and have none."""
    return sum(isinstance(each, Failure) and not each.is_unneeded for each in played.evidence.values())


def _sorted(name: str, wanted: object) -> object:
    if name in {"asked", "not_here", "offers"} and isinstance(wanted, tuple):
        return tuple(sorted(wanted))
    return wanted


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={each}" for name, each in sorted(value.items())) or "none"
    if isinstance(value, tuple):
        return " · ".join(str(each) for each in value) or "none"
    return str(value)


def _refusals(trial: Trial, played: Played) -> Iterator[tuple[Path, str]]:
    if trial.expect.refuses is None or played.runbook is None:
        return
    here = [each for each in played.runbook.actions if not _is_elsewhere(each, played.scope)]
    got = {action.id: said for action in here if (said := refusal(action, played, trial))}
    for name in got.keys() | trial.expect.refuses.keys():
        wanted, said = trial.expect.refuses.get(name), got.get(name)
        if wanted is None:
            yield ("refuses",), f"{name} is refused: {said}"
        elif said is None:
            yield ("refuses", name), f"{name} is not refused; say under actions: what its guards look at"
        elif wanted not in said:
            yield ("refuses", name), f"expected {wanted!r} in: {said}"


def _is_elsewhere(action: Action, scope: Scope) -> bool:
    """Whether it is for installations of another kind: then there is nothing to refuse."""
    if action.when is None or not action.when.names <= {"option"}:
        return False
    try:
        return not action.when.holds(scope)
    except ExpressionError:
        return False


def refusal(action: Action, played: Played, trial: Trial) -> str | None:
    """Why an action would be refused now: the first guard that holds, of those that can be judged here."""
    given = trial.actions.get(action.id, GivenAction())
    rows = given.target_rows(action.targets.id)
    inputs = {name: _offered(each, played.scope) for name, each in action.inputs.items()} | dict(given.inputs)
    scope: dict[str, object] = {**played.scope, "inputs": inputs}
    if action.id in trial.actions:
        ids = [str(row.get(action.targets.id)) for row in rows]
        scope |= {"targets": {"ids": ids, "count": len(ids), "rows": rows}, "preview": _first(given.preview)}
    for guard in action.refuse:
        try:
            if guard.when.holds(scope):
                return guard.say.render(scope)
        except ExpressionError:
            continue
    return None


def _offered(declared: Input, scope: Scope) -> object:
    """What stands in the modal before anybody types."""
    try:
        found = declared.source.value(scope) if declared.source is not None else None
    except ExpressionError:
        found = None
    return declared.default if found is None else found


def _first(given: Given) -> Mapping[str, object]:
    return given.rows[0] if isinstance(given, Rows) and given.rows else {}


def _cards(trial: Trial, played: Played) -> Iterator[tuple[Path, str]]:
    expected = trial.expect.cards
    try:
        found = cards(played, trial.actions)
    except Odd as error:
        yield ("actions",), str(error)
        return
    for name, wanted in expected.items():
        if name not in found:
            yield ("cards", name), f"say under actions: what {name} is asked for with"
        elif (text := found[name].text) != wanted.strip():
            yield ("cards", name), f"{_first_difference(wanted.strip(), text)}; --accept writes it as it is now"


def _first_difference(wanted: str, got: str) -> str:
    pairs = zip_longest(wanted.splitlines(), got.splitlines(), fillvalue="nothing more")
    at, (one, other) = next((at, pair) for at, pair in enumerate(pairs, start=1) if pair[0] != pair[1])
    return f"line {at}: expected {one!r}, got {other!r}"


def _texts(trial: Trial, played: Played) -> Iterator[tuple[Path, str]]:
    expected = trial.expect
    if not (expected.shows or expected.thread or expected.hides):
        return
    top, thread = posts(played)
    root, below = words(top), "\n".join(words(post) for post in thread)
    for field, fragments, text in (("shows", expected.shows, root), ("thread", expected.thread, below)):
        yield from _missing(field, fragments, text)
    for at, fragment in enumerate(expected.hides):
        if fragment in f"{root}\n{below}\n{top.text}":
            yield ("hides", at), f"{fragment!r} is shown"


def _missing(field: str, fragments: Sequence[str], text: str) -> Iterator[tuple[Path, str]]:
    for at, fragment in enumerate(fragments):
        if fragment not in text:
            yield (field, at), f"{fragment!r} is not there:\n{text}"
