"""From a finished diagnosis to what the thread shows of it: answers, and what was not asked or is not offered here."""

from bot.core.evidence import Answer, Failure
from bot.slack import words
from bot.slack.links import Elsewhere
from bot.slack.reading import Case
from bot.slack.views import Asked, EvidenceView


def evidence_view(case: Case, elsewhere: Elsewhere = Elsewhere()) -> EvidenceView | None:  # noqa: B008 - frozen
    """All evidence of the case's diagnosis; None while that is not finished, or when nothing could be asked."""
    diagnosis = case.diagnosis
    if diagnosis is None or diagnosis.finished_at is None or not diagnosis.evidence:
        return None
    every = [Asked(id=name, title=title(case, name), evidence=found) for name, found in diagnosis.evidence.items()]
    not_here = [each for each in every if isinstance(each.evidence, Failure) and each.evidence.is_elsewhere]
    here = {each.title for each in every if each not in not_here}  # asked in this installation's own way
    return EvidenceView(
        number=diagnosis.number,
        finished_at=diagnosis.finished_at,
        asked=tuple(each for each in every if each not in not_here and not _is_idle(each.evidence)),
        not_here=tuple(dict.fromkeys(each.title for each in not_here if each.title not in here)),
        not_offered=_not_offered(case),
        idle=tuple(each.title for each in every if _is_idle(each.evidence)),
        unjudged=tuple(f"{each.when} ({each.why})" for each in diagnosis.conclusions.unjudged),
        error=diagnosis.error,
        stripe_mode=elsewhere.stripe_mode(case.system) if case.system else None,
    )


def _not_offered(case: Case) -> tuple[str, ...]:
    """Actions of another kind of installation, whatever was found; none that is offered here in another way."""
    offered = {action.label for action in case.offered}
    actions = case.runbook.actions if case.runbook else ()
    return tuple(
        f"{action.label} ({action.when.source})"
        for action in actions
        if action not in case.offered
        and action.label not in offered
        and action.when is not None
        and action.when.names <= {"option"}
    )


def _is_idle(evidence: Answer | Failure) -> bool:
    """Whether a question was not asked for good reason: what it builds on is not there, or not so."""
    return isinstance(evidence, Failure) and evidence.is_unneeded and not evidence.is_elsewhere


def charted(case: Case) -> list[str]:
    """Ids of the questions whose answer holds a line to draw."""
    found = case.diagnosis.evidence if case.diagnosis else {}
    return [name for name, each in found.items() if isinstance(each, Answer) and any(s.points for s in each.series)]


def title(case: Case, question_id: str) -> str:
    """A question's title, or its id as words."""
    questions = case.runbook.diagnose if case.runbook else ()
    return next((each.title for each in questions if each.id == question_id and each.title), words.label(question_id))
