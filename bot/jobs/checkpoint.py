"""Once a day the audit is verified and its head posted, so that a copy of it is kept outside the database."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.slack.blocks.checkpoint import checkpoint
from bot.slack.views import CheckpointView
from bot.store import audit, messages
from bot.store.audit import Verdict
from bot.store.database import Database
from bot.store.work import Clock, Enqueue

log = logging.getLogger(__name__)


class Checkpoints:
    """Call it often, in every replica: the message row of the day decides that it is posted once.

    It is due at `hour` (UTC) of each day, and after a pause as soon as somebody asks again. What is posted is the
    head of what was verified; an audit that does not verify is told loudly, every day until it is dealt with.
    """

    def __init__(
        self, *, database: Database, enqueue: Enqueue, new_id: Callable[[], str], now: Clock, channel: str, hour: int
    ) -> None:
        self._database = database
        self._enqueue = enqueue
        self._new_id = new_id
        self._now = now
        self._channel = channel
        self._hour = hour

    def __call__(self) -> None:
        """Post the checkpoint that is due, unless it is posted, or there was nothing to note when it fell due."""
        now = self._now()
        due = _due(now, self._hour)
        subject = f"checkpoint:{due:%Y-%m-%d}"
        with self._database.read() as conn:
            began = audit.began(conn)
            if began is None or began >= due or messages.by_subject(conn, subject) is not None:
                return
            verdict = audit.verify(conn)
        self._post(verdict, subject=subject, due=due, now=now)

    def _post(self, verdict: Verdict, *, subject: str, due: datetime, now: datetime) -> None:
        assert verdict.head is not None  # the audit has begun
        findings = len(verdict.findings)
        with self._database.begin() as conn:
            audit.lock(conn)
            held = messages.hold(
                conn,
                subject=subject,
                message_id=self._new_id(),
                incident_id=None,
                channel=self._channel,
                thread_of=None,
                now=now,
            )
            if held.revision > 0:
                return  # another replica was faster
            post = checkpoint(_view(verdict, due))
            said = messages.say(conn, held, text=post.text, blocks=post.blocks, now=now)
            assert said is not None  # it said nothing before
            self._enqueue(conn, messages.delivery(said))
            audit.append(
                conn,
                kind="audit.checkpoint",
                actor=audit.OURSELVES,
                now=now,
                data={"head": str(verdict.head), "entries": verdict.entries, "findings": findings},
            )
        if findings:
            log.error("audit.not_intact", extra={"findings": findings, "first": verdict.findings[0].sentence})


def _due(now: datetime, hour: int) -> datetime:
    """The latest moment at which a checkpoint fell due."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if now >= today else today - timedelta(days=1)


def _view(verdict: Verdict, due: datetime) -> CheckpointView:
    first = verdict.findings[0].sentence if verdict.findings else None
    return CheckpointView(
        day=due.date(),
        head=str(verdict.head),
        entries=verdict.entries,
        findings=len(verdict.findings),
        first_finding=first,
    )
