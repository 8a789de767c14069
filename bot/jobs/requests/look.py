"""What is looked at before an action may be offered for approval, and again before it starts."""

from collections.abc import Mapping
from dataclasses import replace

from bot.core.egress import mask
from bot.core.errors import CountersignError, NotInstalled
from bot.core.evidence import Answer, Evidence
from bot.engine.diagnose import Seen, seen
from bot.engine.looking import Looked, No, Part, instead, looked
from bot.engine.naming import read_by
from bot.jobs.means import Means
from bot.jobs.requests.case import Case
from bot.steps import CommandRun, HttpSend, Read
from bot.steps.step import Call, Scope

__all__ = ["Looked", "No", "look", "run"]

TIMEOUT = 15.0
"""Seconds one look at the outside may take."""


def look(means: Means, case: Case, *, timeout: float = TIMEOUT) -> Looked | No:
    """Ask its questions afresh, then its guards, targets and preview. What cannot be judged is a no.

    `timeout` is for each of targets and preview, in seconds.
    """

    def ask(_: Part, step: Read | HttpSend | CommandRun, scope: Scope) -> Answer:
        return run(means, replace(case, scope=scope), step, timeout=timeout)

    try:
        known = _known(case, _answers(means, case))
        return looked(case.action, known=known, base=case.scope, given=case.request.inputs, ask=ask)
    except NotInstalled as error:
        return No(note=f"{mask(str(error))}{instead(case.action, case.runbook)}")
    except CountersignError as error:
        return No(note=mask(str(error)), may_pass=error.retryable)


def _answers(means: Means, case: Case) -> Mapping[str, Evidence]:
    asked = means.asker.ask(
        read_by(case.action, case.runbook),
        resources=case.resources,
        see=lambda evidence: replace(known := _known(case, evidence), scope={**case.scope, **known.scope}),
    )
    return {name: each.evidence for name, each in asked.items()}


def _known(case: Case, evidence: Mapping[str, Evidence]) -> Seen:
    return seen(case.subject, system=case.system, runbook=case.runbook, evidence=evidence)


def run(means: Means, case: Case, step: Read | HttpSend | CommandRun, *, timeout: float = TIMEOUT) -> Answer:
    """Run a step that changes nothing. Raises what the step raises."""
    call = Call(resources=case.resources, scope=case.scope, timeout=timeout, now=means.now())
    match step:
        case HttpSend():
            return step.run(call, key=None)
        case _:
            return step.run(call)
