"""Votes as they are kept, and when they are enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.engine.request import Request
from bot.engine.runbook import Action, Risk
from bot.engine.voter import Voter, eligible, is_same

IDEMPOTENCY_WINDOW = timedelta(hours=23)
"""Stripe forgets an idempotency key after a day: an older approval could no longer be kept to one effect."""


class Choice(StrEnum):
    APPROVE = "approve"
    ANYWAY = "approve_anyway"  # although the alert has resolved, or is silenced
    BREAK_GLASS = "break_glass"  # alone, for now; somebody else reviews it
    DENY = "deny"

    @property
    def is_approval(self) -> bool:
        """Whether it is one of the approvals that are counted."""
        return self in {Choice.APPROVE, Choice.ANYWAY}


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """One person's answer to one digest; `is_typed` when they typed the action's phrase, `is_proven` with a code."""

    person: str
    choice: Choice
    digest: str
    reason: str | None
    at: datetime
    is_typed: bool = False
    is_proven: bool = False  # they gave a one-time code


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Whose approvals count, against how many are needed."""

    approvers: frozenset[str]
    needs: int

    @property
    def is_enough(self) -> bool:
        return len(self.approvers) >= max(self.needs, 1)


def tally(request: Request, *, votes: Sequence[Vote], voters: Mapping[str, Voter], requester: Voter) -> Tally:
    """Count distinct people who are approvers now, for this digest; who was deactivated meanwhile does not count."""
    counted: list[Voter] = []
    for vote in votes:
        voter = voters.get(vote.person)
        if voter is None or not vote.choice.is_approval or vote.digest != request.digest:
            continue
        if eligible(voter, requester=requester) or any(is_same(voter, other) for other in counted):
            continue
        counted.append(voter)
    return Tally(approvers=frozenset(voter.person.id for voter in counted), needs=request.needs)


def is_carried(
    request: Request, votes: Sequence[Vote], *, action: Action, needs: int, break_glass: bool, wants_code: bool
) -> bool:
    """Whether the votes that are kept carry this request; `break_glass` says whether this installation has it.

    With `wants_code` only those count that were given with a one-time code, whatever was asked for back then.
    Who they are was judged when they voted; here only what the rows say: a state that somebody set approves nothing.
    """
    cast = [vote for vote in votes if vote.digest == request.digest]
    if action.risk is Risk.SEVERE:
        cast = [vote for vote in cast if vote.is_typed]
    if wants_code:
        cast = [vote for vote in cast if vote.is_proven]
    if break_glass and action.break_glass and any(vote.choice is Choice.BREAK_GLASS for vote in cast):
        return True
    return len({vote.person for vote in cast if vote.choice.is_approval and vote.person != request.requester}) >= needs


def is_forgotten(action: Action, votes: Sequence[Vote], now: datetime) -> bool:
    """Whether the first approval is so old that Stripe may have forgotten the keys that keep it to one effect."""
    given = [vote.at for vote in votes if vote.choice is not Choice.DENY]
    return action.sends_to_stripe and bool(given) and now - min(given) >= IDEMPOTENCY_WINDOW


def is_confirmed(votes: Sequence[Vote]) -> bool:
    """Whether the last who decided knew that the alert had calmed down."""
    given = [vote for vote in votes if vote.choice is not Choice.DENY]
    return bool(given) and max(given, key=lambda vote: vote.at).choice is not Choice.APPROVE
