"""Any order of calls, deaths, take-overs, checks, stops and people who settle: each call is begun at most once."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.evidence import Table
from bot.engine import execution
from bot.engine.execution import DeedDone, Done, Due, Execution, due, may_be_settled, open_deed, settle
from bot.engine.request import TargetSet
from tests.kit.moments import NOON
from tests.kit.trust import ACTION, runbook

BATCHED = runbook(
    do=[{**ACTION["do"][0], "each": True}],
    batches={"canary": 1, "size": 2, "check": "health.status == 'healthy'"},
).action("replay")
TARGETS = TargetSet(ids=("a", "b", "c", "d"), table=Table(columns=()))
CALLS = len(TARGETS.ids)
CUTS = (1, 3)  # after the canary, and after the next two
PROCESSES = st.sampled_from(["one", "two"])
RARELY = st.integers(0, 9).map(lambda die: die == 9)


class ExecutionMachine(RuleBasedStateMachine):
    """A claimed execution, driven as the jobs and the desk drive it; what was called is kept beside, as the judge."""

    @initialize()
    def claim(self) -> None:
        self.now: datetime = NOON
        self.deeds: list[DeedDone] = []
        self.calls: list[int] = []
        self.checked_after: set[int] = set()
        self.stopped_after: int | None = None
        self.execution = Execution(
            request_id="request",
            key="cs-key",
            targets=TARGETS,
            state=execution.State.STARTED,
            replica="one",
            incarnation="one",
            started_at=NOON,
            finished_at=None,
            verify_until=None,
            verified_at=None,
            outcome=None,
        )

    @rule(minutes=st.integers(0, 12))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: _stands(self, execution.State.STARTED, execution.State.UNKNOWN))
    @rule(process=PROCESSES, outcome=st.sampled_from([Done.SUCCEEDED, Done.SUCCEEDED, *Done]), is_fine=st.booleans())
    def go_on(self, process: str, outcome: Done, is_fine: bool) -> None:
        """A process does what comes next: one call, one look of a check, or the end. STARTED: it dies in its call."""
        held = self.execution
        if held.state is execution.State.UNKNOWN and open_deed(self.deeds) is not None:
            return
        assert BATCHED is not None
        is_others = held.incarnation != process
        is_checked = len(self.deeds) in self.checked_after and not is_others
        match due(held, BATCHED, self.deeds, was_interrupted=is_others, was_checked=is_checked):
            case Due.END:
                self.settle()
            case Due.CHECK if held.check_until is None:
                self.execution = self._taken(process, check_until=self.now)
            case Due.CHECK if is_fine:
                self.checked_after.add(len(self.deeds))
                self.execution = self._taken(process)
            case Due.CHECK:
                return
            case Due.CALL:
                self.execution = self._taken(process)
                self._call(outcome)

    @precondition(lambda self: _stands(self, execution.State.STARTED))
    @rule(process=PROCESSES)
    def take_for_dead(self, process: str) -> None:
        """Whoever is taken for dead in a call has its execution settled; without one there is nothing to settle."""
        if open_deed(self.deeds) is not None:
            self.settle()

    @precondition(lambda self: _stands(self, execution.State.STARTED) and self.stopped_after is None)
    @rule(for_once=RARELY)
    def stop(self, for_once: bool) -> None:
        if not for_once:
            return
        self.execution = replace(self.execution, stopped_by="UB1", stopped_at=self.now)
        self.stopped_after = len(self.calls)

    @precondition(lambda self: _stands(self, execution.State.UNKNOWN) and open_deed(self.deeds) is not None)
    @rule(took_effect=st.booleans())
    def look_up(self, took_effect: bool) -> None:
        """The target says; what our own death left open may go on, what gave no answer ends."""
        was_ours = self.deeds[-1].state is Done.STARTED
        self._know(took_effect)
        if not (was_ours and took_effect and len(self.deeds) < CALLS):
            self.settle()

    @precondition(lambda self: _stands(self, execution.State.UNKNOWN) and open_deed(self.deeds) is not None)
    @rule(took_effect=st.booleans(), has_probe=st.booleans())
    def settle_by_a_person(self, took_effect: bool, has_probe: bool) -> None:
        if may_be_settled(self.execution, has_probe=has_probe, now=self.now):
            self._know(took_effect)
            self.settle(by_a_person=True)
            assert self.execution.state is not execution.State.UNKNOWN

    def settle(self, *, by_a_person: bool = False) -> None:
        held = self.execution
        settled = settle(CALLS, self.deeds, is_stopped=by_a_person or held.stopped_by is not None).state
        if settled is not held.state:
            assert settled in execution.LEADS_TO[held.state]
            self.execution = replace(held, state=settled, finished_at=self.now)

    def _taken(self, process: str, **changes: datetime) -> Execution:
        held = self.execution
        assert held.state is execution.State.STARTED or execution.State.STARTED in execution.LEADS_TO[held.state]
        taken = replace(held, state=execution.State.STARTED, incarnation=process, check_until=None, finished_at=None)
        return replace(taken, **changes)  # type: ignore[arg-type]  # the moments of an execution

    def _call(self, outcome: Done) -> None:
        number = len(self.deeds) + 1
        self.calls.append(number)
        self.deeds.append(DeedDone(number=number, target=None, state=outcome, evidence=None, error=None))

    def _know(self, took_effect: bool) -> None:
        known = Done.SUCCEEDED if took_effect else Done.FAILED
        self.deeds[-1] = replace(self.deeds[-1], state=known)

    @invariant()
    def nothing_is_called_past_a_stop_or_an_end_or_an_unchecked_batch(self) -> None:
        if not hasattr(self, "execution"):
            return
        assert self.stopped_after is None or len(self.calls) == self.stopped_after
        assert len(self.deeds) == len(self.calls)
        assert all(deed.state is Done.SUCCEEDED for deed in self.deeds[:-1])
        assert {cut for cut in (1, 3) if len(self.calls) > cut} <= self.checked_after

    @invariant()
    def an_execution_that_ended_has_no_open_call_and_is_told_as_it_is(self) -> None:
        if not hasattr(self, "execution") or _stands(self, execution.State.STARTED, execution.State.UNKNOWN):
            return
        done = sum(deed.state is Done.SUCCEEDED for deed in self.deeds)
        assert open_deed(self.deeds) is None
        assert (self.execution.state is execution.State.SUCCEEDED) == (done == CALLS)


def _stands(machine: ExecutionMachine, *states: execution.State) -> bool:
    return machine.execution.state in states


ExecutionMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=40)
TestExecutionMachine = ExecutionMachine.TestCase
