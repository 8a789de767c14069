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
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    ALREADY_RUNNING = "already_running"
    ALREADY_ENGAGED = "already_engaged"
    NOT_ENGAGED = "not_engaged"


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
    Why.NOT_IN_GROUP: "You are in none of the groups that decide about this action.",
    Why.PREPARING: "The preview is still being made; there is nothing to decide about yet.",
    Why.SETTLED: "This has been decided already.",
    Why.EXPIRED: "This request has expired. Ask for the action again.",
    Why.DIGEST_DIFFERS: "What you looked at is not what would run now. Look at the card again.",
    Why.ALREADY_VOTED: "You have voted on this already.",
}


def declined(why: Why) -> Declined:
    """The refusal with its sentence."""
    return Declined(why=why, say=SAY[why])
