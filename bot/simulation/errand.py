"""What the commands `simulate` and `explain` do, from paths to words."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.files import load
from bot.core.egress import mask
from bot.core.errors import BadInput
from bot.core.event import ops_event
from bot.engine.catalog import Catalog, Source
from bot.simulation import explain
from bot.simulation.incoming import of_event, read
from bot.simulation.page import page
from bot.simulation.telling import lines
from bot.simulation.trial import Trial
from bot.simulation.verdict import run


@dataclass(frozen=True, kw_only=True, slots=True)
class Came:
    """What came of it: words, a page, and what is wrong."""

    text: str
    page: str = ""
    findings: tuple[str, ...] = ()


def simulated(*, file: Path | None, event: str | None, rules: Path, runbooks: Path) -> Came:
    """Play it. Raises CountersignError when it, or the content, cannot be read."""
    catalog = load(rules=rules, runbooks=runbooks)
    texts, every, findings = [], [], []
    for source in _trials(file, event):
        played, wrong = run(source, catalog)
        if played is not None:
            every.append(played)
            texts.append("\n".join(mask(line) for line in lines(played)))
        if played is None or source.document.lines:  # of a mere alert nothing was expected
            findings += [mask(str(each)) for each in wrong]
    return Came(text="\n\n".join(texts), page=page(every), findings=tuple(findings))


def explained(*, file: Path | None, event: str | None, rules: Path, runbooks: Path) -> Came:
    """Hold it against every rule. Raises CountersignError when it, or the content, cannot be read."""
    catalog = load(rules=rules, runbooks=runbooks)
    every = [each for source in _trials(file, event) for each in _explained(source.value, catalog)]
    if not every:
        raise BadInput("nothing in there goes through the rules")
    untaken = sum(not any(rule.is_taken for rule in each) for each in every)
    text = "\n\n".join("\n".join(mask(line) for line in explain.lines(each)) for each in every)
    return Came(text=text, findings=(f"{untaken} of {len(every)} taken by no rule",) if untaken else ())


def _explained(trial: Trial, catalog: Catalog) -> list[list[explain.Explained]]:
    if trial.told:
        return [explain.explain(alert.labels, catalog) for alert in trial.told]
    if trial.event is None:
        return []
    try:
        return [explain.explain_event(ops_event(trial.event.event), catalog)]
    except ValueError as error:
        raise BadInput(str(error)) from None


def _trials(file: Path | None, event: str | None) -> Sequence[Source[Trial]]:
    if event is not None and file is None:
        return [of_event(event)]
    if file is None or event is not None:
        raise BadInput("give a file, or --event")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: cannot be read: {type(error).__name__}") from None
    return read(text, file=file.as_posix())
