"""What the buttons and forms of a request do: hand it to the desk, which does it or declines."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.errors import BadInput, CountersignError
from bot.core.ports import Json
from bot.desk import (
    Declined,
    Desk,
    Done,
    ask,
    deny,
    resume,
    review,
    settle,
    stop,
)
from bot.desk.admitting import Door
from bot.desk.answer import declined
from bot.desk.matter import matter_of
from bot.desk.proving import Errand, prove
from bot.engine.approval import Why, is_same_text
from bot.engine.request import State
from bot.engine.runbook import Action
from bot.slack import answer_words as words
from bot.slack import policy_words, votes, wishes
from bot.slack.answering import Answering, Reply
from bot.slack.blocks.modals import (
    CODE,
    PHRASE,
    approve_form,
    ask_form,
    block_of,
    deny_form,
    resume_form,
    settle_form,
)
from bot.slack.payload import Click, Submission
from bot.slack.policy_views import ApproveView
from bot.slack.text import plain
from bot.slack.votes import Press
from bot.store import requests

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What a form before a vote came to: what is wrong, by the block it is shown beside, or a code that was right."""

    wrong: Mapping[str, str] = field(default_factory=dict)
    is_proven: bool = False


class Clicks:
    """One method for each thing a person can do about a request."""

    def __init__(self, *, desk: Desk, reply: Reply) -> None:
        self._desk = desk
        self._answering = Answering(desk=desk, reply=reply)

    def approve(self, click: Click) -> None:
        """A vote for the digest that was on show; a grave action asks for its phrase or a code first."""
        press = votes.press(click, choice=votes.ANYWAY if click.action == votes.ANYWAY else votes.APPROVE)
        form = self._vote_form(press)
        if form is not None and (form.phrase is not None or form.wants_code):
            self._open_vote(click, form)
            return
        self._answering.do(press, lambda: votes.cast(self._desk, press))

    def break_glass(self, click: Click) -> None:
        """Asks why it cannot wait for somebody else."""
        self._open_vote(click, self._vote_form(votes.press(click, choice=votes.ALONE)))

    def review(self, click: Click) -> None:
        """Countersigns what somebody did alone."""
        self._answering.do(click, lambda: review(self._desk, person=click.person, request_id=click.subject))

    def deny(self, click: Click) -> None:
        """Asks why first, unless it is decided already."""
        if not self._is_settled(click):
            self._answering.open(click, lambda: deny_form(f"{click.subject}:{click.block_id}"))

    def stop(self, click: Click) -> None:
        self._answering.do(click, lambda: stop(self._desk, person=click.person, request_id=click.subject))

    def resume(self, click: Click) -> None:
        """Asks why the rest of it may go on."""
        self._answering.open(click, lambda: resume_form(click.subject))

    def settle(self, click: Click) -> None:
        """Asks how the person knows."""
        subject, took_effect = f"{click.subject}:{click.action}", click.action == "yes"
        self._answering.open(click, lambda: settle_form(subject, took_effect=took_effect))

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
        return self._answering.in_form(answer, form, about=original_id or incident_id)

    def submit_deny(self, form: Submission) -> dict[str, Json] | None:
        request_id, digest, *_ = (*form.subject, "", "")
        answer = deny(self._desk, person=form.person, request_id=request_id, digest=digest, reason=form.reason)
        return self._answering.in_form(answer, form, about=request_id)

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
            self._answering.do(
                press,
                lambda: votes.cast(self._desk, press, reason=form.reason, typed=form.phrase, is_proven=is_proven),
            )
        except CountersignError as error:
            self._answering.failed(press, error)

    def submit_resume(self, form: Submission) -> dict[str, Json] | None:
        request_id = form.subject[0]
        answer = resume(self._desk, person=form.person, request_id=request_id, reason=form.reason)
        return self._answering.in_form(answer, form, about=request_id)

    def submit_settle(self, form: Submission) -> dict[str, Json] | None:
        request_id, said, *_ = (*form.subject, "", "")
        if said not in {"yes", "no"}:
            raise BadInput("the form does not say what became of the call")
        answer = settle(
            self._desk, person=form.person, request_id=request_id, took_effect=said == "yes", reason=form.reason
        )
        return self._answering.in_form(answer, form, about=request_id)

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

    def _open_vote(self, click: Click, form: ApproveView | None) -> None:
        if form is None:
            self._answering.tell(click, words.NOT_OFFERED)
            self._answering.refresh(click.subject)
        elif not self._is_settled(click):
            self._answering.open(click, lambda: approve_form(form))

    def _is_settled(self, click: Click) -> bool:
        """Whether the card was an old one; the person is told what happened since, and no form opens."""
        with self._desk.database.read() as conn:
            request = requests.get(conn, click.subject)
            matter = matter_of(conn, request) if request else None
        if matter is None or matter.request.state in {State.PREPARING, State.OPEN}:
            return False
        self._answering.do(click, lambda: declined(Why.SETTLED))
        return True

    def _wish(self, click: Click, *, incident_id: str, original_id: str | None) -> None:
        def make() -> dict[str, Json] | None:
            with self._desk.database.read() as conn:
                view = wishes.form(
                    conn, self._desk.contents, incident_id=incident_id, action_id=click.action, original_id=original_id
                )
            if view is None:
                self._answering.tell(click, words.NOT_OFFERED)
                self._answering.refresh(click.subject)
            elif view.fields or view.wants_reason or view.caution:
                return ask_form(view)
            else:
                self._answering.do(click, wish)
            return None

        def wish() -> Done | Declined:
            return ask(
                self._desk,
                person=click.person,
                incident_id=incident_id,
                action=click.action,
                inputs={},
                original_id=original_id,
            )

        self._answering.open(click, make)
