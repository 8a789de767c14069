"""What the bot tells Prometheus about itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot import __version__
from bot.check_metrics import Checks
from bot.core.errors import CountersignError
from bot.engine.system import System
from bot.store.checks import Result

_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """An incident that is open, as far as a dashboard leads to it."""

    system: str
    event: str
    severity: str
    runbook: str
    incident: str
    channel: str  # as Slack knows it; empty until Slack has the thread
    thread: str
    opened_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """How much of everything there is at one moment, as the database has it."""

    unfolded: int
    fold_lag: float  # seconds since the oldest unfolded delivery came
    incidents: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by system and state
    jobs: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by queue and state
    undelivered: int = 0
    undelivered_lag: float = 0.0  # seconds since the oldest message that Slack does not show came to be
    canary: Mapping[str, float] = field(default_factory=dict)  # by stage: when it was last reached, seconds since 1970
    paused: Mapping[str, tuple[str, float]] = field(default_factory=dict)  # by method (* all): why, and seconds left
    switches: Mapping[tuple[str, str], bool] = field(default_factory=dict)  # engaged, by name and kind
    open: Sequence[Open] = ()  # the latest of them
    requests: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by system and state
    executions: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by system and state


@dataclass(frozen=True, kw_only=True, slots=True)
class Sockets:
    """Socket Mode's connections: how many should be open and are, seconds since anything was heard on one of them,
    and how many were replaced for being dead."""

    wanted: int
    open: int
    quiet_for: float
    replaced: int
    error: str | None


class Metrics:
    """The bot's own registry: counters that are told to it, and stocks that are asked for at each scrape."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._webhooks = Counter(
            "countersign_webhooks", "Webhook requests by how they were answered.", ["outcome"], registry=self.registry
        )
        self._batch = Histogram(
            "countersign_commit_batch_size",
            "Deliveries that shared one commit.",
            buckets=_BATCH_SIZES,
            registry=self.registry,
        )
        self._commit = Histogram(
            "countersign_commit_seconds", "Time of one commit of deliveries.", buckets=_SECONDS, registry=self.registry
        )
        self._folded = Counter(
            "countersign_deliveries_folded",
            "Deliveries folded into incidents, or put aside because they could not be.",
            ["outcome"],
            registry=self.registry,
        )
        self._not_shown = Counter(
            "countersign_incidents_not_shown",
            "Changes of incidents whose message could not be composed.",
            registry=self.registry,
        )
        self._incidents = Counter(
            "countersign_incident_changes",
            "Incidents opened, reopened and resolved.",
            ["system", "change"],
            registry=self.registry,
        )
        self._slack_calls = Counter(
            "countersign_slack_calls",
            "Calls of Slack's Web API by method and outcome: ok, Slack's word, or no_answer.",
            ["method", "outcome"],
            registry=self.registry,
        )
        self._troubles = Counter(
            "countersign_delivery_troubles",
            "Messages that Slack did not take as they were, by its word for why.",
            ["reason"],
            registry=self.registry,
        )
        self._diagnoses = Histogram(
            "countersign_diagnosis_seconds",
            "Time from the begin of a diagnosis to its conclusions.",
            ["system"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._questions = Counter(
            "countersign_questions",
            "Questions of diagnoses by how they ended: answered, or why not.",
            ["system", "outcome"],
            registry=self.registry,
        )
        for outcome in ("folded", "put_aside"):
            self._folded.labels(outcome)  # so that the first one is an increase and not a beginning

    def webhook(self, outcome: str) -> None:
        self._webhooks.labels(outcome).inc()

    def committed(self, size: int, seconds: float) -> None:
        self._batch.observe(size)
        self._commit.observe(seconds)

    def folded(self, outcome: str, count: int) -> None:
        self._folded.labels(outcome).inc(count)

    def not_shown(self, count: int) -> None:
        self._not_shown.inc(count)

    def incident(self, change: str, *, system: str) -> None:
        self._incidents.labels(system, change).inc()

    def slack_call(self, method: str, outcome: str) -> None:
        self._slack_calls.labels(method, outcome).inc()

    def trouble(self, reason: str) -> None:
        self._troubles.labels(reason).inc()

    def diagnosed(self, system: str, seconds: float, outcomes: Mapping[str, int]) -> None:
        self._diagnoses.labels(system).observe(seconds)
        for outcome, count in outcomes.items():
            self._questions.labels(system, outcome).inc(count)

    def watch(self, stock: Callable[[], Stock], *, content: Callable[[], str]) -> None:
        """Ask `stock` and the revision of the content files at each scrape. Call once."""
        self.registry.register(_Asked(stock, content))

    def watch_checks(
        self,
        results: Callable[[], Sequence[Result]],
        *,
        systems: Callable[[], Mapping[str, System]],
        now: Callable[[], datetime],
    ) -> None:
        """Show what scheduled checks found. Call once."""
        self.registry.register(Checks(results, systems=systems, now=now))

    def watch_sockets(self, sockets: Callable[[], Sockets] | None) -> None:
        """Ask how Socket Mode's connections are at each scrape; None where it is not in use. Call once."""
        if sockets is not None:
            self.registry.register(_Connected(sockets))

    def render(self) -> bytes:
        """The exposition, in Prometheus' text format."""
        return generate_latest(self.registry)


def own_names() -> frozenset[str]:
    """Every series name that the bot may export, whether it has counted anything or not."""
    metrics = Metrics()
    metrics.watch(lambda: Stock(unfolded=0, fold_lag=0.0), content=lambda: "")
    metrics.watch_sockets(lambda: Sockets(wanted=0, open=0, quiet_for=0.0, replaced=0, error=None))
    return frozenset(
        f"{family.name}{suffix}"
        for family in metrics.registry.collect()
        for suffix in _SUFFIXES.get(family.type, ("",))
    )


_SUFFIXES: Mapping[str, Sequence[str]] = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


class _Connected(Collector):
    """Socket Mode, where it is in use."""

    def __init__(self, sockets: Callable[[], Sockets]) -> None:
        self._sockets = sockets

    def collect(self) -> Iterator[Metric]:
        now = self._sockets()
        open_ = GaugeMetricFamily("countersign_slack_sockets", "Socket Mode connections.", labels=["state"])
        open_.add_metric(["open"], now.open)
        open_.add_metric(["missing"], now.wanted - now.open)
        yield open_
        quiet = "Seconds since anything came in over Socket Mode, answers to pings included."
        yield GaugeMetricFamily("countersign_slack_sockets_quiet_seconds", quiet, value=now.quiet_for)
        replaced = "Socket Mode connections that were given up for being dead."
        yield CounterMetricFamily("countersign_slack_sockets_replaced", replaced, value=now.replaced)


class _Asked(Collector):
    """What is asked at each scrape; when the database does not answer, the scrape says so and the rest stands."""

    def __init__(self, stock: Callable[[], Stock], content: Callable[[], str]) -> None:
        self._stock = stock
        self._content = content

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked at registration."""
        return ()

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "countersign_info", "Version and content revision at work.", labels=["version", "content"]
        )
        info.add_metric([__version__, self._content()[:12]], 1)
        yield info
        try:
            stock = self._stock()
        except CountersignError:
            yield GaugeMetricFamily("countersign_database_up", "Whether the database answered.", value=0)
            return
        yield GaugeMetricFamily("countersign_database_up", "Whether the database answered.", value=1)
        yield from _families(stock)


def _families(stock: Stock) -> Iterator[Metric]:
    plain = (
        ("countersign_unfolded_deliveries", "Deliveries that wait to be folded into incidents.", stock.unfolded),
        ("countersign_fold_lag_seconds", "Age of the oldest delivery that waits to be folded.", stock.fold_lag),
        ("countersign_undelivered_messages", "Messages that Slack does not show as they should be.", stock.undelivered),
        ("countersign_undelivered_lag_seconds", "How long the oldest of them has waited.", stock.undelivered_lag),
    )
    for name, meaning, value in plain:
        yield GaugeMetricFamily(name, meaning, value=value)
    canary = GaugeMetricFamily(
        "countersign_canary_last_success_timestamp_seconds",
        "When a round of the canary last came as far as this stage.",
        labels=["stage"],
    )
    for stage, at in stock.canary.items():
        canary.add_metric([stage], at)
    yield canary
    paused = GaugeMetricFamily(
        "countersign_slack_paused_seconds",
        "How long a method of Slack's is still left alone (* is all of them), by its word for why.",
        labels=["method", "reason"],
    )
    for method, (why, left) in stock.paused.items():
        paused.add_metric([method, why], left)
    yield paused
    by_state = (
        ("countersign_incidents", "Incidents, ever.", stock.incidents),
        ("countersign_requests", "Requests for an action, ever.", stock.requests),
        ("countersign_executions", "Executions of approved requests, ever.", stock.executions),
    )
    for name, meaning, counts in by_state:
        family = GaugeMetricFamily(name, meaning, labels=["system", "state"])
        for labels, count in counts.items():
            family.add_metric(labels, count)
        yield family
    opened = GaugeMetricFamily(
        "countersign_incident_open_timestamp_seconds",
        "When an incident that is open was opened; its thread in Slack is channel and thread.",
        labels=["system", "event", "severity", "runbook", "incident", "channel", "thread"],
    )
    for each in stock.open:
        *names, opened_at = astuple(each)
        opened.add_metric(names, opened_at)
    yield opened
    switches = GaugeMetricFamily(
        "countersign_switch_engaged", "Whether a kill switch is engaged.", labels=["name", "kind"]
    )
    for labels, is_engaged in stock.switches.items():
        switches.add_metric(labels, float(is_engaged))
    yield switches
    jobs = GaugeMetricFamily("countersign_jobs", "Jobs of the last 30 days.", labels=["queue", "state"])
    for labels, count in stock.jobs.items():
        jobs.add_metric(labels, count)
    yield jobs
