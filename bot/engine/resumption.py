"""Letting the rest of an ended execution go on: one person asks for it, and as many approve that as approved the whole.

The approvals of before were for a run without a stop and without an anomaly. They say nothing about the rest of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.core.canonical import sha256
from bot.engine import execution as executing
from bot.engine import request as requesting
from bot.engine.approval import IDEMPOTENCY_WINDOW, Choice, Vote
from bot.engine.execution import DeedDone, Done, Execution, Planned, left, plan
from bot.engine.request import Request, TargetSet, only
from bot.engine.runbook import Action


class State(StrEnum):
    """Where a resumption stands."""

    OPEN = "open"
    APPROVED = "approved"
    STARTED = "started"  # the execution goes on; its row says the rest
    DENIED = "denied"
    EXPIRED = "expired"
    REFUSED = "refused"
    SUPERSEDED = "superseded"  # the targets are others now; another request took its place


PENDING = frozenset({State.OPEN, State.APPROVED})
"""It waits for votes, or to begin."""

_NOT_DONE = frozenset({State.EXPIRED, State.REFUSED, State.SUPERSEDED})
LEADS_TO: Mapping[State, frozenset[State]] = {
    State.OPEN: frozenset({State.APPROVED, State.DENIED, *_NOT_DONE}),
    State.APPROVED: frozenset({State.STARTED, *_NOT_DONE}),
    State.STARTED: frozenset(),
    State.DENIED: frozenset(),
    State.EXPIRED: frozenset(),
    State.REFUSED: frozenset(),
    State.SUPERSEDED: frozenset(),
}

_AS_REQUEST = {
    State.OPEN: requesting.State.OPEN,
    State.APPROVED: requesting.State.APPROVED,
    State.STARTED: requesting.State.APPROVED,
    State.DENIED: requesting.State.DENIED,
    State.EXPIRED: requesting.State.EXPIRED,
    State.REFUSED: requesting.State.REFUSED,
    State.SUPERSEDED: requesting.State.SUPERSEDED,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Resumption:
    """One attempt to let an execution go on, as its row says it; numbers count from 1."""

    request_id: str
    number: int
    person: str  # who asks for it
    asked_at: datetime
    reason: str
    targets: TargetSet  # those that are left
    digest: str
    state: State
    needs: int
    expires_at: datetime
    settled_at: datetime | None
    note: str | None

    @property
    def is_pending(self) -> bool:
        """Whether it waits for votes, or to begin."""
        return self.state in PENDING


@dataclass(frozen=True, kw_only=True, slots=True)
class Rest:
    """What an ended execution has left."""

    calls: tuple[Planned, ...]
    targets: TargetSet
    failed: tuple[DeedDone, ...]  # which it would go on without


def rest_of(
    execution: Execution, action: Action, deeds: Sequence[DeedDone], *, votes: Sequence[Vote], now: datetime
) -> Rest | str:
    """What may go on, if people agree; or why nothing may, in a sentence."""
    if execution.state not in {executing.State.STOPPED, executing.State.FAILED}:
        return "It has not been stopped, so there is nothing to go on with."
    failed = tuple(deed for deed in deeds if deed.state is Done.FAILED)
    if failed and not all(deed.each for deed in action.do):
        return "A call failed on which the next may build, so it cannot go on without it. Ask for the action anew."
    calls = calls_left(execution, action, deeds)
    if not calls:
        return "Nothing of it is left to do."
    given = [vote.at for vote in votes if vote.choice is not Choice.DENY]
    if not given or now - min(given) >= IDEMPOTENCY_WINDOW:
        return "It was approved too long ago to go on with. Ask for the action anew."
    named = {call.target for call in calls}
    rest = execution.targets if None in named else only(execution.targets, named)
    return Rest(calls=calls, targets=rest, failed=failed)


def calls_left(execution: Execution, action: Action, deeds: Sequence[DeedDone]) -> tuple[Planned, ...]:
    """The calls it would still make, were it to go on without those that failed."""
    return left(plan(action, execution.targets.ids), _without(deeds))


def digest_of(request: Request, execution: Execution, deeds: Sequence[DeedDone], *, number: int, rest: Rest) -> str:
    """What a vote on a resumption is for: the request, how it ended, what of it is done, and what is left."""
    return sha256(
        {
            "request": request.digest,
            "resumption": number,
            "ended": [execution.state, execution.outcome],
            "calls": [[deed.number, deed.target, deed.state] for deed in deeds],
            "left": [[call.number, call.target] for call in rest.calls],
            "rows": sorted(rest.targets.rows),
        }
    )


def as_request(request: Request, resumption: Resumption) -> Request:
    """The request as those who vote on its resumption see it: what is left, under a digest of its own."""
    return replace(
        request,
        targets=resumption.targets,
        preview=replace(request.preview, say=None, answer=None) if request.preview else None,  # it was of the whole
        digest=resumption.digest,
        state=_AS_REQUEST[resumption.state],
        needs=resumption.needs,
        expires_at=resumption.expires_at,
        settled_at=resumption.settled_at,
        note=resumption.note,
    )


def _without(deeds: Sequence[DeedDone]) -> tuple[DeedDone, ...]:
    """As the calls will stand: what failed is passed over."""
    return tuple(replace(deed, state=Done.PASSED) if deed.state is Done.FAILED else deed for deed in deeds)
