"""What people do without Slack: the same deeds at the same desk, once a code has said who they are."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.core.ports import Json
from bot.desk.admitting import Caller, Door, Matter, admit
from bot.desk.answer import Cause, Declined, Done
from bot.desk.asking import ask as ask_at
from bot.desk.desk import Desk
from bot.desk.resuming import resume as resume_at
from bot.desk.reviewing import review as review_at
from bot.desk.settling import settle as settle_at
from bot.desk.silencing import groups_of as silencers
from bot.desk.silencing import silence as silence_at
from bot.desk.silencing import unsilence as unsilence_at
from bot.desk.stopping import stop as stop_at
from bot.desk.switching import engage as engage_at
from bot.desk.switching import groups_of
from bot.desk.switching import release as release_at
from bot.desk.voting import break_glass, deny, vote
from bot.engine.approval import Choice, Why
from bot.engine.request import Request
from bot.engine.switch import DEFAULT_TTL
from bot.store import incidents, requests

__all__ = [
    "Caller",
    "Door",
    "ask",
    "decide",
    "engage",
    "release",
    "resume",
    "review",
    "settle",
    "silence",
    "stop",
    "unsilence",
]

_NOT_THERE = Declined(why=Cause.NOT_FOUND, say="There is no such request.")


def decide(
    desk: Desk,
    caller: Caller,
    *,
    request_id: str,
    digest: str,
    choice: Choice,
    reason: str | None = None,
    typed: str | None = None,
) -> Done | Declined:
    """Vote as from Slack, deny, or run it alone. `typed` is the phrase of a severe action."""
    request = _request(desk, request_id)
    if request is None:
        return _NOT_THERE
    matter = Matter(wants=choice, request=request, more={"digest": digest[:64]})
    here = admit(desk, caller, matter)
    if isinstance(here, Declined):
        return here
    person, proven = caller.person, True
    match choice:
        case Choice.DENY:
            return deny(here, person=person, request_id=request_id, digest=digest, reason=reason)
        case Choice.BREAK_GLASS:
            return break_glass(
                here,
                person=person,
                request_id=request_id,
                digest=digest,
                reason=reason,
                typed=typed,
                is_proven=proven,
            )
        case Choice.APPROVE | Choice.ANYWAY:
            told = vote(
                here,
                person=person,
                request_id=request_id,
                digest=digest,
                reason=reason,
                typed=typed,
                anyway=choice is Choice.ANYWAY,
                is_proven=proven,
            )
            return _said(told)


def ask(
    desk: Desk,
    caller: Caller,
    *,
    incident_id: str,
    action: str,
    inputs: Mapping[str, Json],
    reason: str | None = None,
    original_id: str | None = None,
) -> Done | Declined:
    """Ask for an action of an incident's runbook, or for the undo of an executed request."""
    with desk.database.read() as conn:
        incident = incidents.get(conn, incident_id)
    if incident is None:
        return Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
    here = admit(desk, caller, Matter(wants="ask", incident_id=incident.id, more={"action": action[:64]}))
    if isinstance(here, Declined):
        return here
    return ask_at(
        here,
        person=caller.person,
        incident_id=incident_id,
        action=action,
        inputs=inputs,
        reason=reason,
        original_id=original_id,
    )


def stop(desk: Desk, caller: Caller, *, request_id: str) -> Done | Declined:
    """Let no further call of an execution begin."""
    here = _at(desk, caller, request_id, wants="stop")
    return here if isinstance(here, Declined) else stop_at(here, person=caller.person, request_id=request_id)


def resume(desk: Desk, caller: Caller, *, request_id: str, reason: str | None) -> Done | Declined:
    """Ask that the rest of an ended execution goes on."""
    here = _at(desk, caller, request_id, wants="resume")
    if isinstance(here, Declined):
        return here
    return resume_at(here, person=caller.person, request_id=request_id, reason=reason)


def settle(desk: Desk, caller: Caller, *, request_id: str, took_effect: bool, reason: str | None) -> Done | Declined:
    """Say whether the unknown call of an execution took effect."""
    here = _at(desk, caller, request_id, wants="settle")
    if isinstance(here, Declined):
        return here
    return settle_at(here, person=caller.person, request_id=request_id, took_effect=took_effect, reason=reason)


def review(desk: Desk, caller: Caller, *, request_id: str) -> Done | Declined:
    """Countersign what somebody did alone."""
    here = _at(desk, caller, request_id, wants="review")
    return here if isinstance(here, Declined) else review_at(here, person=caller.person, request_id=request_id)


def engage(desk: Desk, caller: Caller, *, name: str, reason: str, ttl: timedelta = DEFAULT_TTL) -> Done | Declined:
    """Stop the bot's own actions that `name` is about."""
    here = admit(desk, caller, _switching(desk, "engage", name))
    if isinstance(here, Declined):
        return here
    return engage_at(here, person=caller.person, name=name, reason=reason, ttl=ttl)


def release(desk: Desk, caller: Caller, *, name: str, reason: str) -> Done | Declined:
    """Let the actions run again that `name` stops."""
    here = admit(desk, caller, _switching(desk, "release", name))
    return here if isinstance(here, Declined) else release_at(here, person=caller.person, name=name, reason=reason)


def silence(
    desk: Desk, caller: Caller, *, incident_id: str, length: timedelta, reason: str | None = None
) -> Done | Declined:
    """Have Alertmanager silence an incident's group for so long."""
    here = _over(desk, caller, incident_id, wants="silence", more={"seconds": int(length.total_seconds())})
    if isinstance(here, Declined):
        return here
    return silence_at(here, person=caller.person, incident_id=incident_id, length=length, reason=reason)


def unsilence(desk: Desk, caller: Caller, *, incident_id: str) -> Done | Declined:
    """End the silence that was made here, before its time."""
    here = _over(desk, caller, incident_id, wants="unsilence")
    return here if isinstance(here, Declined) else unsilence_at(here, person=caller.person, incident_id=incident_id)


def _over(
    desk: Desk, caller: Caller, incident_id: str, *, wants: str, more: Mapping[str, Json] | None = None
) -> Desk | Declined:
    with desk.database.read() as conn:
        incident = incidents.get(conn, incident_id)
    if incident is None:
        return Declined(why=Cause.NOT_FOUND, say="There is no such incident.")
    groups = silencers(desk.contents(desk.revision()), incident.system)
    return admit(desk, caller, Matter(wants=wants, incident_id=incident.id, groups=groups, more=more))


def _at(desk: Desk, caller: Caller, request_id: str, *, wants: str) -> Desk | Declined:
    request = _request(desk, request_id)
    return _NOT_THERE if request is None else admit(desk, caller, Matter(wants=wants, request=request))


def _request(desk: Desk, request_id: str) -> Request | None:
    with desk.database.read() as conn:
        return requests.get(conn, request_id)


def _switching(desk: Desk, wants: str, name: str) -> Matter:
    return Matter(wants=wants, groups=groups_of(desk.contents(desk.revision())), more={"switch": name[:120]})


def _said(told: Done | Declined) -> Done | Declined:
    """The same answer, without the buttons that only a card has."""
    if isinstance(told, Declined) and told.why in _CALMED:
        return replace(told, say=f"{_CALMED[told.why]} If it is wanted all the same, approve it anyway.")
    return told


_CALMED: Mapping[Why | Cause, str] = {
    Why.ALERT_RESOLVED: "The alert has resolved since this was asked, so it may not be needed any more.",
    Why.ALERT_SILENCED: "Somebody has silenced the alert since this was asked.",
}
