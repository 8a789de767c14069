"""Any order of calls, deaths, take-overs, checks, stops, people who settle and resumptions: no call begins twice."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.evidence import Column, Shown, Table
from bot.engine import execution
from bot.engine.approval import Choice, Vote
from bot.engine.execution import (
    DeedDone,
    Done,
    Due,
    Execution,
    Planned,
    due,
    left,
    may_be_settled,
    next_calls,
    open_deed,
    plan,
    settle,
)
from bot.engine.request import TargetSet
from bot.engine.resumption import Rest, digest_of, rest_of
from bot.engine.runbook import Action
from tests.kit.moments import NOON
from tests.kit.trust import ACTION
from tests.unit.engine.test_approval import REQUEST

EACH = {**ACTION["do"][0], "each": True}
BATCHED = Action.model_validate(
    {**ACTION, "do": [EACH, EACH], "batches": {"canary": 1, "size": 2, "check": "health.status == 'healthy'"}}
)
TARGETS = TargetSet(
    ids=("a", "b", "c", "d"),
    table=Table(columns=(Column(name="id", shown=Shown.ID),), rows=(("a",), ("b",), ("c",), ("d",))),
)
PLAN = plan(BATCHED, TARGETS.ids)  # a a, b c b c, d d
CUTS = (2, 6)  # after the canary, and after the next two
VOTES = (Vote(person="UB1", choice=Choice.APPROVE, digest="d", reason=None, at=NOON),)
PROCESSES = st.sampled_from(["one", "two"])
MADE = (Done.STARTED, Done.SUCCEEDED, Done.FAILED, Done.UNKNOWN)
OUTCOMES = st.lists(st.sampled_from([*[Done.SUCCEEDED] * 20, *MADE]), min_size=1, max_size=9)
FINE = st.sampled_from([True, True, True, False])


class ExecutionMachine(RuleBasedStateMachine):
    """A claimed execution, driven as the jobs and the desk drive it; what was called is kept beside, as the judge."""

    @initialize()
    def claim(self) -> None:
        self.now: datetime = NOON
        self.deeds: list[DeedDone] = []
        self.calls: list[Planned] = []
        self.checked_at: int | None = None  # how many calls had been begun when a check held last
        self.stopped_after: int | None = None
        self.resumed_at = 0  # how many calls had been begun when it was resumed last
        self.is_resumed = False
        self.approved: str | None = None  # the digest of a resumption that people agreed to
        self.resumptions = 0
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
    @rule(process=PROCESSES, outcomes=OUTCOMES, is_fine=FINE)
    def work(self, process: str, outcomes: list[Done], is_fine: bool) -> None:
        """A process is at it for some turns."""
        for outcome in outcomes:
            if _stands(self, execution.State.STARTED, execution.State.UNKNOWN):
                self.go_on(process, outcome, is_fine)

    def go_on(self, process: str, outcome: Done, is_fine: bool) -> None:
        """A process does what comes next: one call, one look of a check, or the end. STARTED: it dies in its call."""
        held = self.execution
        if held.state is execution.State.UNKNOWN and open_deed(self.deeds) is not None:
            return
        is_others = held.incarnation != process
        is_checked = self.checked_at == len(self.calls) and not is_others
        was_interrupted = is_others or self._has_just_resumed()
        match due(held, BATCHED, self.deeds, was_interrupted=was_interrupted, was_checked=is_checked):
            case Due.END:
                self.settle()
            case Due.CHECK if held.check_until is None:
                self.execution = self._taken(process, check_until=self.now)
            case Due.CHECK if is_fine:
                self.checked_at = len(self.calls)
                self.execution = self._taken(process)
            case Due.CHECK:
                return
            case Due.CALL:
                self.execution = self._taken(process)
                self._call(next_calls(held, BATCHED, self.deeds)[0], outcome)

    @precondition(lambda self: _stands(self, execution.State.STARTED))
    @rule(process=PROCESSES)
    def take_for_dead(self, process: str) -> None:
        """Whoever is taken for dead in a call has its execution settled; without one there is nothing to settle."""
        if open_deed(self.deeds) is not None:
            self.settle()

    @precondition(lambda self: _stands(self, execution.State.STARTED) and self.stopped_after is None)
    @rule()
    def stop(self) -> None:
        self.execution = replace(self.execution, stopped_by="UB1", stopped_at=self.now)
        self.stopped_after = len(self.calls)

    @precondition(lambda self: _stands(self, execution.State.UNKNOWN) and open_deed(self.deeds) is not None)
    @rule(took_effect=st.booleans())
    def look_up(self, took_effect: bool) -> None:
        """The target says; what our own death left open may go on, what gave no answer ends."""
        was_ours = self.deeds[-1].state is Done.STARTED
        self._know(took_effect)
        if not (was_ours and took_effect and left(PLAN, self.deeds)):
            self.settle()

    @precondition(lambda self: _stands(self, execution.State.STOPPED, execution.State.FAILED))
    @rule()
    def agree_to_go_on(self) -> None:
        """Somebody asks for it, and others approve: all of that is about just what stands here now."""
        rest = self._rest()
        if not isinstance(rest, str):
            self.approved = self._digest(rest)

    @precondition(lambda self: _stands(self, execution.State.STOPPED, execution.State.FAILED))
    @rule(process=PROCESSES, outcomes=OUTCOMES)
    def go_on_at_once(self, process: str, outcomes: list[Done]) -> None:
        """So that walks get as far as many resumptions."""
        self.agree_to_go_on()
        if self.approved is not None:
            self.resume(process)
            self.work(process, outcomes, is_fine=True)

    @precondition(lambda self: self.approved is not None)
    @rule(process=PROCESSES)
    def resume(self, process: str) -> None:
        """As a process takes it up: another one that comes later finds another digest, or nothing that has ended."""
        rest = self._rest()
        if isinstance(rest, str) or self._digest(rest) != self.approved:
            return
        passed = {deed.number for deed in rest.failed}
        self.deeds = [replace(deed, state=Done.PASSED) if deed.number in passed else deed for deed in self.deeds]
        self.execution = replace(
            self.execution,
            state=execution.State.STARTED,
            incarnation=process,
            resumed_at=self.now,
            resumed_after=rest.calls[0].number - 1,
            stopped_by=None,
            check_until=None,
            finished_at=None,
        )
        self.stopped_after, self.checked_at = None, None
        self.resumed_at, self.is_resumed = len(self.calls), True
        self.resumptions += 1

    def _rest(self) -> Rest | str:
        return rest_of(self.execution, BATCHED, self.deeds, votes=VOTES, now=self.now)

    def _digest(self, rest: Rest) -> str:
        number = self.resumptions + 1
        return digest_of(REQUEST, self.execution, self.deeds, number=number, rest=rest)

    def _has_just_resumed(self) -> bool:
        return self.is_resumed and self.resumed_at == len(self.calls)

    @precondition(lambda self: _stands(self, execution.State.UNKNOWN) and open_deed(self.deeds) is not None)
    @rule(took_effect=st.booleans(), has_probe=st.booleans())
    def settle_by_a_person(self, took_effect: bool, has_probe: bool) -> None:
        if may_be_settled(self.execution, has_probe=has_probe, now=self.now):
            self._know(took_effect)
            self.settle(by_a_person=True)
            assert self.execution.state is not execution.State.UNKNOWN

    def settle(self, *, by_a_person: bool = False) -> None:
        held = self.execution
        settled = settle(PLAN, self.deeds, is_stopped=by_a_person or held.stopped_by is not None).state
        if settled is not held.state:
            assert settled in execution.LEADS_TO[held.state]
            self.execution = replace(held, state=settled, finished_at=self.now)

    def _taken(self, process: str, **changes: datetime) -> Execution:
        held = self.execution
        assert held.state is execution.State.STARTED or execution.State.STARTED in execution.LEADS_TO[held.state]
        taken = replace(held, state=execution.State.STARTED, incarnation=process, check_until=None, finished_at=None)
        return replace(taken, **changes)  # type: ignore[arg-type]  # the moments of an execution

    def _call(self, call: Planned, outcome: Done) -> None:
        before = max((deed.number for deed in self.deeds if deed.state is Done.SUCCEEDED), default=None)
        if before is not None:
            is_first_or_second_again = self.is_resumed and len(self.calls) - self.resumed_at < 2
            crosses = any(before <= cut < call.number for cut in CUTS)
            assert self.checked_at == len(self.calls) or not (crosses or is_first_or_second_again)
        assert call.target not in {deed.target for deed in self.deeds if deed.state is Done.PASSED}
        self.calls.append(call)
        self.deeds.append(DeedDone(number=call.number, target=call.target, state=outcome, evidence=None, error=None))

    def _know(self, took_effect: bool) -> None:
        known = Done.SUCCEEDED if took_effect else Done.FAILED
        self.deeds[-1] = replace(self.deeds[-1], state=known)

    @invariant()
    def nothing_is_called_twice_or_past_a_stop_or_an_end(self) -> None:
        if not hasattr(self, "execution"):
            return
        assert self.stopped_after is None or len(self.calls) == self.stopped_after
        assert len({call.number for call in self.calls}) == len(self.deeds) == len(self.calls)
        assert all(deed.state in {Done.SUCCEEDED, Done.PASSED} for deed in self.deeds[:-1])

    @invariant()
    def an_execution_that_ended_has_no_open_call_and_is_told_as_it_is(self) -> None:
        if not hasattr(self, "execution") or _stands(self, execution.State.STARTED, execution.State.UNKNOWN):
            return
        done = sum(deed.state is Done.SUCCEEDED for deed in self.deeds)
        assert open_deed(self.deeds) is None
        assert (self.execution.state is execution.State.SUCCEEDED) == (done == len(PLAN))


def _stands(machine: ExecutionMachine, *states: execution.State) -> bool:
    return machine.execution.state in states


ExecutionMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=40)
TestExecutionMachine = ExecutionMachine.TestCase
