"""What comes of an attempt, written down: sent, to be said elsewhere or anew, or left alone until a given moment."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.adapters.slack_calls import Denied, Throttled, Unanswered
from bot.core.errors import Refused, Unavailable, Unknown
from bot.core.place import Place
from bot.jobs.delivery import limits
from bot.jobs.delivery.attempt import WHOLE, Attempt, Reached, TooEarly, Workspace
from bot.jobs.delivery.troubles import LOOK_AGAIN, Means, meaning
from bot.jobs.delivery.waking import wake
from bot.metrics.own import Metrics
from bot.slack import delivery_words as words
from bot.slack.blocks.degrade import whole
from bot.store import messages, pacing, sending
from bot.store.database import Database
from bot.store.messages import Message
from bot.store.work import Enqueue

log = logging.getLogger(__name__)

_COMES_WITHIN = timedelta(seconds=15)  # after we gave up waiting: until then what was not answered is not said again
_LOOK_AGAIN = timedelta(minutes=1)  # after it stands: whether an earlier post of it came even later


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """A bucket that nobody takes from before a moment."""

    key: str
    until: datetime


class Outcomes:
    """What Slack will not have in its channel goes to the `fallback` channel, with a note where it belongs."""

    def __init__(
        self,
        *,
        database: Database,
        workspace: Workspace,
        enqueue: Enqueue,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        fallback: str,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._workspace = workspace
        self._enqueue = enqueue
        self._now = now
        self._new_id = new_id
        self._fallback = fallback
        self._metrics = metrics

    def sent(self, attempt: Attempt, *, reached: Reached, has_recovered: bool) -> None:
        taken, place = attempt.sending, reached.place
        message = taken.message
        # Why it stands elsewhere stays with it.
        trouble = attempt.trouble or (message.error if message.meant_for else None)
        with self._database.begin() as conn:
            is_ours = sending.sent(
                conn,
                taken,
                place=place,
                revision=reached.revision,
                trouble=trouble,
                look_again_at=self._now() + _LOOK_AGAIN if taken.is_unsure and message.image_title is None else None,
            )
            if has_recovered:
                pacing.answered(conn)
            if is_ours and attempt.is_cut:
                self._keep_whole(conn, message)
        if is_ours:
            log.info(
                "message.sent",
                extra={
                    "message_id": message.id,
                    "revision": reached.revision or message.revision,
                    "trouble": attempt.trouble,
                },
            )
            if attempt.trouble:
                self._metrics.trouble(attempt.trouble)
            return
        # We were held up for so long that another sender took over: ours may be a second post.
        log.warning("message.overtaken", extra={"message_id": message.id})
        if place is not None and message.slack_ts is None:
            self._take_back(message, place)

    def _keep_whole(self, conn: Connection, message: Message) -> None:
        """A file in the thread for what found no room: nothing is dropped for its size."""
        held = messages.hold(
            conn,
            subject=f"{WHOLE}:{message.id}",
            message_id=self._new_id(),
            incident_id=message.incident_id,
            channel=message.channel,
            thread_of=message.thread_of or message.id,
            now=self._now(),
            image_title=words.IN_FULL,
        )
        said = messages.say(conn, held, text=whole(message.text, message.blocks), blocks=(), now=self._now())
        if said is not None:
            self._enqueue(conn, messages.delivery(said))

    def _take_back(self, message: Message, place: Place) -> None:
        with self._database.read() as conn:
            stands = messages.by_subject(conn, message.subject)
        if stands is None or stands.slack_ts in {None, place.ts}:
            return
        try:
            self._workspace.delete(place)
        except (Refused, Unavailable, Unknown) as error:
            log.warning("message.not_taken_back", extra={"message_id": message.id, "error": str(error)})

    def said_twice(self) -> None:
        """A second post of ours was found, and is taken back."""
        self._metrics.trouble("said_twice")

    def throttled(self, attempt: Attempt, error: Throttled, *, method: str) -> Closed:
        """Slack asks for a pause: everybody keeps it, in every channel, for this method."""
        self._metrics.trouble(error.word)
        closed = self._pause(method, until=self._now() + error.pause, why=error.word)
        self._note(attempt, error, until=closed.until, is_counted=False)
        return closed

    def refused(self, attempt: Attempt, error: Refused, *, method: str) -> Closed | None:
        """Slack says no: once more, elsewhere, or when a person has put it right."""
        message, means = attempt.sending.message, meaning(error.why)
        self._metrics.trouble(error.why)
        if means is Means.ANEW or (means is Means.THREAD_ANEW and message.thread_of):
            self._post_anew(message.id if means is Means.ANEW else message.thread_of or "", message, error)
            return None
        # A picture wants more than a message does: that it is refused says nothing about the rest of its thread.
        if means is Means.ELSEWHERE and message.channel != self._fallback and message.image_title is None:
            self._post_elsewhere(message, error)
            return None
        until = self._now() + LOOK_AGAIN.get(means, LOOK_AGAIN[Means.WAIT])
        closed = self._close(means, error, method=method, until=until)
        self._note(attempt, error, until=until, is_counted=closed is None)
        return closed

    def failed(self, attempt: Attempt, error: Unavailable | Unknown, *, wait: timedelta) -> None:
        """No answer: nothing was done, or nobody knows, or it may be done even later."""
        self._note(attempt, error, until=self._now() + wait, is_counted=True)

    def too_early(self, attempt: Attempt, error: TooEarly) -> None:
        """It does not stand there, and may yet: that is waited for."""
        with self._database.begin() as conn:
            sending.failed(
                conn,
                attempt.sending,
                error=words.MAY_COME_LATE,
                retry_at=error.until,
                is_unsure=True,
                is_counted=False,
            )

    def _close(self, means: Means, error: Refused, *, method: str, until: datetime) -> Closed | None:
        """What nobody needs to try before somebody has put the token right."""
        if means is Means.WAIT_FOR_TOKEN:
            with self._database.begin() as conn:
                pacing.close(conn, until=until, why=error.why, now=self._now())
            return Closed(key=pacing.EVERYTHING, until=until)
        if means is Means.WAIT_FOR_SCOPE:
            denied = error if isinstance(error, Denied) else None
            why = f"{error.why} {denied.scope}" if denied and denied.scope else error.why
            return self._pause(denied.method if denied and denied.method else method, until=until, why=why)
        return None

    def _pause(self, method: str, *, until: datetime, why: str) -> Closed:
        with self._database.begin() as conn:
            pacing.pause(conn, limits.bucket(method), until=until, why=why, now=self._now())
        return Closed(key=method, until=until)

    def _post_anew(self, gone: str, message: Message, error: Refused) -> None:
        log.warning("message.gone", extra={"message_id": gone, "error": error.why})
        with self._database.begin() as conn:
            sending.forget_place(conn, gone, now=self._now())
            self._enqueue(conn, wake(message.channel, self._now(), now=self._now()))

    def _post_elsewhere(self, message: Message, error: Refused) -> None:
        root_id = message.thread_of or message.id
        extra = {"message_id": root_id, "channel": message.channel, "error": error.why}
        log.warning("message.redirected", extra=extra)
        with self._database.begin() as conn:
            sending.redirect(conn, root_id, to=self._fallback, why=error.why, now=self._now())
            self._enqueue(conn, wake(self._fallback, self._now(), now=self._now()))

    def _note(
        self, attempt: Attempt, error: Unavailable | Refused | Unknown, *, until: datetime, is_counted: bool
    ) -> None:
        message = attempt.sending.message
        is_unsure = attempt.is_unsure or isinstance(error, Unknown)
        log.warning(
            "message.not_sent",
            extra={"message_id": message.id, "channel": message.channel, "error": str(error), "unsure": is_unsure},
        )
        with self._database.begin() as conn:
            sending.failed(
                conn,
                attempt.sending,
                error=error.why,
                retry_at=until,
                is_unsure=is_unsure,
                is_counted=is_counted,
                unsure_until=self._now() + _COMES_WITHIN if isinstance(error, Unanswered) else None,
            )
