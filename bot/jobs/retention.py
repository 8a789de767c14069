"""Old webhooks and answers are forgotten, a few at a time; the audit, and what is open still, never."""

import logging
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection

from bot.store import deliveries, diagnoses
from bot.store.database import Database
from bot.store.work import Clock

log = logging.getLogger(__name__)

_PIECE = 500  # rows of one transaction: nobody else waits for long


class Forget(Protocol):
    """Removes the oldest of one kind, `most` of them; returns how many."""

    def __call__(self, conn: Connection, *, before: datetime, most: int) -> int: ...


class Retention:
    """Called by the clock; `keep` is how long a webhook and an answer is kept, None for ever."""

    def __init__(self, *, database: Database, keep: timedelta | None, now: Clock) -> None:
        self._database = database
        self._keep = keep
        self._now = now

    def __call__(self) -> int:
        """Forget what may be forgotten; returns how many. Replicas that do it at once share the work."""
        if self._keep is None:
            return 0
        before = self._now() - self._keep
        return self._all("deliveries", deliveries.forget, before) + self._all(
            "answers", diagnoses.forget_answers, before
        )

    def _all(self, what: str, forget: Forget, before: datetime) -> int:
        gone = 0
        while True:
            with self._database.begin() as conn:
                piece = forget(conn, before=before, most=_PIECE)
            gone += piece
            if piece < _PIECE:
                break
        if gone:
            log.info("old.forgotten", extra={"what": what, "count": gone, "before": before.isoformat()})
        return gone
