"""Answering one person's click: it is done, or they alone are told why not, and see how things stand now."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Protocol

from bot.core.errors import CountersignError
from bot.core.ports import Json
from bot.desk import Cause, Declined, Desk, Done
from bot.slack import answer_words as words
from bot.slack.blocks.modals import not_possible, nothing_more, one_moment
from bot.slack.payload import Click, Submission
from bot.slack.refresh import refresh, stands
from bot.slack.text import Safe, plain
from bot.slack.votes import Presser

log = logging.getLogger(__name__)

_PATIENCE = 0.8  # seconds; the way from the click to here and back to Slack has taken some of the three already


class Reply(Protocol):
    """What answering a click asks of Slack; see `bot.adapters.slack.Slack`."""

    def tell(self, *, channel: str, user: str, text: str, thread_ts: str | None) -> None: ...

    def open_view(self, *, trigger_id: str, view: dict[str, Json]) -> str: ...

    def update_view(self, view_id: str, *, view: dict[str, Json]) -> None: ...


class _Making:
    """A form being made in a thread of its own, so that what is slow can be waited for with an eye on the clock."""

    def __init__(self, make: Callable[[], dict[str, Json] | None]) -> None:
        self._future: Future[dict[str, Json] | None] = Future()
        self._make = make
        Thread(target=self._run, name="form", daemon=True).start()

    def is_done_within(self, seconds: float) -> bool:
        return bool(wait([self._future], timeout=seconds).done)

    def result(self) -> dict[str, Json] | None:
        """The form. Raises what its making raised."""
        return self._future.result()

    def _run(self) -> None:
        try:
            self._future.set_result(self._make())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for the form
            self._future.set_exception(error)


class Answering:
    """Carries answers to whoever clicked."""

    def __init__(self, *, desk: Desk, reply: Reply) -> None:
        self._desk = desk
        self._reply = reply

    def do(self, click: Presser, act: Callable[[], Done | Declined]) -> None:
        """Carry it out; where the desk declines, tell the person alone."""
        answer = act()
        if isinstance(answer, Done):
            return
        log.info("click.declined", extra={"person": click.person, "subject": click.subject, "why": answer.why})
        self.tell(click, self._since(answer, about=click.subject))

    def in_form(self, answer: Done | Declined, form: Submission, *, about: str) -> dict[str, Json] | None:
        """What a form shows after it was submitted: nothing, an error beside an input, or why it is not possible."""
        if isinstance(answer, Done):
            return None
        beside = form.block_labelled(answer.say) if answer.why is Cause.BAD_INPUT else None
        if beside is not None:
            return {"response_action": "errors", "errors": {beside: plain(answer.say)[:2_000]}}
        return {"response_action": "update", "view": not_possible(self._since(answer, about=about))}

    def failed(self, click: Presser, error: CountersignError) -> None:
        """Tells the person that it did not work; Slack itself may be what does not."""
        log.warning("click.failed", extra={"person": click.person, "subject": click.subject, "error": str(error)})
        try:
            self.tell(click, words.failed(str(error)))
        except CountersignError as again:
            log.warning("click.not_answered", extra={"person": click.person, "error": str(again)})

    def open(self, click: Click, make: Callable[[], dict[str, Json] | None], *, patience: float = _PATIENCE) -> None:
        """Show the form that `make` gives; None shows none, for all is done.

        A form opens within three seconds of the click or not at all. When its making takes longer than `patience`
        (seconds) an empty one opens at once, and is filled as soon as it is made.
        """
        making = _Making(make)
        if making.is_done_within(patience):
            if (view := making.result()) is not None:
                self._reply.open_view(trigger_id=click.trigger_id, view=view)
            return
        view_id = self._reply.open_view(trigger_id=click.trigger_id, view=one_moment())
        try:
            view = making.result() or nothing_more()
        except CountersignError as error:
            log.warning("form.failed", extra={"person": click.person, "error": str(error)})
            view = not_possible(words.failed(str(error)))
        self._reply.update_view(view_id, view=view)

    def refresh(self, subject_id: str) -> None:
        """Bring the message about it up to date, for somebody saw an old one."""
        with self._desk.database.begin() as conn:
            refresh(conn, self._desk, subject_id)

    def tell(self, click: Presser, text: Safe) -> None:
        """Say something that only this person sees."""
        self._reply.tell(channel=click.channel_id, user=click.person, text=text, thread_ts=click.thread_ts)

    def _since(self, no: Declined, *, about: str) -> Safe:
        """A refusal; where what was clicked is old, what happened since, and the message is brought up to date."""
        if no.why not in words.OLD_CARD:
            return words.said(no)
        with self._desk.database.read() as conn:
            now = stands(conn, about)
        self.refresh(about)
        return words.since(no, now)
