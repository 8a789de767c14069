"""Whatever alerts, evidence and requests bring, the message is one that Slack takes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.evidence import Answer, Column, Failure, Reason, Shown, Table
from bot.slack.answer_views import AskView, Field, SilenceForm
from bot.slack.blocks.call import call
from bot.slack.blocks.card import card
from bot.slack.blocks.checklist import checklist
from bot.slack.blocks.degrade import simpler
from bot.slack.blocks.evidence import evidence
from bot.slack.blocks.layout import Post
from bot.slack.blocks.modals import ask_form, silence_form
from bot.slack.blocks.root import root
from bot.slack.card_views import CardView, Offer, Touched, VoteView
from bot.slack.life_views import Call, CallView, Hush, SilenceView
from bot.slack.views import (
    AlertView,
    Asked,
    ChecklistView,
    EvidenceView,
    Findings,
    Link,
    RequestLine,
    RootView,
    StepView,
)
from sandbox.workspace.validate import check_message, check_view
from tests.unit.slack.samples import INCIDENT, NOW

FEW = settings(max_examples=25)

# Text that is short, absurdly long, blank, of other scripts, or full of markup. Drawn from, never grown letter by
# letter, for that is what takes the time.
_DICE = Random(4711)
_LETTERS = "ab c.,:;-_*~`<>&@#!|/\\\n\té中文\u200b\u202e😀0123456789"
WORDS = (
    *("", " ", "\n", "<!channel>", "`*_~", "```", "x" * 5000, "<@U0ANA> & " * 900, "\n" * 500, "é" * 3100, "😀" * 1600),
    *("".join(_DICE.choices(_LETTERS, k=_DICE.randrange(1, 60))) for _ in range(60)),
)
NAMES = tuple(f"{letter}{'_x' * (at % 20)}{at}" for at, letter in enumerate("abcdefghijklmnopqrstuvwxyz" * 3))
words = st.sampled_from(WORDS)
moments = st.just(NOW)
ids = st.sampled_from([name.replace("_", "-") for name in NAMES])
offers = st.builds(Offer, action=ids, label=words, is_suggested=st.booleans(), caution=st.none() | words)


def many(of: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    return st.lists(of, max_size=most).map(tuple)


def each_once(of: st.SearchStrategy[Any], most: int, *, by: str) -> st.SearchStrategy[Any]:
    def once(found: Iterable[Any]) -> tuple[Any, ...]:
        return tuple({getattr(each, by): each for each in found}.values())

    return many(of, most).map(once)


roots = st.builds(
    RootView,
    incident_id=st.just("0b6c1f5e-8f3c-4f3a-9b63-1f2a5f0d6a11"),
    system=words,
    event=words,
    title=words,
    summary=words,
    severity=words,
    started_at=moments,
    resolved_at=st.none() | moments,
    acknowledged_by=st.none() | words,
    acknowledged_at=st.none() | moments,
    alerts=many(
        st.builds(AlertView, says=words, is_firing=st.booleans(), started_at=moments, ended_at=st.none() | moments),
        45,
    ),
    told_because=st.none() | words,
    can_silence=st.booleans(),
    silences=many(
        st.builds(
            SilenceView,
            hush=st.sampled_from(Hush),
            person=words,
            until=moments,
            reason=words,
            is_ours=st.booleans(),
            trouble=st.none() | words,
        ),
        4,
    ),
    truncated=st.integers(min_value=0, max_value=10_000),
    findings=st.none() | st.builds(Findings, held=many(words, 12), warned=many(words, 5), unjudged=many(words, 9)),
    requests=many(st.builds(RequestLine, label=words), 12),
    offers=each_once(offers, 50, by="action"),
    links=many(st.builds(Link, label=words, url=words | st.just("https://host.example/" + "x" * 2900)), 4),
)
stripe_ids = st.sampled_from([f"{kind}_{name * 6}" for kind in ("in", "sub_sched", "evt") for name in ("aB3", "x" * 9)])
cells = st.one_of(stripe_ids, st.none(), words, st.integers(), st.floats(), st.booleans(), moments)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    names = NAMES[: draw(st.integers(0, 25))]
    columns = tuple(Column(name=name, shown=draw(st.sampled_from(Shown))) for name in names)
    row = tuple(draw(cells) for _ in names)
    count = draw(st.sampled_from([0, 1, 2, 7, 99, 100, 150]))
    return Answer(table=Table(columns=columns, rows=(row,) * count, cut=draw(st.booleans())))


failures = st.builds(Failure, reason=st.sampled_from(Reason), message=words)


@st.composite
def evidences(draw: st.DrawFn) -> EvidenceView:
    found = draw(st.lists(st.one_of(answers(), failures), max_size=30))
    asked = tuple(Asked(id=f"q{at}", title=draw(words), evidence=each) for at, each in enumerate(found))
    return EvidenceView(
        number=draw(st.integers(1, 99)),
        finished_at=NOW,
        asked=asked,
        error=draw(st.none() | words),
        idle=draw(many(words, 20)),
        unjudged=draw(many(words, 9)),
        stripe_mode=draw(st.sampled_from([None, "test", "live"])),
    )


votes = st.builds(VoteView, person=words, is_approval=st.booleans(), at=moments, reason=st.none() | words)
cards = st.builds(
    CardView,
    request_id=st.just("0b6c1f5e-8f3c-4f3a-9b63-1f2a5f0d6a11"),
    label=words,
    about=st.none() | words,
    requester=words,
    requested_at=moments,
    reason=st.none() | words,
    inputs=many(st.tuples(words, words), 12),
    touched=st.none() | st.builds(Touched, count=st.integers(0, 10**9), sample=many(words, 5), sums=many(words, 9)),
    preview_says=st.none() | words,
    preview=st.one_of(st.none(), failures, answers()),
    calls=many(words, 30),
    digest=st.sampled_from([None, "0a" * 32]),
    needs=st.integers(1, 3),
    approvers=many(words, 5),
    votes=many(votes, 30),
    expires_at=st.none() | moments,
    note=st.none() | words,
    outcome=st.none() | words,
    verifies=st.none() | words,
    verify_until=st.none() | moments,
    verified_at=st.none() | moments,
    started_at=st.none() | moments,
    undo=st.none() | offers,
)


def taken(post: Post) -> None:
    """Slack takes it, and every simpler way of saying it."""
    for each in (post, *simpler(post.text, post.blocks)):
        check_message(text=each.text, blocks=list(each.blocks) or None, attachments=None)


def strays(post: Post) -> list[str]:
    """Markup that calls somebody or leads somewhere, but for times: what the views brought must be none of it."""
    return [found for text in texts(list(post.blocks)) for found in MARKUP.findall(text)]


def texts(part: Any) -> Iterator[str]:
    """Every text that Slack reads markup in."""
    match part:
        case {"type": "mrkdwn", "text": str() as text}:
            yield text
        case dict():
            for inner in part.values():
                yield from texts(inner)
        case list() | tuple():
            for inner in part:
                yield from texts(inner)


MARKUP = re.compile(r"<(?:!(?!date\^\d+\^)|[@#]|[a-z]+:)[^>]*>?")


@FEW
@given(roots)
def test_nothing_in_an_alert_or_a_silence_calls_anybody_or_leads_anywhere(view: RootView) -> None:
    assert strays(root(replace(view, links=()))) == []


@FEW
@given(evidences())
def test_nothing_in_evidence_calls_anybody_or_leads_anywhere_but_to_stripe(view: EvidenceView) -> None:
    assert [each for each in strays(evidence(view)[0]) if not each.startswith("<https://dashboard.stripe.com/")] == []


@FEW
@given(st.builds(CallView, call=st.sampled_from(Call), title=words, severity=words, was=words, times=st.integers(1, 9)))
def test_a_call_calls_nobody_but_those_it_is_for(view: CallView) -> None:
    taken(call(view))
    assert strays(call(view)) == []


@FEW
@given(st.builds(SilenceForm, subject=st.just("i"), title=words, matchers=many(st.tuples(words, words), 30)))
def test_slack_takes_any_form_for_a_silence(view: SilenceForm) -> None:
    form = silence_form(view)
    check_view(form, kinds=("modal",))
    assert [found for text in texts(form) for found in MARKUP.findall(text)] == []


@FEW
@given(roots)
def test_slack_takes_any_root(view: RootView) -> None:
    taken(root(view))


@FEW
@given(evidences())
def test_slack_takes_any_evidence(view: EvidenceView) -> None:
    taken(evidence(view)[0])


@FEW
@given(cards)
def test_slack_takes_any_card(view: CardView) -> None:
    taken(card(view))


@FEW
@given(
    st.builds(
        ChecklistView,
        title=words,
        items=many(words, 40),
        guide=st.none() | words,
        incident_id=st.none() | st.just(INCIDENT),
        done=st.just({1: StepView(person="U0ANA", at=NOW, skipped=None)}),
    )
)
def test_slack_takes_any_checklist(view: ChecklistView) -> None:
    taken(checklist(view))


fields = st.builds(
    Field,
    name=st.sampled_from(NAMES),
    label=words,
    kind=st.sampled_from(["string", "duration", "flag", "time"]),
    value=st.none() | words,
    is_optional=st.booleans(),
)


@FEW
@given(
    st.builds(
        AskView,
        subject=st.just("a:b:"),
        label=words,
        about=st.none() | words,
        needs=st.integers(1, 3),
        wants_reason=st.booleans(),
        caution=st.none() | words,
        fields=each_once(fields, 70, by="name"),
    )
)
def test_slack_takes_any_form(view: AskView) -> None:
    check_view(ask_form(view), kinds=("modal",))
