"""Which question waits for which, what each sees, and what a question's failure says. Pure."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from bot.core.egress import mask
from bot.core.errors import (
    CountersignError,
    ExpressionError,
    NotConnected,
    NotInstalled,
    Refused,
    TimedOut,
    Unavailable,
)
from bot.core.evidence import Answer, Evidence, Failure, Reason
from bot.core.facts import facts
from bot.engine.naming import paths
from bot.engine.params import Params, resolve
from bot.engine.runbook import Question, Runbook
from bot.engine.system import System
from bot.steps.step import Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """The incident as expressions see it. `given` are parameters that a person or the incident itself brought."""

    id: str
    event: str
    system: str
    runbook: str
    severity: str
    state: str
    starts_at: datetime
    opened_at: datetime
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    given: Mapping[str, str]
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What a question sees, given the answers so far."""

    scope: Scope
    evidence: Mapping[str, Evidence]
    params: Params = field(default_factory=Params)


def seen(subject: Subject, *, system: System, runbook: Runbook, evidence: Mapping[str, Evidence]) -> Seen:
    """The scope of the runbook's expressions once `evidence` is there, and how far its parameters are known."""
    scope: dict[str, object] = {
        "labels": subject.labels,
        "annotations": subject.annotations,
        "metadata": subject.metadata,
        "option": system.options,
        "incident": {
            "id": subject.id,
            "event": subject.event,
            "system": subject.system,
            "runbook": subject.runbook,
            "severity": subject.severity,
            "state": subject.state,
            "starts_at": subject.starts_at,
            "opened_at": subject.opened_at,
        },
        **{question: facts(answer) for question, answer in evidence.items()},
    }
    ids = {question.id for question in runbook.diagnose}
    params = resolve(runbook.params, given=subject.given, scope=scope, questions=ids, answered=evidence.keys())
    return Seen(scope={**scope, "params": params.values}, evidence=evidence, params=params)


def seen_with(scope: Scope, evidence: Mapping[str, Evidence]) -> Seen:
    """A fixed scope with fresh answers over it."""
    return Seen(
        scope={**scope, **{question: facts(answer) for question, answer in evidence.items()}}, evidence=evidence
    )


def waits_for(question: Question, *, ids: Set[str], params: Params) -> frozenset[str]:
    """The questions of `ids` that must be answered before this one, itself or one of its parameters naming them."""
    read = paths(question)
    direct = _first_words(read) & ids
    through = (params.pending[name] & ids for name in _params_of(read, params.pending.keys()))
    return frozenset(direct).union(*through) - {question.id}


def withheld(question: Question, now: Seen) -> Failure | None:
    """Why the question is not asked after all: its `when` does not hold, or cannot be judged."""
    if question.when is None:
        return None
    try:
        if question.when.holds(now.scope):
            return None
    except ExpressionError as error:
        return failure(error, question=question, now=now)
    if question.when.names <= {"option"}:
        return Failure(reason=Reason.NOT_HERE, message=f"not for this installation: {question.when.source}")
    return Failure(reason=Reason.NEEDS, message=f"not asked, for this does not hold: {question.when.source}")


def failure(error: CountersignError, *, question: Question, now: Seen) -> Failure:
    """A question's error as evidence."""
    return Failure(reason=_reason(error, question, now), message=mask(_needed(question, now, error) or str(error)))


def crossed(question: Question, others: Set[str]) -> Failure:
    """Questions that wait for one another."""
    return Failure(
        reason=Reason.BROKEN, message=f"it and {', '.join(sorted(others - {question.id}))} wait for each other"
    )


def _reason(error: CountersignError, question: Question, now: Seen) -> Reason:
    match error:
        case TimedOut():
            return Reason.TIMEOUT
        case Unavailable():
            return Reason.UNAVAILABLE
        case Refused():
            return Reason.REFUSED
        case NotConnected():
            return Reason.NOT_CONNECTED
        case NotInstalled():
            return Reason.NOT_INSTALLED
        case ExpressionError() if _needed(question, now, error):
            return Reason.NEEDS
    return Reason.BROKEN


def _needed(question: Question, now: Seen, error: CountersignError) -> str | None:
    """What the question builds on and is not there, where that explains the error."""
    if not isinstance(error, ExpressionError):
        return None
    read = paths(question)
    for name in sorted(_params_of(read, now.params.failed.keys())):
        return f"it needs params.{name}: {now.params.failed[name]}"
    return lacking(_first_words(read), now.evidence)


def lacking(ids: Set[str], evidence: Mapping[str, Evidence]) -> str | None:
    """In words, the first of these questions that failed or found nothing; None when all have rows."""
    for question in sorted(ids & evidence.keys()):
        match evidence[question]:
            case Failure(reason=reason):
                return f"{question} was not answered ({reason.value.replace('_', ' ')})"
            case Answer(table=table):
                if not table.rows:
                    return f"{question} found nothing"
            case never:
                assert_never(never)
    return None


def _first_words(read: frozenset[str]) -> frozenset[str]:
    return frozenset(path.partition(".")[0] for path in read)


def _params_of(read: frozenset[str], known: Set[str]) -> frozenset[str]:
    """Which of the `known` parameters these paths read; `params` as a whole reads each."""
    if "params" in read:
        return frozenset(known)
    return frozenset(path.split(".")[1] for path in read if path.startswith("params.")) & known
