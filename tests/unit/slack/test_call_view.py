"""The card shows each call as it will be sent, and nothing private in it."""

from dataclasses import replace

from bot.core.evidence import Column, Shown, Table
from bot.engine.execution import deed_key
from bot.engine.request import TargetSet
from bot.slack.call_view import calls
from tests.kit.trust import ACTION, runbook
from tests.unit.engine.test_approval import REQUEST

TARGETS = TargetSet(
    ids=("ev_1", "ev_2"),
    table=Table(columns=(Column(name="id", shown=Shown.ID),), rows=(("ev_1",), ("ev_2",))),
)
ASKED = replace(REQUEST, targets=TARGETS, inputs={"kind": "invoice", "note": "for jane@example.com"}, params={})


def shown(http: dict[str, object], *, each: bool = False) -> str:
    """The line of an action with this one call."""
    made = runbook(do=[{"http": {"at": "api", **http}, "each": each}]).action(ACTION["id"])
    assert made is not None
    [line] = calls(made, ASKED, {})
    return line


def test_a_call_is_shown_with_the_values_it_was_frozen_with() -> None:
    line = shown({"post": "/replay", "json": {"ids": "{{ targets.ids }}", "kind": "{{ inputs.kind }}"}})

    assert line == 'POST /replay at api with {"ids": ["ev_1", "ev_2"], "kind": "invoice"}'


def test_a_call_for_each_target_is_shown_for_the_first() -> None:
    line = shown({"put": "/items/{{ target }}", "json": {"key": "{{ request.key }}"}}, each=True)

    key = deed_key(ASKED.id, number=1, target="ev_1")
    assert line == f'PUT /items/ev_1 at api with {{"key": "{key}"}} – once for each of 2 targets'  # noqa: RUF001


def test_nothing_private_is_shown_in_a_body_or_a_path() -> None:
    body = shown({"post": "/mail", "json": {"note": "{{ inputs.note }}", "password": "hunter2"}})
    path = shown({"delete": "/mail/{{ inputs.note }}"})

    assert "jane@example.com" not in body + path
    assert "hunter2" not in body
    assert body.startswith("POST /mail at api with ")


def test_a_long_body_is_cut() -> None:
    assert shown({"post": "/replay", "json": {"text": "word " * 500}}).endswith("…")
