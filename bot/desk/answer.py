"""What a person is told at once, and nobody else is: done, or declined and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.engine.approval import Why


class Cause(StrEnum):
    """Why something cannot be done, beside what speaks against a voter."""

    NOT_FOUND = "not_found"
    NOT_OFFERED = "not_offered"
    BAD_INPUT = "bad_input"
    NO_REASON = "no_reason"
    ALREADY_ASKED = "already_asked"
    NOT_EXECUTED = "not_executed"
    NOT_RUNNING = "not_running"  # so there is nothing to stop
    NOT_UNKNOWN = "not_unknown"  # so there is nothing for a person to settle
    NOT_RESUMABLE = "not_resumable"
    ALREADY_OPENED = "already_opened"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    ALREADY_RUNNING = "already_running"
    ALREADY_ENGAGED = "already_engaged"
    NOT_ENGAGED = "not_engaged"
    NOT_ENROLLED = "not_enrolled"
    WRONG_CODE = "wrong_code"
    CODE_USED = "code_used"
    LOCKED = "locked"
    ALREADY_SILENCED = "already_silenced"
    NOT_SILENCED = "not_silenced"
    NOT_FIRING = "not_firing"
    NOT_CONNECTED = "not_connected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """It is done. `id` is the request, or the incident, that it was done to."""

    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Declined:
    """It is not done; `say` is one or two sentences for the person who tried."""

    why: Why | Cause
    say: str


SAY: Mapping[Why, str] = {
    Why.UNCERTAIN: "I cannot tell who you are right now, because the directory does not answer. Try again in a minute.",
    Why.BOT: "Bots do not decide about actions.",
    Why.DELETED: "Your account is deactivated.",
    Why.GUEST: "Guests do not decide about actions.",
    Why.STRANGER: "People of other workspaces do not decide about actions.",
    Why.NO_EMAIL: "I do not know the e-mail address of you or of the requester, so I cannot tell you two apart.",
    Why.REQUESTER: "You asked for this, so somebody else must approve it. You can withdraw it with Deny.",
    Why.ALIAS: "This account belongs to the person who asked for it; somebody else must approve.",
    Why.RESUMER: "You asked to go on with it, so somebody else must approve that.",
    Why.NOT_IN_GROUP: "You are in none of the groups that decide about this action.",
    Why.PREPARING: "The preview is still being made; there is nothing to decide about yet.",
    Why.SETTLED: "This has been decided already.",
    Why.EXPIRED: "This request has expired. Ask for the action again.",
    Why.DIGEST_DIFFERS: "What you looked at is not what would run now. Look at the card again.",
    Why.ALREADY_VOTED: "You have voted on this already.",
    Why.NO_PHRASE: "This is severe: its phrase must be typed to approve it. Nothing was done.",
    Why.NO_CODE: "This action asks for a code of your authenticator app. Nothing was done.",
    Why.NO_REASON: "Say why it cannot wait for somebody else.",
    Why.ALERT_RESOLVED: (
        "The alert has resolved since this was asked, so it may not be needed any more. If it is, press "
        "“Approve although resolved”."
    ),
    Why.ALERT_SILENCED: (
        "Somebody has silenced the alert since this was asked. If the action is wanted all the same, press "
        "“Approve although silenced”."
    ),
    Why.TARGETS_CHANGED: "What it would touch has changed. Look at the new card.",
    Why.UNREADABLE: "What it would touch cannot be read now. Try again in a minute.",
    Why.NOT_POSSIBLE: "It is not possible any more.",
    Why.OUTSIDE_HOURS: "This action is outside its hours now.",
    Why.COOLING_DOWN: "This action has touched the same target a short while ago.",
    Why.TOO_OFTEN: "This action has run as often as it may for now.",
    Why.NO_BREAK_GLASS: "Nobody runs this action alone; it needs its approvals.",
    Why.TOO_MUCH_ALONE: "It touches more than usual, so nobody runs it alone; it needs its approvals.",
    Why.NOT_BROKEN: "There is nothing to review: nobody ran this alone.",
    Why.REVIEWED: "It has been reviewed already.",
    Why.OWN_BREAK_GLASS: "You ran this alone, so somebody else must review it.",
}


def declined(why: Why) -> Declined:
    """The refusal with its sentence."""
    return Declined(why=why, say=SAY[why])
