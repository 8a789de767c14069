"""Any order of clicks, crashes and looks: never without enough distinct people, never twice."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.ports import Person
from bot.engine import execution
from bot.engine.approval import Choice, May, Vote, Voter, identity, may_deny, may_vote, tally
from bot.engine.execution import DeedDone, Done, settle
from bot.engine.request import LEADS_TO, State
from tests.kit.moments import NOON
from tests.unit.engine.test_approval import ASKER, DIGEST, REQUEST

CALLS = 2
RARELY = st.integers(0, 9).map(lambda die: die == 9)

# Humans A to D own one account or two; the requester is A. Some accounts are of kinds that never decide.
PEOPLE = {
    person.id: person
    for person in (
        replace(ASKER, id="UA1", email="a@example.com"),
        replace(ASKER, id="UA2", email="A+2@example.com"),
        replace(ASKER, id="UB1", email="b@example.com"),
        replace(ASKER, id="UB2", email="b+2@example.com"),
        replace(ASKER, id="UC1", email="c@example.com"),
        replace(ASKER, id="UD1", email="d@example.com", is_guest=True),
        replace(ASKER, id="UE1", email="e@example.com", is_bot=True),
        replace(ASKER, id="UF1", email="f@example.com", is_stranger=True),
        replace(ASKER, id="UG1", email=None),
    )
}


class TrustMachine(RuleBasedStateMachine):
    """The pure rules, driven as the desk and the jobs drive them; what the outside saw is kept beside, as the judge."""

    @initialize(needs=st.integers(1, 3))
    def ask(self, needs: int) -> None:
        self.now: datetime = NOON
        self.request = replace(REQUEST, requester="UA1", needs=needs)
        self.members = set(PEOPLE) - {"UC1"}
        self.deactivated: set[str] = set()
        self.votes: list[Vote] = []
        self.claims = 0
        self.execution: execution.State | None = None
        self.deeds: list[DeedDone] = []
        self.calls: list[int] = []
        self.approved_by: frozenset[str] = frozenset()

    @rule(user_id=st.sampled_from(sorted(PEOPLE)), other_digest=RARELY)
    def approve(self, user_id: str, other_digest: bool) -> None:
        digest = "e" * 64 if other_digest else DIGEST
        voters = self._voters()
        verdict = may_vote(
            voters[user_id],
            request=self.request,
            requester=voters["UA1"],
            votes=self.votes,
            earlier=voters,
            digest=digest,
            now=self.now,
        )
        if not isinstance(verdict, May):
            return
        self.votes.append(Vote(person=user_id, choice=Choice.APPROVE, digest=digest, reason=None, at=self.now))
        counted = tally(self.request, votes=self.votes, voters=voters, requester=voters["UA1"])
        if counted.is_enough:
            self._move(State.APPROVED)
            self.approved_by = counted.approvers

    @rule(user_id=st.sampled_from(sorted(PEOPLE)), for_once=RARELY)
    def deny(self, user_id: str, for_once: bool) -> None:
        if not for_once:
            return
        verdict = may_deny(self._voters()[user_id], request=self.request, digest=DIGEST, now=self.now)
        if isinstance(verdict, May):
            self._move(State.DENIED)

    @rule(user_id=st.sampled_from(sorted(PEOPLE)), for_once=RARELY)
    def change_groups(self, user_id: str, for_once: bool) -> None:
        self.members ^= {user_id} if for_once else set()

    @rule(user_id=st.sampled_from(sorted(PEOPLE)), for_once=RARELY)
    def deactivate(self, user_id: str, for_once: bool) -> None:
        self.deactivated |= {user_id} if for_once else set()

    @rule(minutes=st.integers(0, 12))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.request.state is State.OPEN and self.request.has_expired(self.now))
    @rule()
    def expire(self) -> None:
        self._move(State.EXPIRED)

    @rule(targets_changed=RARELY)
    def begin(self, targets_changed: bool) -> None:
        if self.request.state is not State.APPROVED or self.execution is not None:
            return
        if self.request.is_stale(self.now):
            self._move(State.EXPIRED)
        elif targets_changed:
            self._move(State.SUPERSEDED)
        else:
            self.execution = execution.State.STARTED
            self.claims += 1

    @precondition(lambda self: self.execution is execution.State.STARTED and len(self.deeds) < CALLS)
    @rule(outcome=st.sampled_from([*Done]))
    def call(self, outcome: Done) -> None:
        if self.deeds and self.deeds[-1].state is not Done.SUCCEEDED:
            return
        number = len(self.deeds) + 1
        self.calls.append(number)
        self.deeds.append(DeedDone(number=number, target=None, state=outcome, evidence=None, error=None))

    @precondition(lambda self: self.execution in {execution.State.STARTED, execution.State.UNKNOWN})
    @rule()
    def settle(self) -> None:
        settled = settle(CALLS, self.deeds).state
        if settled is not self.execution:
            assert self.execution is not None
            assert settled in execution.LEADS_TO[self.execution]
            self.execution = settled

    @precondition(lambda self: self.execution is execution.State.UNKNOWN)
    @rule(took_effect=st.booleans())
    def look_up(self, took_effect: bool) -> None:
        known = Done.SUCCEEDED if took_effect else Done.FAILED
        self.deeds[-1] = replace(self.deeds[-1], state=known)
        self.settle()

    @invariant()
    def nothing_runs_without_enough_people_beside_the_requester(self) -> None:
        if not hasattr(self, "request") or not self.claims:
            return
        humans = {identity(PEOPLE[user_id]) for user_id in self.approved_by}
        assert len(humans) >= self.request.needs
        assert identity(PEOPLE["UA1"]) not in humans
        assert not any(_never_decides(PEOPLE[user_id]) for user_id in self.approved_by)

    @invariant()
    def nothing_runs_twice(self) -> None:
        if hasattr(self, "request"):
            assert self.claims <= 1
            assert len(self.calls) == len(set(self.calls))

    def _voters(self) -> dict[str, Voter]:
        return {
            user_id: Voter(
                person=replace(person, is_deleted=user_id in self.deactivated), is_member=user_id in self.members
            )
            for user_id, person in PEOPLE.items()
        }

    def _move(self, to: State) -> None:
        assert to in LEADS_TO[self.request.state]
        self.request = replace(self.request, state=to, settled_at=self.now)


def _never_decides(person: Person) -> bool:
    return person.is_bot or person.is_guest or person.is_stranger or person.email is None


TrustMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestTrustMachine = TrustMachine.TestCase
