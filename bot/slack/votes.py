"""A vote on its way from a button, perhaps through a form, to the desk."""

from dataclasses import dataclass
from typing import Protocol

from bot.core.errors import BadInput
from bot.desk import Declined, Desk, Done, break_glass, vote
from bot.slack.payload import Click, Submission

APPROVE, ANYWAY, ALONE = "approve", "anyway", "alone"


class Presser(Protocol):
    """Who pressed something, about what, and where they are to be told."""

    @property
    def person(self) -> str: ...

    @property
    def subject(self) -> str: ...

    @property
    def channel_id(self) -> str: ...

    @property
    def thread_ts(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """One vote: on which request, for which digest, and which choice. A Presser."""

    person: str
    subject: str
    digest: str
    choice: str
    channel_id: str
    thread_ts: str | None

    @property
    def metadata(self) -> str:
        """What travels with a form."""
        return ":".join((self.subject, self.digest, self.choice, self.channel_id, self.thread_ts or ""))


def press(click: Click, *, choice: str) -> Press:
    """The vote that a button stands for."""
    return Press(
        person=click.person,
        subject=click.subject,
        digest=click.block_id,
        choice=choice,
        channel_id=click.channel_id,
        thread_ts=click.thread_ts,
    )


def pressed(form: Submission) -> Press:
    """The vote that a form was opened for. Raises BadInput when it is no such form."""
    if len(form.subject) != 5:
        raise BadInput("the form does not say what it is about")
    request_id, digest, choice, channel_id, thread_ts = form.subject
    return Press(
        person=form.person,
        subject=request_id,
        digest=digest,
        choice=choice,
        channel_id=channel_id,
        thread_ts=thread_ts or None,
    )


def cast(
    desk: Desk, wish: Press, *, reason: str | None = None, typed: str | None = None, is_proven: bool = False
) -> Done | Declined:
    """Hand it to the desk."""
    if wish.choice == ALONE:
        return break_glass(
            desk,
            person=wish.person,
            request_id=wish.subject,
            digest=wish.digest,
            reason=reason,
            typed=typed,
            is_proven=is_proven,
        )
    return vote(
        desk,
        person=wish.person,
        request_id=wish.subject,
        digest=wish.digest,
        typed=typed,
        anyway=wish.choice == ANYWAY,
        is_proven=is_proven,
    )
