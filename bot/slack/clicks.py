"""What a click or a submitted form does: hand it to the desk, and tell the person alone when the desk declines."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.core.errors import BadInput, CountersignError
from bot.core.ports import Json
from bot.desk import Cause, Declined, Desk, Done, acknowledge, ask, deny, rerun, review, settle, stop
from bot.desk.outside import Door
from bot.desk.proving import Errand, prove
from bot.engine.approval import is_same_text
from bot.engine.runbook import Action
from bot.slack import answer_words as words
from bot.slack import policy_words, votes, wishes
from bot.slack.blocks.modals import CODE, PHRASE, approve_form, ask_form, block_of, deny_form, not_possible, settle_form
from bot.slack.payload import Click, Submission
from bot.slack.policy_views import ApproveView
from bot.slack.refresh import refresh, stands
from bot.slack.text import Safe, plain
from bot.slack.votes import Press, Presser

log = logging.getLogger(__name__)


class Reply(Protocol):
    """What answering a click asks of Slack; see `bot.adapters.slack.Slack`."""

    def tell(self, *, channel: str, user: str, text: str, thread_ts: str | None) -> None: ...

    def open_view(self, *, trigger_id: str, view: dict[str, Json]) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What a form before a vote came to: what is wrong, by the block it is shown beside, or a code that was right."""

    wrong: Mapping[str, str] = field(default_factory=dict)
    is_proven: bool = False


class Clicks:
    """One method for each thing a person can do in a message or a form."""

    def __init__(self, *, desk: Desk, reply: Reply) -> None:
        self._desk = desk
        self._reply = reply

    def acknowledge(self, click: Click) -> None:
        self._do(click, lambda: acknowledge(self._desk, person=click.person, incident_id=click.subject))

    def rerun(self, click: Click) -> None:
        self._do(click, lambda: rerun(self._desk, person=click.person, incident_id=click.subject))

    def approve(self, click: Click) -> None:
        """A vote for the digest that was on show; a grave action asks for its phrase or a code first."""
        press = votes.press(click, choice=votes.ANYWAY if click.action == votes.ANYWAY else votes.APPROVE)
        form = self._vote_form(press)
        if form is not None and (form.phrase is not None or form.wants_code):
            self._open(click, approve_form(form))
            return
        self._do(press, lambda: votes.cast(self._desk, press))

    def break_glass(self, click: Click) -> None:
        """Asks why it cannot wait for somebody else."""
        form = self._vote_form(votes.press(click, choice=votes.ALONE))
        if form is None:
            self._tell(click, words.NOT_OFFERED)
            self._refresh(click.subject)
            return
        self._open(click, approve_form(form))

    def review(self, click: Click) -> None:
        """Countersigns what somebody did alone."""
        self._do(click, lambda: review(self._desk, person=click.person, request_id=click.subject))

    def deny(self, click: Click) -> None:
        """Asks why first."""
        self._open(click, deny_form(f"{click.subject}:{click.block_id}"))

    def stop(self, click: Click) -> None:
        self._do(click, lambda: stop(self._desk, person=click.person, request_id=click.subject))

    def settle(self, click: Click) -> None:
        """Asks how the person knows."""
        self._open(click, settle_form(f"{click.subject}:{click.action}", took_effect=click.action == "yes"))

    def ask(self, click: Click) -> None:
        """Asks for an action, after a form where it needs inputs, a reason or a warning."""
        self._wish(click, incident_id=click.subject, original_id=None)

    def undo(self, click: Click) -> None:
        """Asks for the action that takes an executed request back."""
        with self._desk.database.read() as conn:
            incident_id = wishes.incident_of(conn, click.subject)
        self._wish(click, incident_id=incident_id, original_id=click.subject)

    def submit_ask(self, form: Submission) -> dict[str, Json] | None:
        """The form's answer: None closes it, anything else is what Slack is to do with it."""
        incident_id, action, original_id = wishes.parts(form.subject)
        answer = ask(
            self._desk,
            person=form.person,
            incident_id=incident_id,
            action=action,
            inputs=dict(form.inputs),
            reason=form.reason,
            original_id=original_id,
        )
        return _in_form(answer, form)

    def submit_deny(self, form: Submission) -> dict[str, Json] | None:
        request_id, digest, *_ = (*form.subject, "", "")
        answer = deny(self._desk, person=form.person, request_id=request_id, digest=digest, reason=form.reason)
        if isinstance(answer, Declined) and answer.why in words.OLD_CARD:
            self._refresh(request_id)
        return _in_form(answer, form)

    def check_vote(self, form: Submission) -> Checked:
        """Look at what was typed, at once: the vote itself may take longer than a form waits. A code is used up."""
        press = votes.pressed(form)
        action = self._requested(press.subject)
        phrase = action.typed_phrase if action else None
        if phrase is not None and not is_same_text(form.phrase or "", phrase):
            return Checked(wrong={block_of(PHRASE): policy_words.wrong_phrase(phrase)})
        if action is None or not self._desk.wants_code(action):
            return Checked()
        with self._desk.database.read() as conn:
            incident_id = wishes.incident_of(conn, press.subject)
        errand = Errand(
            door=Door.SLACK, incident_id=incident_id, request_id=press.subject, more={"digest": press.digest[:64]}
        )
        no = prove(self._desk, person=press.person, code=form.code, errand=errand)
        return Checked(wrong={block_of(CODE): plain(no.say)}) if no else Checked(is_proven=True)

    def submit_vote(self, form: Submission, *, is_proven: bool) -> None:
        """Casts the vote; what is declined is told to the person alone, for the form is closed by then."""
        press = votes.pressed(form)
        try:
            self._do(
                press,
                lambda: votes.cast(self._desk, press, reason=form.reason, typed=form.phrase, is_proven=is_proven),
            )
        except CountersignError as error:
            self.failed(press, error)

    def submit_settle(self, form: Submission) -> dict[str, Json] | None:
        request_id, said, *_ = (*form.subject, "", "")
        if said not in {"yes", "no"}:
            raise BadInput("the form does not say what became of the call")
        answer = settle(
            self._desk, person=form.person, request_id=request_id, took_effect=said == "yes", reason=form.reason
        )
        if isinstance(answer, Declined) and answer.why in words.OLD_CARD:
            self._refresh(request_id)
        return _in_form(answer, form)

    def _requested(self, request_id: str) -> Action | None:
        with self._desk.database.read() as conn:
            return wishes.requested(conn, self._desk.contents, request_id)

    def _vote_form(self, press: Press) -> ApproveView | None:
        """What to ask before a vote; None when its request's action is not in the files any more."""
        action = self._requested(press.subject)
        if action is None:
            return None
        return ApproveView(
            subject=press.metadata,
            label=action.label,
            phrase=action.typed_phrase,
            is_alone=press.choice == votes.ALONE,
            wants_code=self._desk.wants_code(action),
        )

    def failed(self, click: Presser, error: CountersignError) -> None:
        """Tells the person that it did not work; Slack itself may be what does not."""
        log.warning("click.failed", extra={"person": click.person, "subject": click.subject, "error": str(error)})
        try:
            self._tell(click, words.failed(str(error)))
        except CountersignError as again:
            log.warning("click.not_answered", extra={"person": click.person, "error": str(again)})

    def _wish(self, click: Click, *, incident_id: str, original_id: str | None) -> None:
        with self._desk.database.read() as conn:
            view = wishes.form(
                conn, self._desk.contents, incident_id=incident_id, action_id=click.action, original_id=original_id
            )
        if view is None:
            self._tell(click, words.NOT_OFFERED)
            self._refresh(click.subject)
        elif view.fields or view.wants_reason or view.caution:
            self._open(click, ask_form(view))
        else:
            self._do(
                click,
                lambda: ask(
                    self._desk,
                    person=click.person,
                    incident_id=incident_id,
                    action=click.action,
                    inputs={},
                    original_id=original_id,
                ),
            )

    def _do(self, click: Presser, act: Callable[[], Done | Declined]) -> None:
        answer = act()
        if isinstance(answer, Done):
            return
        log.info("click.declined", extra={"person": click.person, "subject": click.subject, "why": answer.why})
        if answer.why not in words.OLD_CARD:
            self._tell(click, words.said(answer))
            return
        with self._desk.database.read() as conn:
            now = stands(conn, click.subject)
        self._tell(click, words.since(answer, now))
        self._refresh(click.subject)

    def _open(self, click: Click, view: dict[str, Json]) -> None:
        self._reply.open_view(trigger_id=click.trigger_id, view=view)

    def _refresh(self, subject_id: str) -> None:
        with self._desk.database.begin() as conn:
            refresh(conn, self._desk, subject_id)

    def _tell(self, click: Presser, text: Safe) -> None:
        self._reply.tell(channel=click.channel_id, user=click.person, text=text, thread_ts=click.thread_ts)


def _in_form(answer: Done | Declined, form: Submission) -> dict[str, Json] | None:
    """What a form shows after it was submitted: nothing, an error beside an input, or why it is not possible."""
    if isinstance(answer, Done):
        return None
    beside = form.block_labelled(answer.say) if answer.why is Cause.BAD_INPUT else None
    if beside is not None:
        return {"response_action": "errors", "errors": {beside: plain(answer.say)[:2_000]}}
    return {"response_action": "update", "view": not_possible(words.said(answer))}
