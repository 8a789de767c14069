"""What the root's own buttons do: take an incident, ask its questions again, silence it for a while, close it."""

from datetime import timedelta

from bot.core.errors import BadInput
from bot.core.ports import Json
from bot.core.quoting import duration
from bot.desk import Desk, acknowledge, close, open_thread, rerun, silence, unsilence
from bot.slack import answer_words as words
from bot.slack import silence_view
from bot.slack.answering import Answering, Reply
from bot.slack.blocks.modals import not_possible, silence_form
from bot.slack.payload import Click, Submission


class LookingAfter:
    """One method for each button of a root message, and for the form that one of them opens."""

    def __init__(self, *, desk: Desk, reply: Reply) -> None:
        self._desk = desk
        self._answering = Answering(desk=desk, reply=reply)

    def acknowledge(self, click: Click) -> None:
        self._answering.do(click, lambda: acknowledge(self._desk, person=click.person, incident_id=click.subject))

    def rerun(self, click: Click) -> None:
        self._answering.do(click, lambda: rerun(self._desk, person=click.person, incident_id=click.subject))

    def open_thread(self, click: Click) -> None:
        """From the list of a storm."""
        self._answering.do(click, lambda: open_thread(self._desk, person=click.person, incident_id=click.subject))

    def close(self, click: Click) -> None:
        self._answering.do(click, lambda: close(self._desk, person=click.person, incident_id=click.subject))

    def silence(self, click: Click) -> None:
        """Asks for how long and why, and says which alerts fall silent."""

        def make() -> dict[str, Json]:
            with self._desk.database.read() as conn:
                form = silence_view.silence_form(conn, self._desk, click.subject)
            return silence_form(form) if form is not None else not_possible(words.NOT_OFFERED)

        self._answering.open(click, make)

    def unsilence(self, click: Click) -> None:
        self._answering.do(click, lambda: unsilence(self._desk, person=click.person, incident_id=click.subject))

    def submit_silence(self, form: Submission) -> dict[str, Json] | None:
        incident_id = form.subject[0]
        answer = silence(
            self._desk, person=form.person, incident_id=incident_id, length=_length(form), reason=form.reason
        )
        return self._answering.in_form(answer, form, about=incident_id)


def _length(form: Submission) -> timedelta:
    try:
        return duration(form.length)
    except ValueError as error:
        raise BadInput(str(error)) from error
