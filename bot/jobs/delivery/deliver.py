"""Brings one channel in Slack to what the message rows say, in order, never saying anything twice."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.adapters.slack import Throttled
from bot.core.errors import Refused, Unavailable, Unknown
from bot.core.place import Place
from bot.jobs.delivery.attempt import THREAD_GONE, Attempt, Picture, Workspace
from bot.store import messages
from bot.store.database import Database
from bot.store.messages import Message, Sending
from bot.store.work import Enqueue, Job, Queue

log = logging.getLogger(__name__)

_LONGEST_WAIT = timedelta(minutes=5)
_HOPELESS_WAIT = timedelta(minutes=15)  # what a person has to put right: a channel, a scope, an invitation

_PATIENCE = 3  # messages in a row without an answer, after which Slack is down rather than one message bad
_GONE = frozenset({"message_not_found"})


class Came(Enum):
    """What came of one message in one pass."""

    SENT = auto()
    NOTHING = auto()  # nothing to send, or a no that concerns this message alone
    LATER = auto()  # no answer
    PAUSED = auto()  # Slack wants a pause for the whole channel


class Deliver:
    """The handler of `deliver(channel)` jobs; the queue runs one per channel at a time."""

    def __init__(
        self,
        *,
        database: Database,
        workspace: Workspace,
        picture: Picture,
        enqueue: Enqueue,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._workspace = workspace
        self._picture = picture
        self._enqueue = enqueue
        self._now = now

    def __call__(self, channel: str) -> None:
        """Send what is behind and due; what cannot be sent now gets a job of its own for later."""
        while self._pass(channel):
            pass  # a root that was posted lets its thread follow
        self._order_next(channel)

    def _pass(self, channel: str) -> bool:
        """Try everything once; whether another pass may bring more."""
        with self._database.read() as conn:
            waiting = messages.due(conn, channel, self._now())
        is_progress, in_a_row = False, 0
        for message_id in waiting:
            match self._bring(message_id):
                case Came.SENT:
                    is_progress, in_a_row = True, 0
                case Came.LATER:
                    in_a_row += 1
                case Came.PAUSED:
                    return False
                case Came.NOTHING:
                    pass
            if in_a_row == _PATIENCE:
                return False
        return is_progress

    def _bring(self, message_id: str) -> Came:
        """Bring one message to its revision."""
        with self._database.begin() as conn:
            sending = messages.take(conn, message_id, self._now())
        if sending is None:
            return Came.NOTHING
        attempt = Attempt(sending, workspace=self._workspace, picture=self._picture, channel_id=self._channel_id)
        try:
            place = attempt.carry_out()
        except Throttled as error:
            self._failed(attempt, error, wait=error.pause)
            return Came.PAUSED
        except Refused as error:
            self._refused(attempt, error)
            return Came.NOTHING
        except (Unavailable, Unknown) as error:
            self._failed(attempt, error, wait=_backoff(sending.message.attempts))
            return Came.LATER
        self._sent(sending, place=place, trouble=attempt.trouble)
        return Came.SENT

    def _sent(self, sending: Sending, *, place: Place | None, trouble: str | None) -> None:
        with self._database.begin() as conn:
            is_ours = messages.sent(conn, sending, place=place, trouble=trouble)
        if is_ours:
            log.info(
                "message.sent",
                extra={"message_id": sending.message.id, "revision": sending.message.revision, "trouble": trouble},
            )
            return
        # We were held up for so long that another sender took over: ours may be a second post.
        log.warning("message.overtaken", extra={"message_id": sending.message.id})
        if place is not None and sending.message.slack_ts is None:
            self._take_back(sending.message, place)

    def _take_back(self, message: Message, place: Place) -> None:
        with self._database.read() as conn:
            stands = messages.by_subject(conn, message.subject)
        if stands is None or stands.slack_ts in {None, place.ts}:
            return
        try:
            self._workspace.delete(place)
        except (Refused, Unavailable, Unknown) as error:
            log.warning("message.not_taken_back", extra={"message_id": message.id, "error": str(error)})

    def _refused(self, attempt: Attempt, error: Refused) -> None:
        """Slack says no. A message or thread that is gone is posted anew; the rest waits for a person to see it."""
        message = attempt.sending.message
        gone = message.id if error.why in _GONE else message.thread_of if error.why in THREAD_GONE else None
        if gone is None:
            self._failed(attempt, error, wait=_HOPELESS_WAIT)
            return
        log.warning("message.gone", extra={"message_id": gone, "error": error.why})
        with self._database.begin() as conn:
            messages.forget_place(conn, gone)
            self._enqueue(conn, self._wake(message.channel, self._now()))

    def _failed(self, attempt: Attempt, error: Unavailable | Refused | Unknown, *, wait: timedelta) -> None:
        message = attempt.sending.message
        retry_at = self._now() + wait
        is_unsure = attempt.is_unsure or isinstance(error, Unknown)
        log.warning(
            "message.not_sent",
            extra={"message_id": message.id, "channel": message.channel, "error": str(error), "unsure": is_unsure},
        )
        with self._database.begin() as conn:
            is_pause = isinstance(error, Throttled)
            messages.failed(
                conn,
                attempt.sending,
                error=error.why,
                retry_at=retry_at,
                is_unsure=is_unsure,
                is_counted=not is_pause,
            )
            if is_pause:
                messages.postpone_channel(conn, message.channel, until=retry_at)

    def _order_next(self, channel: str) -> None:
        with self._database.read() as conn:
            at = messages.wake_at(conn, channel)
        if at is not None:
            with self._database.begin() as conn:
                self._enqueue(conn, self._wake(channel, at))

    def _wake(self, channel: str, at: datetime) -> Job:
        # A little after the moment, for the queue's clock is not ours.
        delay = max(timedelta(0), at - self._now()) + timedelta(milliseconds=50)
        return Job(
            queue=Queue.DELIVER,
            handler="deliver",
            id=f"deliver:{channel}@{int(at.timestamp() * 1000)}",
            args=(channel,),
            delay=delay,
            partition=channel,
        )

    def _channel_id(self, channel: str) -> str:
        with self._database.read() as conn:
            known = messages.channel_id(conn, channel)
        return known or self._workspace.channel_id(channel)


def _backoff(attempts: int) -> timedelta:
    """One second, doubled with each attempt."""
    return min(timedelta(seconds=1 << min(attempts, 10)), _LONGEST_WAIT)
