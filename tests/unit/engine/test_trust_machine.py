"""Any order of clicks, crashes and looks: never without enough distinct people, never twice."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core.ports import Person
from bot.engine import execution
from bot.engine.approval import (
    Choice,
    May,
    Vote,
    Voter,
    calmer,
    identity,
    is_carried,
    is_confirmed,
    may_break_glass,
    may_deny,
    may_vote,
    tally,
)
from bot.engine.execution import DeedDone, Done, plan, settle
from bot.engine.request import LEADS_TO, Standing, State
from bot.engine.runbook import Action
from tests.kit.moments import NOON
from tests.kit.trust import ACTION
from tests.unit.engine.test_approval import ASKER, DIGEST, REQUEST

MANY = Action.model_validate({**ACTION, "do": [{**ACTION["do"][0], "each": True}]})
PLAN = plan(MANY, ["ev_1", "ev_2"])
CALLS = len(PLAN)
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
        # One human by the rules file only.
        replace(ASKER, id="UH1", email="h@example.com"),
        replace(ASKER, id="UH2", email="other@example.com"),
    )
}
HUMANS = {"UH1": "h", "UH2": "h"}
# Those whose votes may count come up more often, so that walks get as far as an effect.
SOMEBODY = st.sampled_from([*sorted(PEOPLE), *["UB1", "UH1", "UH2"] * 4])


class TrustMachine(RuleBasedStateMachine):
    """The pure rules, driven as the desk and the jobs drive them; what the outside saw is kept beside, as the judge."""

    @initialize(
        needs=st.integers(1, 2),
        may_break=st.booleans(),
        is_installed=st.booleans(),
        severe=st.booleans(),
        wants_code=RARELY,
    )
    def ask(self, needs: int, may_break: bool, is_installed: bool, severe: bool, wants_code: bool) -> None:
        changes = {"break_glass": may_break, "risk": "severe" if severe else "high"}
        self.action = Action.model_validate({**ACTION, **changes})
        self.is_installed = is_installed
        self.wants_code = wants_code
        self.ran_unproven = False
        self.alert = Standing.FIRING
        self.broken_by: str | None = None
        self.ran_calm_unconfirmed = False
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

    @rule(user_id=SOMEBODY, other_digest=RARELY, untyped=RARELY, anyway=RARELY, is_proven=st.booleans())
    def approve(self, user_id: str, other_digest: bool, untyped: bool, anyway: bool, is_proven: bool) -> None:
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
        if not isinstance(verdict, May) or (untyped and self.action.typed_phrase):
            return
        if self.wants_code and not is_proven:
            return
        if calmer(self.request, self.alert) and not anyway:
            return
        self._cast(user_id, Choice.ANYWAY if anyway else Choice.APPROVE, is_proven=is_proven)
        counted = tally(self.request, votes=self.votes, voters=voters, requester=voters["UA1"])
        if counted.is_enough:
            self._move(State.APPROVED)
            self.approved_by = counted.approvers

    @rule(first=SOMEBODY, second=SOMEBODY)
    def two_approve(self, first: str, second: str) -> None:
        for user_id in (first, second):
            self.approve(user_id, other_digest=False, untyped=False, anyway=False, is_proven=self.wants_code)

    @rule(user_id=SOMEBODY, for_once=RARELY)
    def break_glass(self, user_id: str, for_once: bool) -> None:
        if not for_once:
            return
        voters = self._voters()
        verdict = may_break_glass(
            voters[user_id],
            request=self.request,
            action=self.action,
            votes=self.votes,
            earlier=voters,
            digest=DIGEST,
            now=self.now,
        )
        if isinstance(verdict, May) and self.is_installed:
            self._cast(user_id, Choice.BREAK_GLASS, is_proven=self.wants_code)
            self._move(State.APPROVED)
            self.broken_by = user_id

    @rule(to=st.sampled_from([Standing.FIRING, Standing.FIRING, Standing.RESOLVED, Standing.SILENCED]))
    def alert_changes(self, to: Standing) -> None:
        self.alert = to

    @rule(first=SOMEBODY, second=SOMEBODY, for_once=RARELY)
    def ask_for_codes_between_the_votes_and_the_start(self, first: str, second: str, for_once: bool) -> None:
        self.two_approve(first, second)
        self.wants_code = self.wants_code or for_once
        if self.wants_code:
            self.begin(targets_changed=False, resolves=False)

    @rule(for_once=RARELY)
    def end_break_glass(self, for_once: bool) -> None:
        self.is_installed = self.is_installed and not for_once

    @rule(for_once=RARELY)
    def set_the_state_by_hand(self, for_once: bool) -> None:
        if for_once and self.request.state is State.OPEN:
            self._move(State.APPROVED)

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

    @rule(minutes=st.integers(0, 5))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.request.state is State.OPEN and self.request.has_expired(self.now))
    @rule()
    def expire(self) -> None:
        self._move(State.EXPIRED)

    @rule(targets_changed=RARELY, resolves=st.booleans())
    def begin(self, targets_changed: bool, resolves: bool) -> None:
        self.alert = Standing.RESOLVED if resolves else self.alert
        if self.request.state is not State.APPROVED or self.execution is not None:
            return
        if self.request.is_stale(self.now):
            self._move(State.EXPIRED)
        elif not is_carried(
            self.request,
            self.votes,
            action=self.action,
            needs=self.request.needs,
            break_glass=self.is_installed,
            wants_code=self.wants_code,
        ):
            self._move(State.REFUSED)
        elif targets_changed or (calmer(self.request, self.alert) and not is_confirmed(self.votes)):
            self._move(State.SUPERSEDED)
        else:
            last = self.votes[-1].choice
            self.ran_calm_unconfirmed = self.alert is Standing.RESOLVED and last is Choice.APPROVE
            proven = {vote.person for vote in self.votes if vote.is_proven}
            self.ran_unproven = self.wants_code and len(proven) < (1 if self.broken_by else self.request.needs)
            self.execution = execution.State.STARTED
            self.claims += 1

    @precondition(lambda self: self.execution is execution.State.STARTED and len(self.deeds) < CALLS)
    @rule(outcome=st.sampled_from([Done.STARTED, Done.SUCCEEDED, Done.FAILED, Done.UNKNOWN]))
    def call(self, outcome: Done) -> None:
        if self.deeds and self.deeds[-1].state is not Done.SUCCEEDED:
            return
        number = len(self.deeds) + 1
        self.calls.append(number)
        self.deeds.append(DeedDone(number=number, target=None, state=outcome, evidence=None, error=None))

    @precondition(lambda self: self.execution in {execution.State.STARTED, execution.State.UNKNOWN})
    @rule()
    def settle(self) -> None:
        settled = settle(PLAN, self.deeds).state
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
        if not hasattr(self, "request") or not self.claims or self.broken_by is not None:
            return
        humans = {HUMANS.get(user_id) or identity(PEOPLE[user_id]) for user_id in self.approved_by}
        assert len(humans) >= self.request.needs
        assert identity(PEOPLE["UA1"]) not in humans
        assert not any(_never_decides(PEOPLE[user_id]) for user_id in self.approved_by)

    @invariant()
    def nobody_runs_it_alone_but_where_it_is_so_configured(self) -> None:
        if not hasattr(self, "request") or self.broken_by is None:
            return
        assert self.action.break_glass
        assert not _never_decides(PEOPLE[self.broken_by])

    @invariant()
    def nothing_runs_for_an_alert_that_has_resolved_unless_somebody_wants_it_so(self) -> None:
        if hasattr(self, "request"):
            assert not self.ran_calm_unconfirmed

    @invariant()
    def nothing_runs_on_votes_without_the_codes_that_are_asked_for_when_it_runs(self) -> None:
        if hasattr(self, "request"):
            assert not self.ran_unproven

    @invariant()
    def nothing_runs_twice(self) -> None:
        if hasattr(self, "request"):
            assert self.claims <= 1
            assert len(self.calls) == len(set(self.calls))

    def _voters(self) -> dict[str, Voter]:
        return {
            user_id: Voter(
                person=replace(person, is_deleted=user_id in self.deactivated),
                is_member=user_id in self.members,
                human=HUMANS.get(user_id),
            )
            for user_id, person in PEOPLE.items()
        }

    def _cast(self, user_id: str, choice: Choice, *, is_proven: bool) -> None:
        self.votes.append(
            Vote(
                person=user_id,
                choice=choice,
                digest=DIGEST,
                reason="why",
                at=self.now,
                is_typed=True,
                is_proven=is_proven,
            )
        )

    def _move(self, to: State) -> None:
        assert to in LEADS_TO[self.request.state]
        self.request = replace(self.request, state=to, settled_at=self.now)


def _never_decides(person: Person) -> bool:
    return person.is_bot or person.is_guest or person.is_stranger or person.email is None


TrustMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=30)
TestTrustMachine = TrustMachine.TestCase
