"""Cards and messages of requests out of the ordinary, as they were judged to look right.

`UPDATE_GOLDEN=1 pytest tests/unit/slack/test_golden_policy.py` writes the files anew.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.engine.request import Standing
from bot.engine.resumption import State as Resuming
from bot.engine.runbook import Risk
from bot.slack.blocks.broken import broken
from bot.slack.blocks.card import card
from bot.slack.blocks.layout import Post, fits
from bot.slack.blocks.modals import approve_form, resume_form
from bot.slack.blocks.root import root
from bot.slack.card_views import Stage, VoteView
from bot.slack.policy_views import ApproveView, Broken, BrokenView, GoingOnView, PolicyView
from bot.slack.views import RequestLine
from sandbox.workspace.validate import check_message, check_view
from tests.unit.slack import samples

GOLDEN = Path(__file__).parents[2] / "data" / "golden" / "policy"

ALONE = Broken(
    person="U0BEN",
    at=samples.NOW,
    reason="Customers lose access by the minute and nobody else is awake",
    asks=("S0ONCALL", "U0LEAD1", "U0LEAD2"),
)
REVIEWED = replace(ALONE, reviewer="U0LEAD1", reviewed_at=samples.NOW + samples.minutes(300))
LOUD = BrokenView(
    request_id=samples.REQUEST,
    label="Replay last 24 h",
    title="Local usage and Stripe disagree",
    risk="high risk",
    broken=ALONE,
)
RAN_ALONE = replace(
    samples.CARDS["verified"],
    votes=(VoteView(person="U0BEN", is_approval=False, is_alone=True, at=samples.NOW, reason=ALONE.reason),),
    undo=None,
    policy=PolicyView(broken=ALONE),
)
GOING_ON = GoingOnView(
    state=Resuming.OPEN,
    person="U0ANA",
    at=samples.NOW - samples.minutes(4),
    reason="the host's queue is empty again; looked at its dashboard",
    left=1172,
    done=31,
    passed=("evt_00000000000032",),
    approvers=("U0BEN", "U0CAL"),
)
CARDS = {
    "can-go-on": replace(
        samples.SETTLED,
        stage=Stage.STOPPED,
        stopped_by="U0CAL",
        outcome="stopped; 31 of 1204 calls done, the rest was not tried",
        can_resume=True,
        undo=samples.CARDS["stopped"].undo,
    ),
    "to-go-on": replace(
        samples.OPEN,
        touched=replace(samples.OPEN.touched, count=1172) if samples.OPEN.touched else None,
        preview=None,
        outcome="the check after 31 did not hold in time (ready.status is degraded); 31 of 1204 calls done",
        going_on=GOING_ON,
        votes=(VoteView(person="U0DEE", is_approval=True, at=samples.NOW),),
    ),
    "went-on": replace(
        samples.CARDS["running-batches"],
        going_on=replace(GOING_ON, state=Resuming.STARTED, settled_at=samples.NOW),
    ),
    "did-not-go-on": replace(
        samples.CARDS["failed"],
        going_on=replace(
            GOING_ON,
            state=Resuming.REFUSED,
            settled_at=samples.NOW,
            note="its alert has resolved since it was asked for",
        ),
    ),
    "severe": replace(samples.OPEN, risk=Risk.SEVERE, policy=PolicyView(wants_phrase=True)),
    "soft-limit": replace(
        samples.OPEN, needs=3, policy=PolicyView(unusual=("1204 targets are more than the usual 1000",))
    ),
    "outside-its-hours": replace(
        samples.OPEN,
        policy=PolicyView(
            warnings=(
                "it is outside its hours, 08:00-20:00 Europe/Berlin; it may run from 2026-11-21 08:00 Europe/Berlin",
            )
        ),
    ),
    "asked-again": replace(
        samples.OPEN,
        note="asked again, because the targets changed from 1204 to 1205: 1 (evt_00000000000003) new, 0 gone since "
        "it was shown",
    ),
    "resolved": replace(samples.VOTED, policy=PolicyView(calmed=Standing.RESOLVED)),
    "silenced": replace(samples.OPEN, policy=PolicyView(calmed=Standing.SILENCED)),
    "silence-unknown": replace(samples.OPEN, policy=PolicyView(is_alert_unknown=True)),
    "approved-although-resolved": replace(
        samples.SETTLED,
        stage=Stage.APPROVED,
        votes=(*samples.VOTED.votes, replace(samples.SETTLED.votes[1], is_anyway=True)),
    ),
    "may-break-glass": replace(samples.OPEN, policy=PolicyView(may_break_glass=True)),
    "break-glass": RAN_ALONE,
    "reviewed": replace(RAN_ALONE, policy=PolicyView(broken=REVIEWED)),
}
MESSAGES = {
    **{f"card-{name}": card(view) for name, view in CARDS.items()},
    "broken": broken(LOUD),
    "broken-reviewed": broken(replace(LOUD, broken=REVIEWED)),
    "root-needs-review": root(
        replace(
            samples.ACKNOWLEDGED,
            requests=(RequestLine(label="Replay last 24 h", stage=Stage.VERIFIED, needs_review=True),),
        )
    ),
}
FORMS = {
    "form-go-on": resume_form("s"),
    "form-severe": approve_form(ApproveView(subject="s", label="Cancel them all", phrase="Cancel them all")),
    "form-break-glass": approve_form(
        ApproveView(subject="s", label="Cancel them all", phrase="Cancel them all", is_alone=True)
    ),
}


def as_golden(name: str, made: Any) -> Any:
    path = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_looks_as_it_was_judged_to_look_right(name: str) -> None:
    post = MESSAGES[name]
    made = {"text": post.text, "blocks": list(post.blocks)}

    assert made == as_golden(name, made)
    check_message(text=post.text, blocks=list(post.blocks), attachments=None)
    assert fits(post.blocks)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_looks_as_it_was_judged_to_look_right(name: str) -> None:
    assert FORMS[name] == as_golden(name, FORMS[name])
    check_view(FORMS[name], kinds=("modal",))


def test_every_golden_file_belongs_to_a_message() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(MESSAGES) | set(FORMS)


def buttons(post: Post) -> dict[str, tuple[str, bool]]:
    """By action id, what each button carries, and whether it asks back."""
    blocks: list[Any] = [block for block in post.blocks if block["type"] == "actions"]
    return {
        each["action_id"]: (each["value"].partition(":")[2], "confirm" in each)
        for block in blocks
        for each in block["elements"]
    }


def test_a_calmed_alert_makes_approval_another_choice() -> None:
    assert buttons(MESSAGES["card-resolved"])["approve"] == ("anyway", True)
    assert buttons(MESSAGES["card-silenced"])["approve"] == ("anyway", True)
    assert buttons(MESSAGES["card-silence-unknown"])["approve"] == ("approve", True)


def test_a_severe_action_asks_back_in_its_form_alone() -> None:
    assert buttons(MESSAGES["card-severe"])["approve"] == ("approve", False)


def test_break_glass_is_offered_only_where_it_may_be() -> None:
    assert {name for name, post in MESSAGES.items() if "break_glass" in buttons(post)} == {"card-may-break-glass"}


def test_a_review_can_be_given_until_it_is() -> None:
    assert {name for name, post in MESSAGES.items() if "review" in buttons(post)} == {"card-break-glass", "broken"}


def test_the_approvers_are_called_until_it_is_reviewed() -> None:
    loud, quiet = str(MESSAGES["broken"].blocks), str(MESSAGES["broken-reviewed"].blocks)

    assert "<!subteam^S0ONCALL> <@U0LEAD1> <@U0LEAD2>" in loud
    assert "<!subteam^S0ONCALL>" not in quiet
