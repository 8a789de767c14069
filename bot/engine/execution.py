"""An execution: the one attempt to carry a request out, as a state machine over its rows."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.evidence import Evidence
from bot.engine.request import TargetSet
from bot.engine.runbook import Action, Deed


class State(StrEnum):
    """Where an execution stands."""

    STARTED = "started"  # claimed; an effect may be under way
    SUCCEEDED = "succeeded"  # every deed was done; not verified yet
    FAILED = "failed"  # a deed was certainly not done, and nothing after it was tried
    UNKNOWN = "unknown"  # a call was sent and no trustworthy answer came back
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"


LEADS_TO: Mapping[State, frozenset[State]] = {
    State.STARTED: frozenset({State.SUCCEEDED, State.FAILED, State.UNKNOWN}),
    State.SUCCEEDED: frozenset({State.VERIFIED, State.NOT_VERIFIED}),
    State.UNKNOWN: frozenset({State.SUCCEEDED, State.FAILED}),  # looked up, or the sender came back with its answer
    State.FAILED: frozenset(),
    State.VERIFIED: frozenset(),
    State.NOT_VERIFIED: frozenset(),
}


class Done(StrEnum):
    """Where one deed stands."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """One execution, as its row says it."""

    request_id: str
    key: str
    targets: TargetSet  # those approved or, where the action may shrink, those left of them
    state: State
    replica: str
    incarnation: str
    started_at: datetime
    finished_at: datetime | None
    verify_until: datetime | None
    verified_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeedDone:
    """One deed, as its row says it; numbers count from 1."""

    number: int
    target: str | None
    state: Done
    evidence: Evidence | None
    error: str | None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One call that will be made: which deed, for which target (None: for all of them at once)."""

    number: int
    deed: Deed
    target: str | None

    def key(self, request_id: str) -> str:
        """Its idempotency key."""
        return deed_key(request_id, number=self.number, target=self.target)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """How an execution stands by its deeds, and the sentence that says so."""

    state: State
    outcome: str


def deed_key(request_id: str, *, number: int, target: str | None) -> str:
    """The idempotency key of one call: derived from the request, never from the attempt."""
    return "cs-" + hashlib.sha256(f"{request_id}:{number}:{target or ''}".encode()).hexdigest()[:32]


def plan(action: Action, ids: Sequence[str]) -> tuple[Planned, ...]:
    """Every call in its order: each deed once, or once per target where it says `each`."""
    pairs = [(deed, target) for deed in action.do for target in (ids if deed.each else (None,))]
    return tuple(
        Planned(number=number, deed=deed, target=target) for number, (deed, target) in enumerate(pairs, start=1)
    )


def settle(total: int, deeds: Sequence[DeedDone]) -> Settled:
    """How it ended, from what is recorded of its `total` calls; an open or unknown call makes the whole unknown."""
    done = sum(deed.state is Done.SUCCEEDED for deed in deeds)
    so_far = f"{done} of {total} calls done"
    for deed in deeds:
        match deed.state:
            case Done.STARTED:
                where = f"call {deed.number} was sent and its answer was lost"
                return Settled(state=State.UNKNOWN, outcome=f"{where}; {so_far} for certain")
            case Done.UNKNOWN:
                return Settled(state=State.UNKNOWN, outcome=f"{deed.error or 'no answer'}; {so_far} for certain")
            case Done.FAILED:
                return Settled(state=State.FAILED, outcome=f"{deed.error or 'refused'}; {so_far}")
            case Done.SUCCEEDED:
                continue
    if done == total:
        return Settled(state=State.SUCCEEDED, outcome=so_far)
    return Settled(
        state=State.FAILED, outcome=f"the bot stopped before the next call; {so_far}, the rest was not tried"
    )
