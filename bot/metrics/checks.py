"""What the scheduled checks found, as gauges on /metrics: read from rows, so that every replica shows the same."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.core.errors import CountersignError
from bot.core.evidence import Reason
from bot.engine.scheduled import Check
from bot.engine.system import System
from bot.store.checks import Result

_OF = ["system", "check"]
_REASONS = (Reason.TIMEOUT, Reason.UNAVAILABLE, Reason.REFUSED, Reason.BROKEN)


class Checks(Collector):
    """Asked at each scrape: the results, of the checks that the files name now."""

    def __init__(
        self,
        results: Callable[[], Sequence[Result]],
        *,
        systems: Callable[[], Mapping[str, System]],
        now: Callable[[], datetime],
    ) -> None:
        self._results = results
        self._systems = systems
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked at registration."""
        return ()

    def collect(self) -> Iterator[Metric]:
        try:
            results = self._results()
        except CountersignError:
            return  # the bot's other metrics say that its database is away
        named = {(system.system, check.id): check for system in self._systems().values() for check in system.checks}
        kept = [(each, named[each.system, each.check]) for each in results if (each.system, each.check) in named]
        yield from _beside(kept)
        yield from _gauges(kept, self._now())


def _beside(kept: Sequence[tuple[Result, Check]]) -> Iterator[Metric]:
    success = GaugeMetricFamily(
        "countersign_check_last_success_timestamp_seconds", "When each check was answered last.", labels=_OF
    )
    took = GaugeMetricFamily("countersign_check_duration_seconds", "How long its latest run took.", labels=_OF)
    cut = GaugeMetricFamily("countersign_check_cut", "Whether it has more series than it may.", labels=_OF)
    failures = CounterMetricFamily(
        "countersign_check_failures", "Runs that brought no answer.", labels=[*_OF, "reason"]
    )
    for each, _ in kept:
        of = [each.system, each.check]
        if each.succeeded_at is not None:
            success.add_metric(of, each.succeeded_at.timestamp())
        took.add_metric(of, each.took / 1000)
        cut.add_metric(of, float(each.is_cut))
        counted = {reason.value: 0 for reason in _REASONS} | dict(each.failures)  # so that the first one is an increase
        for reason, count in sorted(counted.items()):
            failures.add_metric([*of, reason], count)
    yield from (success, took, cut, failures)


def _gauges(kept: Sequence[tuple[Result, Check]], now: datetime) -> Iterator[Metric]:
    """One family for each name; several checks, of other systems or other installations, may fill it."""
    families: dict[str, GaugeMetricFamily] = {}
    for each, check in kept:
        if each.metric != check.metric or each.labels != check.labels:
            continue  # it was found by an older spelling of the check
        if each.good_until is None or now > each.good_until:
            continue
        family = families.setdefault(
            check.metric,
            GaugeMetricFamily(check.metric, check.title or f"Check {check.id}.", labels=["system", *check.labels]),
        )
        for labels, value in each.series:
            family.add_metric([each.system, *labels], value)
    yield from families.values()
