"""Listeners for the message shortcut: a form that runs a runbook, filled in from the message it was used on."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.core.errors import CountersignError
from bot.core.ports import Json
from bot.desk import Declined, Desk, run
from bot.engine.opening import missing
from bot.engine.prefill import likely, prefilled, tokens
from bot.engine.runbook import Runbook
from bot.slack.answer_words import failed, said
from bot.slack.answering import Reply
from bot.slack.blocks.modals import not_possible
from bot.slack.blocks.run_form import OPEN, RUNBOOK, found_again, run_form
from bot.slack.run_payload import RunForm, Used, run_form_of, used
from bot.slack.text import plain

log = logging.getLogger(__name__)

CALLBACK = "run_runbook"


def listen(app: App, *, desk: Desk, reply: Reply) -> None:
    """Register them."""
    forms = _Forms(desk, reply)
    app.shortcut({"callback_id": CALLBACK, "type": "message_action"})(_in_peace(forms.open))
    app.action(OPEN)(_in_peace(forms.open))
    app.action(RUNBOOK)(_in_peace(forms.choose))
    app.view("run")(_on_run(forms))


class _Forms:
    """Opens the form, fills it in for the runbook that is chosen, and takes it."""

    def __init__(self, desk: Desk, reply: Reply) -> None:
        self._desk = desk
        self._reply = reply

    def open(self, body: Mapping[str, Any]) -> None:
        shortcut: Used = used(body)
        found = tokens("\n".join(_texts(shortcut.message)))
        chosen = likely(self._runbooks, found)
        self._reply.open_view(trigger_id=shortcut.trigger_id, view=self._form(chosen, found))

    def choose(self, body: Mapping[str, Any]) -> None:
        form = run_form_of(body)
        found = found_again(form.view.private_metadata)
        self._reply.update_view(form.view.id, view=self._form(form.chosen, found))

    def take(self, body: Mapping[str, Any]) -> dict[str, Json] | None:
        """What the form shows next: nothing when the incident is open, else what is wrong, beside its field."""
        form: RunForm = run_form_of(body)
        # The view's id names the wish: a form that is sent twice opens one incident.
        answer = run(self._desk, person=form.person, runbook=form.chosen or "", params=form.params, seed=form.view.id)
        if not isinstance(answer, Declined):
            return None
        beside = form.block_named_in(answer.say)
        if beside is None:
            return {"response_action": "update", "view": not_possible(said(answer))}
        return {"response_action": "errors", "errors": {beside: plain(answer.say)[:2_000]}}

    def _form(self, chosen: str | None, found: tuple[str, ...]) -> dict[str, Json]:
        book = self._runbooks.get(chosen) if chosen else None
        return run_form(
            self._runbooks,
            chosen=chosen if book else None,
            values=prefilled(book.params, found) if book else {},
            needed=missing(book, {}) if book else (),
            found=found,
        )

    @property
    def _runbooks(self) -> Mapping[str, Runbook]:
        return self._desk.contents(self._desk.revision()).runbooks


def _in_peace(act: Callable[[Mapping[str, Any]], None]) -> Callable[..., None]:
    """A form that could not be shown is seen by whoever waits for it; they try again."""

    def on_use(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        try:
            act(body)
        except CountersignError as error:
            log.warning("shortcut.failed", extra={"error": str(error)})

    return on_use


def _on_run(forms: _Forms) -> Callable[..., None]:
    def on_run(ack: Ack, body: dict[str, Any]) -> None:
        try:
            answer = forms.take(body)
        except CountersignError as error:
            log.warning("form.failed", extra={"error": str(error)})
            answer = {"response_action": "update", "view": not_possible(failed(str(error)))}
        ack(dict(answer) if answer else "")

    return on_run


def _texts(part: object) -> Iterator[str]:
    """Every text of a message, in its blocks too."""
    match part:
        case {"text": str() as text, **rest}:
            yield text
            yield from _texts([each for each in rest.values() if isinstance(each, list | dict)])
        case dict():
            yield from _texts(list(part.values()))
        case list():
            for each in part:
                yield from _texts(each)
