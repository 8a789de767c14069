"""Every message as it was judged to look right; a change to one is a change to look at.

`UPDATE_GOLDEN=1 pytest tests/unit/slack/test_golden.py` writes the files anew.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.models.blocks import Block

from bot.engine.switch import Reminder
from bot.slack import words
from bot.slack.blocks import switch
from bot.slack.blocks.call import call
from bot.slack.blocks.card import card
from bot.slack.blocks.checklist import checklist
from bot.slack.blocks.degrade import simpler
from bot.slack.blocks.evidence import evidence
from bot.slack.blocks.layout import Post, fits
from bot.slack.blocks.root import root
from bot.slack.card_views import Offer
from sandbox.workspace.validate import check_message
from tests.unit.slack import samples

GOLDEN = Path(__file__).parents[2] / "data" / "golden"

MESSAGES = {
    "root-firing": root(samples.FIRING),
    "root-acknowledged": root(samples.ACKNOWLEDGED),
    "root-resolved": root(samples.RESOLVED),
    "root-by-hand": root(samples.BY_HAND),
    "root-digest-closed": root(samples.DIGEST_CLOSED),
    "root-events": root(samples.EVENTS),
    "root-truncated": root(samples.TRUNCATED),
    "root-forty-alerts": root(samples.FORTY),
    "root-switched": root(samples.SWITCHED),
    "root-again": root(samples.AGAIN),
    "root-silenced": root(samples.SILENCED),
    "root-being-silenced": root(samples.BEING_SILENCED),
    "root-not-silenced": root(samples.NOT_SILENCED),
    **{f"call-{name}": call(view) for name, view in samples.CALLS.items()},
    "switch-engaged": switch.engaged(samples.STOPPED),
    "switch-released": switch.released(samples.STOPPED, by="U0LEAD1", reason="rolled back"),
    "switch-over": switch.reminder(samples.DUNNING, Reminder.OVER),
    "root-asking": root(samples.ASKING),
    "root-diagnosis-failed": root(samples.FAILED),
    "root-huge": root(samples.HUGE),
    "evidence": evidence(samples.EVIDENCE)[0],
    "evidence-small-print": evidence(samples.SMALL_PRINT)[0],
    "evidence-at-stripe": evidence(samples.AT_STRIPE)[0],
    "evidence-at-stripe-without-tables": simpler("Evidence", evidence(samples.AT_STRIPE)[0].blocks)[0],
    "evidence-crowded": evidence(samples.CROWDED)[0],
    "evidence-without-tables": simpler("Evidence", evidence(samples.EVIDENCE)[0].blocks)[0],
    "evidence-in-words": simpler("Evidence", evidence(samples.EVIDENCE)[0].blocks)[-1],
    "checklist": checklist(samples.CHECKLIST),
    "checklist-ticked": checklist(samples.TICKED),
    **{f"card-{name}": card(view) for name, view in samples.CARDS.items()},
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_looks_as_it_was_judged_to_look_right(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    made = {"text": MESSAGES[name].text, "blocks": list(MESSAGES[name].blocks)}

    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    assert made == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", MESSAGES)
def test_slack_takes_every_message(name: str) -> None:
    post = MESSAGES[name]

    for block in Block.parse_all(list(post.blocks)):
        block.to_dict()  # the SDK's own validators raise here
    check_message(text=post.text, blocks=list(post.blocks) or None, attachments=None)
    assert fits(post.blocks) or not post.blocks


@pytest.mark.parametrize("name", [name for name, post in MESSAGES.items() if "huge" in name or "crowded" in name])
def test_what_is_left_out_is_said(name: str) -> None:
    told = json.dumps(MESSAGES[name].blocks, ensure_ascii=False)

    assert "… and " in told or "did not fit" in told


def test_the_first_line_says_where_it_is_unless_its_title_does() -> None:
    named = replace(samples.FIRING, title="StripeMeter is behind")

    assert words.headline(samples.FIRING) == ":red_circle: CRITICAL · StripeMeter · Local usage and Stripe disagree"
    assert words.headline(named) == ":red_circle: CRITICAL · StripeMeter is behind"


def test_every_golden_file_belongs_to_a_message() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(MESSAGES)


def test_each_stage_of_a_request_has_a_sample() -> None:
    assert {view.stage for view in samples.CARDS.values()} == set(type(samples.OPEN.stage))


def buttons(post: Post) -> dict[str, str]:
    blocks: list[Any] = [block for block in post.blocks if block["type"] == "actions"]
    return {element["action_id"]: element.get("value", "") for block in blocks for element in block["elements"]}


def test_buttons_carry_an_opaque_id_and_nothing_else() -> None:
    open_card, firing = buttons(MESSAGES["card-open"]), buttons(MESSAGES["root-firing"])

    assert open_card == {"approve": f"{samples.REQUEST}:approve", "deny": f"{samples.REQUEST}:deny"}
    assert firing["ask:replay"] == f"{samples.INCIDENT}:replay"
    assert all(value.startswith(samples.INCIDENT) for value in firing.values())


def test_a_settled_request_can_no_longer_be_voted_on() -> None:
    voted = {name for name, view in samples.CARDS.items() if "approve" in buttons(card(view))}

    assert voted == {"open", "one-vote", "of-a-switch"}


def test_a_vote_is_tied_to_the_digest_its_reader_saw() -> None:
    actions = [block for block in MESSAGES["card-open"].blocks if block["type"] == "actions"]

    assert [block["block_id"] for block in actions] == [samples.DIGEST]


def test_a_row_of_buttons_stays_the_same_row_through_edits_while_a_list_begins_anew() -> None:
    listing = replace(samples.FIRING, offers=tuple(Offer(action=f"a{at}", label="Do it") for at in range(9)))
    firing, taken, chosen = (rows(root(view)) for view in (samples.FIRING, samples.ACKNOWLEDGED, listing))

    assert firing.keys() == taken.keys() == {"suggested", "incident"}
    assert firing["incident"] != taken["incident"]
    assert chosen.keys() == {None}  # Slack would go on showing what somebody chose from the list


def rows(post: Post) -> dict[Any, Any]:
    return {block.get("block_id"): block["elements"] for block in post.blocks if block["type"] == "actions"}
