"""Old webhooks are forgotten, a few at a time; the audit, and what an open incident is made of, never."""

import logging
from datetime import timedelta

from bot.store import deliveries
from bot.store.database import Database
from bot.store.work import Clock

log = logging.getLogger(__name__)

_PIECE = 500  # rows of one transaction: nobody else waits for long


class Retention:
    """Called by the clock; `keep` is how long a webhook is kept, None for ever."""

    def __init__(self, *, database: Database, keep: timedelta | None, now: Clock) -> None:
        self._database = database
        self._keep = keep
        self._now = now

    def __call__(self) -> int:
        """Forget what may be forgotten; returns how many. Replicas that do it at once share the work."""
        if self._keep is None:
            return 0
        before, gone = self._now() - self._keep, 0
        while True:
            with self._database.begin() as conn:
                piece = deliveries.forget(conn, before=before, most=_PIECE)
            gone += piece
            if piece < _PIECE:
                break
        if gone:
            log.info("deliveries.forgotten", extra={"count": gone, "before": before.isoformat()})
        return gone
