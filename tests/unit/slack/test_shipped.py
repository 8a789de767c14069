"""Every action of the shipped runbooks, on a root message, in its form and on its card."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.files import load
from bot.engine.request import needs, wants_reason
from bot.engine.runbook import Action
from bot.slack import words
from bot.slack.answer_views import AskView, Field
from bot.slack.blocks.card import card
from bot.slack.blocks.checklist import checklist
from bot.slack.blocks.modals import ask_form
from bot.slack.blocks.root import root
from bot.slack.card_views import CardView, Offer, Stage
from bot.slack.views import ChecklistView, Mood, RootView
from sandbox.workspace.validate import check_message, check_view
from tests.unit.slack.samples import INCIDENT, NOW, REQUEST

ROOT = Path(__file__).parents[3]
CATALOG = load(rules=ROOT / "rules", runbooks=ROOT / "runbooks")
ACTIONS = [
    pytest.param(action, id=f"{name}#{action.id}")
    for name, runbook in CATALOG.runbooks.items()
    for action in runbook.actions
]


@pytest.mark.parametrize("action", ACTIONS)
def test_its_form_is_one_that_slack_opens(action: Action) -> None:
    view = AskView(
        subject=f"{INCIDENT}:{action.id}:{REQUEST}",
        label=action.label,
        about=action.about,
        needs=needs(action.risk),
        wants_reason=wants_reason(action.risk),
        fields=tuple(
            Field(name=name, label=each.label or words.label(name), kind=each.type, choices=each.choices)
            for name, each in action.inputs.items()
        ),
    )

    check_view(ask_form(view), kinds=("modal",))


@pytest.mark.parametrize("action", ACTIONS)
def test_its_label_fits_its_buttons_whole(action: Action) -> None:
    view = CardView(
        request_id=REQUEST,
        label=action.label,
        about=action.about,
        risk=action.risk,
        stage=Stage.VERIFIED,
        requester="U0ANA",
        requested_at=NOW,
        undo=Offer(action=action.id, label=action.label),
    )

    assert f"Undo: {action.label}" in str(card(view).blocks)


@pytest.mark.parametrize("name", CATALOG.runbooks)
def test_its_root_and_checklist_are_taken_and_offer_every_action(name: str) -> None:
    runbook = CATALOG.runbooks[name]
    made = root(
        RootView(
            incident_id=INCIDENT,
            system=name,
            event="some.event",
            title=runbook.title,
            summary="",
            severity="critical",
            mood=Mood.FIRING,
            started_at=NOW - timedelta(minutes=1),
            offers=tuple(
                Offer(action=each.id, label=each.label, is_suggested=at == 0) for at, each in enumerate(runbook.actions)
            ),
        )
    )
    steps = runbook.points.steps if runbook.points else ()
    points = checklist(
        ChecklistView(title=runbook.title, items=steps, guide=runbook.guide, incident_id=INCIDENT if steps else None)
    )

    check_message(text=made.text, blocks=list(made.blocks), attachments=None)
    check_message(text=points.text, blocks=list(points.blocks), attachments=None)
    assert all(f"{INCIDENT}:{each.id}" in str(made.blocks) for each in runbook.actions)
