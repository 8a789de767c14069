"""Looks once more for what may stand in Slack twice: a post that came after we had given it up and posted again."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.adapters.slack import Found
from bot.adapters.slack_calls import Throttled
from bot.core.errors import Refused, Unavailable, Unknown
from bot.core.place import Place
from bot.jobs.delivery import limits
from bot.jobs.delivery.attempt import Workspace
from bot.jobs.delivery.outcomes import Outcomes
from bot.slack import delivery_words as words
from bot.store import doubts, pacing, sending
from bot.store.database import Database
from bot.store.messages import Message

log = logging.getLogger(__name__)

_LATER = timedelta(minutes=1)  # Slack does not answer; there is no hurry


class SecondLook:
    """Leaves the one that the row knows, which has the thread, and takes any other away.

    One that somebody has replied to meanwhile stays, for their words, and says where it goes on.
    """

    def __init__(
        self, *, database: Database, workspace: Workspace, outcomes: Outcomes, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._workspace = workspace
        self._outcomes = outcomes
        self._now = now

    def __call__(self, channel: str) -> dict[str, datetime]:
        """Look for all of a channel that are due; returns the buckets found empty, and when each opens."""
        with self._database.read() as conn:
            doubtful = doubts.doubtful(conn, channel, self._now())
        for message in doubtful:
            look = limits.HISTORY if message.thread_of is None else limits.REPLIES
            with self._database.begin() as conn:
                passed = pacing.take(conn, limits.buckets([look, limits.DELETE], channel=channel), self._now())
            if passed.opens_at is not None:
                return {passed.key: passed.opens_at}
            self._settle(message)
        return {}

    def _settle(self, message: Message) -> None:
        try:
            self._remove_others(message)
        except (Throttled, Unavailable, Unknown) as error:
            log.warning("message.not_looked_for", extra={"message_id": message.id, "error": str(error)})
            with self._database.begin() as conn:
                doubts.doubt_until(conn, message.id, self._now() + _LATER)
            return
        except Refused as error:  # we may not look, or not delete
            log.warning("message.not_looked_for", extra={"message_id": message.id, "error": error.why})
        with self._database.begin() as conn:
            doubts.certain(conn, message.id)

    def _remove_others(self, message: Message) -> None:
        assert message.slack_channel is not None
        assert message.unsure_since is not None
        with self._database.read() as conn:
            root = sending.root_place(conn, message)
        found = self._workspace.find(
            message.id,
            channel_id=message.slack_channel,
            thread_ts=root.ts if root else None,
            since=message.unsure_since,
        )
        ours = Place(channel=message.slack_channel, ts=message.slack_ts or "")
        if not any(each.place == ours for each in found):
            return  # somebody has deleted it: what else stands there is for the next edit to sort out
        for each in found:
            if each.place != ours:
                self._remove(message, each)

    def _remove(self, message: Message, other: Found) -> None:
        log.warning("message.said_twice", extra={"message_id": message.id, "ts": other.place.ts})
        self._outcomes.said_twice()
        if other.has_replies:
            self._workspace.update(
                other.place, text=words.TWICE, blocks=(), message_id=f"{message.id}:2", revision=message.revision
            )
        else:
            self._workspace.delete(other.place)
