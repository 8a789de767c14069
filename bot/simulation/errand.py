"""What the commands `simulate` and `explain` do, from paths to words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.files import load
from bot.core.egress import mask
from bot.core.errors import BadInput
from bot.core.event import ops_event
from bot.engine.catalog import Catalog, Source
from bot.engine.route import event_of
from bot.simulation import explain
from bot.simulation.accepting import accepted
from bot.simulation.answers import Odd
from bot.simulation.cards import Card, cards
from bot.simulation.incoming import of_event, read
from bot.simulation.page import page
from bot.simulation.play import Played
from bot.simulation.telling import lines
from bot.simulation.trial import Trial
from bot.simulation.verdict import run


@dataclass(frozen=True, kw_only=True, slots=True)
class Came:
    """What came of it: words, what would be shown, and what is wrong."""

    text: str
    shown: tuple[tuple[Played, Mapping[str, Card]], ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The messages as an HTML document; of many alerts it takes a while."""
        return page(self.shown)


def simulated(*, file: Path | None, event: str | None, rules: Path, runbooks: Path, is_accepted: bool = False) -> Came:
    """Play it; a folder stands for every trial in it. Where it is accepted, its cards are written into the file.

    Raises CountersignError when it, or the content, cannot be read.
    """
    catalog = load(rules=rules, runbooks=runbooks)
    sources = _trials(file, event)
    came = [_one(source, catalog, is_accepted=is_accepted, is_alone=len(sources) == 1) for source in sources]
    return Came(
        text="\n\n".join(each.text for each in came if each.text),
        shown=tuple(each.shown for each in came if each.shown),
        findings=tuple(finding for each in came for finding in each.findings),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _One:
    text: str = ""
    shown: tuple[Played, Mapping[str, Card]] | None = None
    findings: tuple[str, ...] = ()


def _one(source: Source[Trial], catalog: Catalog, *, is_accepted: bool, is_alone: bool) -> _One:
    is_trial = bool(source.document.lines)
    played, wrong = run(source, catalog)
    if played is None:
        return _One(findings=tuple(mask(str(each)) for each in wrong))
    try:
        shown = cards(played, source.value.actions)
    except Odd:
        shown = {}  # it is among what is wrong
    if is_accepted and is_trial:
        _accept(Path(source.document.file), shown)
        wrong = [each for each in wrong if not each.where.startswith("expect.cards")]
    heading = [] if is_alone and is_trial else [f"=== {source.value.title}"]
    return _One(
        text="\n".join(mask(line) for line in (*heading, *lines(played, shown), *_unrouted(source, played, catalog))),
        shown=(played, shown),
        findings=tuple(mask(str(each)) for each in wrong) if is_trial else (),  # of a mere alert nothing was expected
    )


def _accept(file: Path, shown: Mapping[str, Card]) -> None:
    before = file.read_text(encoding="utf-8")
    after = accepted(before, shown, file=file.as_posix())
    if after != before:
        file.write_text(after, encoding="utf-8")


def explained(*, file: Path | None, event: str | None, rules: Path, runbooks: Path) -> Came:
    """Hold it against every rule. Raises CountersignError when it, or the content, cannot be read."""
    catalog = load(rules=rules, runbooks=runbooks)
    every = [each for source in _trials(file, event) for each in _explained(source.value, catalog)]
    if not every:
        raise BadInput("nothing in there goes through the rules")
    untaken = sum(not any(rule.is_taken for rule in each) for _, each in every)
    text = "\n\n".join("\n".join(mask(line) for line in explain.lines(each, named=named)) for named, each in every)
    return Came(text=text, findings=(f"{untaken} of {len(every)} taken by no rule",) if untaken else ())


def _explained(trial: Trial, catalog: Catalog) -> list[tuple[str, list[explain.Explained]]]:
    """Beside each, what it is called."""
    if trial.told:
        return [(_called(each.labels), explain.explain(each.labels, catalog)) for each in trial.told]
    if trial.event is None:
        return []
    try:
        named = ops_event(trial.event.event)
    except ValueError as error:
        raise BadInput(str(error)) from None
    return [(named, explain.explain_event(named, catalog))]


def _called(labels: Mapping[str, str]) -> str:
    return event_of(labels) or labels.get("alertname", "")


def _unrouted(source: Source[Trial], played: Played, catalog: Catalog) -> list[str]:
    """For what no rule takes: why not."""
    if played.runbook is not None or source.value.by_hand or source.value.schedule:
        return []
    return [line for named, each in _explained(source.value, catalog) for line in explain.verdict(each, named=named)]


def _trials(file: Path | None, event: str | None) -> Sequence[Source[Trial]]:
    if event is not None and file is None:
        return [of_event(event)]
    if file is None or event is not None:
        raise BadInput("give a file, or --event")
    if file.is_dir():
        found = [source for each in sorted(file.rglob("*.yml")) for source in read(_text(each), file=each.as_posix())]
        if not found:
            raise BadInput(f"{file}: there is no trial in it")
        return found
    return read(_text(file), file=file.as_posix())


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: cannot be read: {type(error).__name__}") from None
