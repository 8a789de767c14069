"""Answering one person's click: it is done, or they alone are told why not, and see how things stand now."""

import logging
from collections.abc import Callable
from typing import Protocol

from bot.core.errors import CountersignError
from bot.core.ports import Json
from bot.desk import Cause, Declined, Desk, Done
from bot.slack import answer_words as words
from bot.slack.blocks.modals import not_possible
from bot.slack.payload import Click, Submission
from bot.slack.refresh import refresh, stands
from bot.slack.text import Safe, plain
from bot.slack.votes import Presser

log = logging.getLogger(__name__)


class Reply(Protocol):
    """What answering a click asks of Slack; see `bot.adapters.slack.Slack`."""

    def tell(self, *, channel: str, user: str, text: str, thread_ts: str | None) -> None: ...

    def open_view(self, *, trigger_id: str, view: dict[str, Json]) -> str: ...

    def update_view(self, view_id: str, *, view: dict[str, Json]) -> None: ...


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
        if answer.why not in words.OLD_CARD:
            self.tell(click, words.said(answer))
            return
        with self._desk.database.read() as conn:
            now = stands(conn, click.subject)
        self.tell(click, words.since(answer, now))
        self.refresh(click.subject)

    def failed(self, click: Presser, error: CountersignError) -> None:
        """Tells the person that it did not work; Slack itself may be what does not."""
        log.warning("click.failed", extra={"person": click.person, "subject": click.subject, "error": str(error)})
        try:
            self.tell(click, words.failed(str(error)))
        except CountersignError as again:
            log.warning("click.not_answered", extra={"person": click.person, "error": str(again)})

    def open(self, click: Click, view: dict[str, Json]) -> None:
        """Show a form."""
        self._reply.open_view(trigger_id=click.trigger_id, view=view)

    def refresh(self, subject_id: str) -> None:
        """Bring the message about it up to date, for somebody saw an old one."""
        with self._desk.database.begin() as conn:
            refresh(conn, self._desk, subject_id)

    def tell(self, click: Presser, text: Safe) -> None:
        """Say something that only this person sees."""
        self._reply.tell(channel=click.channel_id, user=click.person, text=text, thread_ts=click.thread_ts)


def in_form(answer: Done | Declined, form: Submission) -> dict[str, Json] | None:
    """What a form shows after it was submitted: nothing, an error beside an input, or why it is not possible."""
    if isinstance(answer, Done):
        return None
    beside = form.block_labelled(answer.say) if answer.why is Cause.BAD_INPUT else None
    if beside is not None:
        return {"response_action": "errors", "errors": {beside: plain(answer.say)[:2_000]}}
    return {"response_action": "update", "view": not_possible(words.said(answer))}
