"""The card of each action that a trial asks for: frozen and shown by the code that does it in earnest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.egress import mask
from bot.core.errors import CountersignError, NotInstalled, Refused, TimedOut, Unavailable
from bot.core.evidence import Answer, Failure, Reason
from bot.core.ports import Json
from bot.desk.bounds import outside_hours
from bot.engine.diagnose import seen
from bot.engine.looking import Asking, Looked, No, Part, instead, looked
from bot.engine.naming import read_by
from bot.engine.request import Request, State, needs, wants_reason
from bot.engine.runbook import Action, Runbook
from bot.simulation.answers import Odd, Step, evidence
from bot.simulation.messages import case_of, readable, words
from bot.simulation.play import Played
from bot.simulation.trial import Given, GivenAction, Rows
from bot.slack.blocks.card import card
from bot.slack.blocks.layout import Post
from bot.slack.policy_view import policy_of
from bot.slack.request_view import composed
from bot.steps.step import Scope

REQUESTER = "U0REQUESTER"
_ID = "00000000-0000-4000-8000-0000000000f1"
_KEY = "countersign-trial"
_DIGEST = "trial"
"""A real one is over the files too: every edit of any of them would change every card's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """What the action's card says, and whether it could be voted on."""

    action: str
    post: Post
    is_open: bool

    @property
    def text(self) -> str:
        """Line by line, without what is another every time."""
        lines = (readable(line).rstrip() for line in words(self.post).splitlines())
        return "\n".join(line for line in lines if line and not line.startswith("Digest "))


def cards(played: Played, asked_for: Mapping[str, GivenAction]) -> Mapping[str, Card]:
    """The card of each action that is asked for. Raises Odd when what was given for one cannot be."""
    runbook = played.runbook
    if runbook is None:
        return {}
    found: dict[str, Card] = {}
    for name, given in asked_for.items():
        action = runbook.action(name)
        if action is None:
            raise Odd(f"{name} is no action of {played.episode.incident.runbook}")
        found[name] = _card(played, runbook, action, given)
    return found


def _card(played: Played, runbook: Runbook, action: Action, given: GivenAction) -> Card:
    request = _asked(played, action, given)
    outcome = _looked(played, runbook, action, given)
    request = _opened(request, played, action, outcome) if isinstance(outcome, Looked) else _refused(request, outcome)
    case = case_of(played)
    if given.original is not None:
        case = replace(case, scope={**case.scope, "original": given.original.seen})
    view = composed(request, case, policy=policy_of(request, action, case, break_glass=True))
    return Card(action=action.id, post=card(view), is_open=request.state is State.OPEN)


def _looked(played: Played, runbook: Runbook, action: Action, given: GivenAction) -> Looked | No:
    assert played.system is not None
    assert played.subject is not None
    asked = {question.id for question in read_by(action, runbook)}
    known = seen(
        played.subject,
        system=played.system,
        runbook=runbook,
        evidence={name: each for name, each in played.evidence.items() if name in asked},
    )
    base: dict[str, object] = {"request": _request_seen(played.now)}
    if given.original is not None:
        base["original"] = given.original.seen
    try:
        return looked(action, known=known, base=base, given=given.inputs, ask=_answering(action, given))
    except NotInstalled as error:
        return No(note=f"{mask(str(error))}{instead(action, runbook)}")
    except Odd:
        raise
    except CountersignError as error:
        return No(note=mask(str(error)))


def _answering(action: Action, given: GivenAction) -> Asking:
    def ask(part: Part, step: Step, _: Scope) -> Answer:
        written: Mapping[Part, Given] = {
            "targets": Rows(rows=tuple(given.target_rows(action.targets.id))),
            "preview": given.preview,
            "left_out": given.left_out,
        }
        found = evidence(f"{action.id}: {part}", step, written[part])
        if isinstance(found, Failure):
            raise _raised(found, step)
        return found

    return ask


def _raised(failure: Failure, step: Step) -> CountersignError:
    at = step.at
    match failure.reason:
        case Reason.NOT_INSTALLED:
            return NotInstalled(at, failure.message)
        case Reason.TIMEOUT:
            return TimedOut(at, 15)
        case Reason.UNAVAILABLE:
            return Unavailable(at, failure.message)
        case _:
            return Refused(at, failure.message)


def _asked(played: Played, action: Action, given: GivenAction) -> Request:
    incident = played.episode.incident
    return Request(
        id=_ID,
        incident_id=incident.id,
        system=incident.system,
        runbook=incident.runbook,
        action=action.id,
        content=incident.content,
        original_id=None,
        requester=REQUESTER,
        requested_at=played.now,
        reason=given.reason if wants_reason(action.risk) else None,
        params={},
        inputs=given.inputs,
        targets=None,
        preview=None,
        digest=None,
        state=State.PREPARING,
        needs=1,
        expires_at=None,
        settled_at=None,
        note=None,
    )


def _opened(request: Request, played: Played, action: Action, outcome: Looked) -> Request:
    assert played.system is not None
    shut = outside_hours(played.system, action, played.now)
    preview = replace(outcome.preview, warnings=(shut,) if shut else ())
    return replace(
        request,
        params=outcome.params,
        inputs=outcome.inputs,
        targets=outcome.targets,
        preview=preview,
        needs=needs(action.risk, is_large=bool(preview.unusual)),
        expires_at=played.now + action.approve.expires,
        digest=_DIGEST,
        state=State.OPEN,
    )


def _refused(request: Request, no: No) -> Request:
    return replace(request, state=State.REFUSED, note=no.note)


def _request_seen(now: datetime) -> Mapping[str, Json | datetime]:
    return {"id": _ID, "key": _KEY, "requester": REQUESTER, "requested_at": now}
