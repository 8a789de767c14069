"""Who may vote, and when votes are enough."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.evidence import Column, Shown, Table
from bot.core.ports import Person
from bot.engine.approval import Choice, May, MayNot, Vote, Voter, Why, may_deny, may_vote, tally
from bot.engine.request import PreviewShown, Request, State, TargetSet
from tests.kit.moments import NOON

DIGEST = "d" * 64

ASKER = Person(
    id="UASKER",
    name="asker",
    email="asker@example.com",
    is_bot=False,
    is_deleted=False,
    is_guest=False,
    is_stranger=False,
)
FIRST = replace(ASKER, id="UFIRST", email="first@example.com")
SECOND = replace(ASKER, id="USECOND", email="second@example.com")

REQUEST = Request(
    id="request",
    incident_id="incident",
    system="ledger",
    runbook="ledger/dead",
    action="replay",
    content="revision",
    original_id=None,
    requester=ASKER.id,
    requested_at=NOON,
    reason=None,
    params={},
    inputs={},
    targets=TargetSet(ids=("a",), table=Table(columns=(Column(name="id", shown=Shown.ID),), rows=(("a",),))),
    preview=PreviewShown(answer=None, say=None, before={}),
    digest=DIGEST,
    state=State.OPEN,
    needs=2,
    expires_at=NOON + timedelta(minutes=30),
    settled_at=None,
    note=None,
)


def member(person: Person) -> Voter:
    return Voter(person=person, is_member=True)


def approval(person: Person, *, digest: str = DIGEST, choice: Choice = Choice.APPROVE) -> Vote:
    return Vote(person=person.id, choice=choice, digest=digest, reason=None, at=NOON)


@pytest.mark.parametrize(
    ("voter", "why"),
    [
        pytest.param(member(replace(FIRST, is_bot=True)), Why.BOT, id="a-bot"),
        pytest.param(member(replace(FIRST, is_deleted=True)), Why.DELETED, id="a-deactivated-account"),
        pytest.param(member(replace(FIRST, is_guest=True)), Why.GUEST, id="a-guest"),
        pytest.param(member(replace(FIRST, is_stranger=True)), Why.STRANGER, id="another-workspace"),
        pytest.param(member(ASKER), Why.REQUESTER, id="the-requester"),
        pytest.param(member(replace(FIRST, email="asker@example.com")), Why.ALIAS, id="same-address"),
        pytest.param(member(replace(FIRST, email=" Asker@Example.COM ")), Why.ALIAS, id="same-address-other-case"),
        pytest.param(member(replace(FIRST, email="asker+pager@example.com")), Why.ALIAS, id="same-mailbox-with-tag"),
        pytest.param(member(replace(FIRST, email=None)), Why.NO_EMAIL, id="no-address"),
        pytest.param(member(replace(FIRST, email="")), Why.NO_EMAIL, id="empty-address"),
        pytest.param(member(replace(FIRST, email="@example.com")), Why.NO_EMAIL, id="no-mailbox"),
        pytest.param(Voter(person=FIRST, is_member=False), Why.NOT_IN_GROUP, id="in-no-group"),
    ],
)
def test_people_who_are_no_approvers_are_told_why(voter: Voter, why: Why) -> None:
    verdict = may_vote(voter, request=REQUEST, requester=member(ASKER), votes=(), earlier={}, digest=DIGEST, now=NOON)

    assert verdict == MayNot(why)


@pytest.mark.parametrize(
    ("changes", "digest", "why"),
    [
        pytest.param({"state": State.PREPARING, "digest": None}, DIGEST, Why.PREPARING, id="preparing"),
        pytest.param({"state": State.APPROVED}, DIGEST, Why.SETTLED, id="approved"),
        pytest.param({"state": State.DENIED}, DIGEST, Why.SETTLED, id="denied"),
        pytest.param({"state": State.REFUSED}, DIGEST, Why.SETTLED, id="refused"),
        pytest.param({"state": State.SUPERSEDED}, DIGEST, Why.SETTLED, id="superseded"),
        pytest.param({"state": State.EXPIRED}, DIGEST, Why.EXPIRED, id="expired"),
        pytest.param({"expires_at": NOON}, DIGEST, Why.EXPIRED, id="open-at-its-last-moment"),
        pytest.param({}, "e" * 64, Why.DIGEST_DIFFERS, id="another-digest"),
        pytest.param({"digest": None}, "", Why.DIGEST_DIFFERS, id="no-digest-is-no-match"),
    ],
)
def test_a_request_that_takes_no_votes_says_why(changes: dict[str, object], digest: str, why: Why) -> None:
    request = replace(REQUEST, **changes)  # type: ignore[arg-type]  # the table's values fit their fields

    verdict = may_vote(
        member(FIRST), request=request, requester=member(ASKER), votes=(), earlier={}, digest=digest, now=NOON
    )

    assert verdict == MayNot(why)


def test_an_approver_may_vote_until_the_last_moment() -> None:
    moment = NOON + timedelta(minutes=30, microseconds=-1)

    verdict = may_vote(
        member(FIRST), request=REQUEST, requester=member(ASKER), votes=(), earlier={}, digest=DIGEST, now=moment
    )

    assert verdict == May()


def test_nobody_votes_twice() -> None:
    verdict = may_vote(
        member(FIRST),
        request=REQUEST,
        requester=member(ASKER),
        votes=(approval(FIRST),),
        earlier={FIRST.id: member(FIRST)},
        digest=DIGEST,
        now=NOON,
    )

    assert verdict == MayNot(Why.ALREADY_VOTED)


def test_a_second_account_of_somebody_who_voted_does_not_vote_again() -> None:
    other_account = replace(FIRST, id="UOTHER", email="First+phone@example.com")

    verdict = may_vote(
        member(other_account),
        request=REQUEST,
        requester=member(ASKER),
        votes=(approval(FIRST),),
        earlier={FIRST.id: member(FIRST)},
        digest=DIGEST,
        now=NOON,
    )

    assert verdict == MayNot(Why.ALREADY_VOTED)


def test_an_earlier_voter_whom_the_directory_does_not_know_now_stops_the_next() -> None:
    verdict = may_vote(
        member(SECOND),
        request=REQUEST,
        requester=member(ASKER),
        votes=(approval(FIRST),),
        earlier={},
        digest=DIGEST,
        now=NOON,
    )

    assert verdict == MayNot(Why.UNCERTAIN)


@pytest.mark.parametrize(
    ("voter", "expected"),
    [
        pytest.param(member(FIRST), May(), id="an-approver"),
        pytest.param(Voter(person=ASKER, is_member=False), May(), id="the-requester-withdraws"),
        pytest.param(Voter(person=FIRST, is_member=False), MayNot(Why.NOT_IN_GROUP), id="somebody-else"),
        pytest.param(member(replace(FIRST, is_guest=True)), MayNot(Why.GUEST), id="a-guest"),
    ],
)
def test_approvers_deny_and_the_requester_withdraws(voter: Voter, expected: May | MayNot) -> None:
    assert may_deny(voter, request=REQUEST, digest=DIGEST, now=NOON) == expected


def test_a_settled_request_cannot_be_denied() -> None:
    settled = replace(REQUEST, state=State.APPROVED)

    assert may_deny(member(FIRST), request=settled, digest=DIGEST, now=NOON) == MayNot(Why.SETTLED)


@pytest.mark.parametrize(
    ("votes", "voters", "approvers"),
    [
        pytest.param((), (), set(), id="none"),
        pytest.param((approval(FIRST),), (FIRST,), {FIRST.id}, id="one"),
        pytest.param((approval(FIRST), approval(SECOND)), (FIRST, SECOND), {FIRST.id, SECOND.id}, id="two"),
        pytest.param((approval(FIRST), approval(FIRST)), (FIRST,), {FIRST.id}, id="twice-the-same"),
        pytest.param(
            (approval(FIRST), approval(SECOND)),
            (FIRST, replace(SECOND, email="first@example.com")),
            {FIRST.id},
            id="two-accounts-of-one-person",
        ),
        pytest.param((approval(ASKER),), (ASKER,), set(), id="the-requester"),
        pytest.param((approval(FIRST, digest="e" * 64),), (FIRST,), set(), id="another-digest"),
        pytest.param((approval(FIRST, choice=Choice.DENY),), (FIRST,), set(), id="a-denial"),
        pytest.param((approval(FIRST),), (replace(FIRST, is_deleted=True),), set(), id="deactivated-since"),
        pytest.param((approval(FIRST),), (), set(), id="unknown-to-the-directory"),
    ],
)
def test_only_distinct_approvers_of_this_digest_count(
    votes: tuple[Vote, ...], voters: tuple[Person, ...], approvers: set[str]
) -> None:
    known = {person.id: member(person) for person in voters}

    counted = tally(REQUEST, votes=votes, voters=known, requester=member(ASKER))

    assert counted.approvers == approvers
    assert counted.is_enough is (len(approvers) >= 2)


def test_somebody_who_left_the_group_no_longer_counts() -> None:
    known = {FIRST.id: Voter(person=FIRST, is_member=False)}

    assert tally(REQUEST, votes=(approval(FIRST),), voters=known, requester=member(ASKER)).approvers == frozenset()


def test_a_request_that_needs_nobody_still_needs_one() -> None:
    careless = replace(REQUEST, needs=0)

    assert not tally(careless, votes=(), voters={}, requester=member(ASKER)).is_enough
