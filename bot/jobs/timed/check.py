"""The job that asks one check, once for each of its times, and keeps what it found."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.adapters.cron import Cron
from bot.core.egress import mask
from bot.core.errors import ExpressionError
from bot.core.evidence import Answer, Evidence, Failure, Reason
from bot.core.ports import Resources
from bot.engine.catalog import Catalog
from bot.engine.diagnose import Seen
from bot.engine.gauges import Gauge, gauge
from bot.engine.runbook import Question
from bot.engine.scheduled import Check
from bot.engine.system import System
from bot.jobs.incidents.asking import Asker
from bot.store import checks
from bot.store.database import Database
from bot.store.work import Clock

log = logging.getLogger(__name__)

_EACH = 30.0  # seconds a check has, unless it says otherwise
_WHOLE = 300.0
_MOST = 8  # at once, those included whose time is over
_LEEWAY = timedelta(seconds=30)  # after the time of the next one but one


class Checker:
    """Asks by threads of its own, so that a check that hangs holds up no diagnosis."""

    def __init__(
        self,
        *,
        database: Database,
        catalog: Callable[[], Catalog],
        resources: Callable[[System], Resources],
        cron: Cron,
        now: Clock,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._resources = resources
        self._cron = cron
        self._now = now
        self._asker = Asker(now=now, each=_EACH, whole=_WHOLE, most=_MOST)

    def __call__(self, system_name: str, check_id: str, fired_at: str) -> None:
        """Ask it and keep the answer, or why there is none. A check that the files no longer have is let go."""
        at = datetime.fromisoformat(fired_at).astimezone(UTC)
        system = self._catalog().systems.get(system_name)
        check = next((each for each in system.checks if each.id == check_id), None) if system else None
        if system is None or check is None:
            return
        found, took = self._asked(system, check, at)
        if isinstance(found, Failure) and found.reason is Reason.NOT_CONNECTED:
            return  # that system is not there at all; nothing is wrong with its checks
        try:
            kept: Gauge | Failure = gauge(check, found) if isinstance(found, Answer) else found
        except ExpressionError as error:
            kept = Failure(reason=Reason.BROKEN, message=mask(str(error)))
        self._keep(system, check, at, kept, took)

    def _asked(self, system: System, check: Check, at: datetime) -> tuple[Evidence, int]:
        question = Question(id="check", sql=check.sql, http=check.http, stripe=check.stripe, timeout=check.timeout)
        scope = {"option": system.options, "fired_at": at, "now": self._now()}
        asked = self._asker.ask(
            [question],
            resources=self._resources(system),
            see=lambda evidence: Seen(scope=scope, evidence=evidence),
        )
        return asked[question.id].evidence, asked[question.id].took

    def _keep(self, system: System, check: Check, at: datetime, kept: Gauge | Failure, took: int) -> None:
        now = self._now()
        with self._database.begin() as conn:
            if isinstance(kept, Failure):
                log.warning(
                    "check.failed",
                    extra={"system": system.system, "check": check.id, "reason": kept.reason, "error": kept.message},
                )
                checks.failed(
                    conn,
                    system=system.system,
                    check=check.id,
                    fired_at=at,
                    now=now,
                    took=took,
                    reason=kept.reason,
                    error=kept.message,
                )
                return
            checks.succeeded(
                conn,
                system=system.system,
                check=check.id,
                fired_at=at,
                now=now,
                took=took,
                metric=check.metric,
                labels=check.labels,
                gauge=kept,
                good_until=self._good_until(check, at, now),
            )

    def _good_until(self, check: Check, at: datetime, now: datetime) -> datetime:
        if check.stale is not None:
            return now + check.stale
        following = self._cron.next(check, max(at, now))
        second = self._cron.next(check, following) if following else None
        return (second or now + timedelta(days=400)) + _LEEWAY
