"""Brings one channel in Slack to what the message rows say, in order, never saying anything twice."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.adapters.slack_calls import Throttled, calls_made
from bot.core.errors import Refused, Unavailable, Unknown
from bot.jobs.delivery import limits
from bot.jobs.delivery.attempt import Attempt, Picture, TooEarly, Workspace, methods
from bot.jobs.delivery.order import first_to_last
from bot.jobs.delivery.outcomes import Closed, Outcomes
from bot.jobs.delivery.second_look import SecondLook
from bot.jobs.delivery.waking import wake
from bot.slack import delivery_words as words
from bot.slack.text import Safe
from bot.store import doubts, messages, pacing, sending
from bot.store.database import Database
from bot.store.messages import Message
from bot.store.sending import Due, Sending
from bot.store.work import Enqueue

log = logging.getLogger(__name__)

_LONGEST_WAIT = timedelta(minutes=5)
_LATE = timedelta(minutes=1)  # from when on people are told that a message comes late
_ARRIVES_WITHIN = timedelta(seconds=5)  # after we gave up waiting for an answer, a slow Slack may still do it
_PATIENCE = 3  # messages in a row without an answer, after which Slack is down rather than one message bad


class Came(Enum):
    """What came of one message in one pass."""

    SENT = auto()
    NOTHING = auto()  # nothing to send, or a no that concerns this message alone
    LATER = auto()  # no answer
    SHORT = auto()  # a limit is used up
    CLOSED = auto()  # nothing can be called for now


@dataclass(slots=True)
class _Round:
    """What one job has learned: which buckets are empty and when each opens, and how Slack fails to answer."""

    channel: str
    bucket: str  # what the channel is called in the buckets: its id where that is known, for it may have two names
    short: dict[str, datetime] = field(default_factory=dict)
    strikes: int = 0  # outages in a row before this one
    in_a_row: int = 0  # messages without an answer
    why: str = ""

    @property
    def is_down(self) -> bool:
        """Once it was down, one message is enough to see that it still is."""
        return self.in_a_row >= (1 if self.strikes else _PATIENCE)


class _Short(Exception):
    """There is no token for it."""


class Deliver:
    """The handler of `deliver(channel)` jobs; the queue runs one per channel at a time.

    Every call takes its token from the rows that all replicas share (`bot.store.pacing`).
    """

    def __init__(
        self,
        *,
        database: Database,
        workspace: Workspace,
        picture: Picture,
        enqueue: Enqueue,
        now: Callable[[], datetime],
        outcomes: Outcomes,
        catch_up: Callable[[str], bool],
    ) -> None:
        """`catch_up` gathers the roots of a channel that were held up for long, if they are many; whether it did."""
        self._database = database
        self._workspace = workspace
        self._picture = picture
        self._enqueue = enqueue
        self._now = now
        self._outcomes = outcomes
        self._catch_up = catch_up
        self._second_look = SecondLook(database=database, workspace=workspace, outcomes=outcomes, now=now)

    def __call__(self, channel: str) -> None:
        """Send what is behind and due; what cannot be sent now gets a job of its own for later."""
        if self._is_held_up(channel):
            self._catch_up(channel)
        with self._database.read() as conn:
            this = _Round(channel=channel, bucket=messages.channel_id(conn, channel) or channel)
        while self._pass(this):
            pass  # a root that was posted lets its thread follow
        this.short |= self._second_look(channel)
        self._order_next(this)

    def _is_held_up(self, channel: str) -> bool:
        """Whether it is worth a look: one statement for the usual case."""
        with self._database.read() as conn:
            since = sending.waiting_since(conn, channel)
        return since is not None and self._now() - since >= _LATE

    def _pass(self, this: _Round) -> bool:
        """Try everything once; whether another pass may bring more."""
        with self._database.read() as conn:
            waiting = first_to_last(sending.due(conn, this.channel, self._now()))
        is_progress = False
        for due in waiting:
            match self._bring(due, this):
                case Came.SENT:
                    is_progress, this.in_a_row = True, 0
                case Came.LATER:
                    this.in_a_row += 1
                case Came.CLOSED:
                    return False
                case Came.SHORT | Came.NOTHING:
                    pass
            if this.is_down:
                self._give_up(this)
                return False
        return is_progress

    def _give_up(self, this: _Round) -> None:
        """Slack does not answer: nobody asks again for a while, whatever the channel."""
        now = self._now()
        with self._database.begin() as conn:
            this.short[pacing.EVERYTHING] = pacing.strike(conn, why=this.why, now=now)
        log.warning("slack.down", extra={"error": this.why, "until": this.short[pacing.EVERYTHING].isoformat()})

    def _bring(self, due: Due, this: _Round) -> Came:
        """Bring one message to its revision."""
        calls = methods(due)
        wanted = limits.buckets(calls, channel=this.bucket)
        hasty_until = limits.hasty_until(due.shown_at, self._now()) if due.is_posted else None
        if hasty_until is not None:
            wanted = [limits.hasty(edits) for edits in wanted]
        if any(bucket.key in this.short for bucket in wanted):
            return Came.SHORT
        try:
            with self._database.begin() as conn:
                taken = sending.take(conn, due.id, self._now())
                if taken is None:
                    return Came.NOTHING
                passed = pacing.take(conn, wanted, self._now())
                this.strikes = passed.strikes
                if passed.opens_at is not None:
                    raise _Short  # noqa: TRY301 - so that the transaction takes the intent back
        except _Short:
            assert passed.opens_at is not None
            if hasty_until is not None and passed.key == limits.UPDATE:
                return self._put_off(due, min(passed.opens_at, hasty_until))
            this.short[passed.key] = passed.opens_at
            return Came.CLOSED if passed.key == pacing.EVERYTHING else Came.SHORT
        return self._attempt(taken, calls, this)

    def _put_off(self, due: Due, until: datetime) -> Came:
        """Leave it alone until then; what is left of the limit is for others."""
        with self._database.begin() as conn:
            sending.postpone(conn, due.id, until=until)
        return Came.NOTHING

    def _attempt(self, taken: Sending, calls: list[str], this: _Round) -> Came:
        attempt = Attempt(
            taken,
            workspace=self._workspace,
            picture=self._picture,
            channel_id=self._channel_id,
            now=self._now(),
            notes=self._notes(taken.message),
        )
        try:
            with calls_made() as made:
                reached = attempt.carry_out()
        except Throttled as error:
            return self._held_up(this, self._outcomes.throttled(attempt, error, method=error.method or calls[-1]))
        except Refused as error:
            return self._held_up(this, self._outcomes.refused(attempt, error, method=calls[-1]))
        except (Unavailable, Unknown) as error:
            this.why = error.why
            least = _ARRIVES_WITHIN if isinstance(error, Unknown) else timedelta(0)
            self._outcomes.failed(attempt, error, wait=max(least, _backoff(taken.message.attempts)))
            return Came.LATER
        except TooEarly as error:
            self._outcomes.too_early(attempt, error)
            return Came.NOTHING
        finally:
            self._pay(made, calls, this)
        self._outcomes.sent(attempt, reached=reached, has_recovered=this.strikes > 0)
        return Came.SENT

    def _pay(self, made: Sequence[str], calls: Sequence[str], this: _Round) -> None:
        """What an attempt called besides what it was let through for (a page more, a simpler post) it owes."""
        owed = Counter(made) - Counter(calls)
        if owed:
            with self._database.begin() as conn:
                for method in owed.elements():
                    pacing.charge(conn, limits.buckets([method], channel=this.bucket), self._now())

    def _held_up(self, this: _Round, closed: Closed | None) -> Came:
        if closed is None:
            return Came.NOTHING
        this.short[closed.key] = closed.until
        return Came.CLOSED if closed.key == pacing.EVERYTHING else Came.SHORT

    def _notes(self, message: Message) -> list[Safe]:
        late = self._now() - message.behind_since if message.behind_since else timedelta(0)
        notes = [words.delayed(late)] if late >= _LATE else []
        if message.meant_for is not None and message.thread_of is None:
            notes.append(words.elsewhere(message.meant_for, message.error))
        return notes

    def _order_next(self, this: _Round) -> None:
        """One job for the first moment at which something may be sent again."""
        with self._database.read() as conn:
            postponed = sending.wake_at(conn, this.channel)
            doubted = doubts.doubt_at(conn, this.channel)
        closed_until = this.short.pop(pacing.EVERYTHING, None)
        moments = [each for each in (postponed, doubted, *this.short.values()) if each is not None]
        at = closed_until or min(moments, default=None)
        if at is not None:
            with self._database.begin() as conn:
                self._enqueue(conn, wake(this.channel, at, now=self._now()))

    def _channel_id(self, channel: str) -> str:
        with self._database.read() as conn:
            known = messages.channel_id(conn, channel)
        return known or self._workspace.channel_id(channel)


def _backoff(attempts: int) -> timedelta:
    """One second, doubled with each attempt."""
    return min(timedelta(seconds=1 << min(attempts, 10)), _LONGEST_WAIT)
