"""Deciding without Slack: who types a code of their own is that person, and Slack's last word on them may do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.ports import Json
from bot.desk import people
from bot.desk.answer import Cause, Declined, Done
from bot.desk.desk import Desk
from bot.desk.policy import policy_of
from bot.desk.proving import Errand, prove
from bot.desk.remembering import Recalling
from bot.desk.voting import deny, vote
from bot.engine.approval import Why
from bot.engine.request import Request
from bot.store import requests


class Door(StrEnum):
    """Where somebody types a code."""

    CLI = "cli"
    API = "api"
    CONSOLE = "console"
    SLACK = "slack"  # where a code is asked for, too


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What somebody wants, and the code that says who they are."""

    person: str
    code: str
    request_id: str
    digest: str
    is_approval: bool
    reason: str | None = None
    typed: str | None = None  # the phrase of a severe action
    anyway: bool = False  # although the alert has resolved, or is silenced


def decide(desk: Desk, decision: Decision, *, door: Door) -> Done | Declined:
    """Take the code, then vote as from Slack. What was recalled of whom, and how old it is, goes into the audit."""
    with desk.database.read() as conn:
        request = requests.get(conn, decision.request_id)
    if request is None:
        return Declined(why=Cause.NOT_FOUND, say="There is no such request.")
    directory = Recalling(desk.directory, database=desk.database, now=desk.now, oldest=desk.oldest_facts)
    _look_up(desk, directory, request, decision.person)
    errand = Errand(
        door=door, incident_id=request.incident_id, request_id=request.id, more=_facts(desk, directory, decision)
    )
    no = prove(desk, person=decision.person, code=decision.code, errand=errand)
    if no is not None:
        return no
    here = replace(desk, directory=directory)
    if not decision.is_approval:
        return deny(
            here,
            person=decision.person,
            request_id=request.id,
            digest=decision.digest,
            reason=decision.reason,
        )
    told = vote(
        here,
        person=decision.person,
        request_id=request.id,
        digest=decision.digest,
        reason=decision.reason,
        typed=decision.typed,
        anyway=decision.anyway,
        is_proven=True,
    )
    return _said(told)


def _said(told: Done | Declined) -> Done | Declined:
    """The same answer, without the buttons that only a card has."""
    if isinstance(told, Declined) and told.why in _CALMED:
        return replace(told, say=f"{_CALMED[told.why]} If it is wanted all the same, approve it anyway.")
    return told


_CALMED: Mapping[Why | Cause, str] = {
    Why.ALERT_RESOLVED: "The alert has resolved since this was asked, so it may not be needed any more.",
    Why.ALERT_SILENCED: "Somebody has silenced the alert since this was asked.",
}


def _look_up(desk: Desk, directory: Recalling, request: Request, person: str) -> None:
    """Ask about everybody that the vote will ask about, so that it is on record before the vote is."""
    policy = policy_of(desk, request)
    with desk.database.read() as conn:
        earlier = requests.votes_of(conn, request.id)
    people.voters(
        directory,
        {person, request.requester, *(each.person for each in earlier)},
        groups=policy.groups if policy else (),
        system=policy.system if policy else None,
        no_member={request.requester},
    )


def _facts(desk: Desk, directory: Recalling, decision: Decision) -> dict[str, Json]:
    now = desk.now()
    ages: dict[str, Json] = {id_: int((now - told).total_seconds()) for id_, told in sorted(directory.recalled.items())}
    wanted = "approve" if decision.is_approval else "deny"
    return {"for": wanted, "digest": decision.digest[:64], "recalled_seconds_ago": ages}
