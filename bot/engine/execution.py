"""An execution: the one attempt to carry a request out, as a state machine over its rows."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate

from bot.core.evidence import Evidence
from bot.engine.request import TargetSet
from bot.engine.runbook import Action, Deed

RESUME_WITHIN = timedelta(minutes=10)
"""So long after its last sign of life another process may go on with an execution by itself; later people decide."""

ASK_A_PERSON_AFTER = timedelta(minutes=10)
"""So long an unknown call is looked up by the bot alone, where it has a probe."""


class State(StrEnum):
    """Where an execution stands."""

    STARTED = "started"  # claimed; an effect may be under way
    SUCCEEDED = "succeeded"  # every deed was done; not verified yet
    FAILED = "failed"  # a deed was certainly not done, and nothing after it was tried
    STOPPED = "stopped"  # somebody stopped it between two calls, or left the rest of it alone; what was done stays
    UNKNOWN = "unknown"  # a call was sent and no trustworthy answer came back
    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"


LEADS_TO: Mapping[State, frozenset[State]] = {
    State.STARTED: frozenset({State.SUCCEEDED, State.FAILED, State.STOPPED, State.UNKNOWN}),
    State.SUCCEEDED: frozenset({State.VERIFIED, State.NOT_VERIFIED}),
    # Looked up, settled by a person, or the sender came back with its answer: then it has ended, or goes on with the
    # next call that was never begun.
    State.UNKNOWN: frozenset({State.SUCCEEDED, State.FAILED, State.STOPPED, State.STARTED}),
    # People may let the rest of it go on; see `bot.engine.resumption`.
    State.FAILED: frozenset({State.STARTED}),
    State.STOPPED: frozenset({State.STARTED}),
    State.VERIFIED: frozenset(),
    State.NOT_VERIFIED: frozenset(),
}


class Done(StrEnum):
    """Where one deed stands."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    PASSED = "passed"  # it failed, and people let the others go on without it


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
    check_until: datetime | None = None  # while it waits between two batches: when their check is given up
    stopped_by: str | None = None  # who asked that no further call be made
    stopped_at: datetime | None = None
    resumed_at: datetime | None = None  # when people let it go on, the last time
    resumed_after: int | None = None  # the number of the last call that was behind it then


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


def parts(action: Action, ids: Sequence[str]) -> tuple[Sequence[str], ...]:
    """The targets in the batches they are taken in, the canary first; all at once where it has no batches."""
    if action.batches is None:
        return (ids,)
    first, size = action.batches.canary, action.batches.size
    return (ids[:first], *(ids[start : start + size] for start in range(first, len(ids), size)))


def boundaries(action: Action, ids: Sequence[str], *, resumed_after: int | None = None) -> tuple[int, ...]:
    """After which calls a check is due; never after the last, for that is what verify: is for.

    Whatever was resumed begins with a canary again.
    """
    if action.batches is None:
        return ()
    cuts = list(accumulate(len(part) * len(action.do) for part in parts(action, ids)))
    again = [] if resumed_after is None else [resumed_after + action.batches.canary]
    return tuple(sorted({cut for cut in (*cuts, *again) if cut < cuts[-1]}))


def plan(action: Action, ids: Sequence[str]) -> tuple[Planned, ...]:
    """Every call in its order: each deed once, or once per target where it says `each`, batch by batch."""
    pairs = [
        (deed, target)
        for part in parts(action, ids)
        for deed in action.do
        for target in (part if deed.each else (None,))
    ]
    return tuple(
        Planned(number=number, deed=deed, target=target) for number, (deed, target) in enumerate(pairs, start=1)
    )


def left(calls: Sequence[Planned], deeds: Sequence[DeedDone]) -> tuple[Planned, ...]:
    """The calls that may still begin: no call twice, and none for a target that was passed over."""
    begun = {deed.number for deed in deeds}
    passed = {deed.target for deed in deeds if deed.state is Done.PASSED}
    return tuple(call for call in calls if call.number not in begun and call.target not in passed)


class Due(StrEnum):
    """What comes next in an execution that has not ended."""

    CALL = "call"
    CHECK = "check"
    END = "end"


def due(
    execution: Execution, action: Action, deeds: Sequence[DeedDone], *, was_interrupted: bool, was_checked: bool
) -> Due:
    """What comes next, by what is recorded.

    `was_interrupted` when whoever was at it is gone: in the middle of a batch, what was done is checked before more
    is. `was_checked` when that has just held.
    """
    ids = execution.targets.ids
    rest = left(plan(action, ids), deeds)
    if not rest or not _is_clean(deeds) or execution.stopped_by is not None:
        return Due.END
    if execution.check_until is not None:
        return Due.CHECK
    done = [deed.number for deed in deeds if deed.state is Done.SUCCEEDED]
    if action.batches is None or was_checked or not done:
        return Due.CALL
    cuts = boundaries(action, ids, resumed_after=execution.resumed_after)
    is_at_a_cut = any(max(done) <= cut < rest[0].number for cut in cuts)
    return Due.CHECK if was_interrupted or is_at_a_cut else Due.CALL


def next_calls(execution: Execution, action: Action, deeds: Sequence[DeedDone]) -> tuple[Planned, ...]:
    """The calls up to the next check."""
    ids = execution.targets.ids
    rest = left(plan(action, ids), deeds)
    cuts = boundaries(action, ids, resumed_after=execution.resumed_after)
    until = next((cut for cut in cuts if rest and cut >= rest[0].number), None)
    return tuple(call for call in rest if until is None or call.number <= until)


def _is_clean(deeds: Sequence[DeedDone]) -> bool:
    """Whether no call speaks against going on."""
    return all(deed.state in {Done.SUCCEEDED, Done.PASSED} for deed in deeds)


def is_abandoned(execution: Execution, deeds: Sequence[DeedDone], now: datetime) -> bool:
    """Whether nobody was at it for so long that what was approved is no longer taken for what is wanted."""
    signs = [execution.started_at, *(at for deed in deeds if (at := deed.finished_at or deed.started_at))]
    signs += [at for at in (execution.check_until, execution.resumed_at) if at is not None]
    return now - max(signs) > RESUME_WITHIN


def may_be_settled(execution: Execution, *, has_probe: bool, now: datetime) -> bool:
    """Whether a person may say what became of an unknown call: where nothing can be asked, or nothing answers."""
    if execution.state is not State.UNKNOWN:
        return False
    since = execution.finished_at or execution.started_at
    return not has_probe or now - since >= ASK_A_PERSON_AFTER


def open_deed(deeds: Sequence[DeedDone]) -> DeedDone | None:
    """The call of which nobody knows what became; None when all are known for certain."""
    return next((deed for deed in deeds if deed.state in {Done.STARTED, Done.UNKNOWN}), None)


def settle(
    calls: Sequence[Planned], deeds: Sequence[DeedDone], *, is_stopped: bool = False, because: str | None = None
) -> Settled:
    """How it ended, from what is recorded of its calls; an open or unknown call makes the whole unknown.

    `because` says why the rest was not tried, where it is no call that says so.
    """
    total = len(calls)
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
            case Done.SUCCEEDED | Done.PASSED:
                continue
    if done == total:
        return Settled(state=State.SUCCEEDED, outcome=so_far)
    if not left(calls, deeds):
        passed = sum(deed.state is Done.PASSED for deed in deeds)
        return Settled(state=State.FAILED, outcome=f"{so_far}, {passed} failed before and was passed over")
    state = State.STOPPED if is_stopped else State.FAILED
    why = because or ("stopped" if is_stopped else "the bot stopped before the next call")
    return Settled(state=state, outcome=f"{why}; {so_far}, the rest was not tried")
