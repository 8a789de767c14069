"""What the buttons of a checklist do."""

from bot.desk import Desk, Ticked, tick
from bot.slack import words
from bot.slack.answering import Answering, Reply
from bot.slack.payload import Click


class Ticking:
    """A step is done, or open again; who passed an earlier one over is told so, alone."""

    def __init__(self, *, desk: Desk, reply: Reply) -> None:
        self._desk = desk
        self._answering = Answering(desk=desk, reply=reply)

    def tick(self, click: Click) -> None:
        self._tick(click, is_done=True)

    def untick(self, click: Click) -> None:
        self._tick(click, is_done=False)

    def _tick(self, click: Click, *, is_done: bool) -> None:
        answer = tick(self._desk, person=click.person, incident_id=click.subject, item=click.action, is_done=is_done)
        self._answering.do(click, lambda: answer)
        if isinstance(answer, Ticked) and answer.skipped is not None:
            self._answering.tell(click, words.passed_over(answer.number, answer.skipped))
