"""How much of everything there is, asked for at each scrape."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot import __version__
from bot.core.errors import CountersignError


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
class Digest:
    """A schedule: when it was last dealt with, for how long its next time cannot be, and why."""

    dealt_with_at: float
    failing_for: float | None = None
    failures: int = 0
    error: str = ""


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
    otherwise: Mapping[str, int] = field(default_factory=dict)  # messages of the last hour not shown as meant, by why
    switches: Mapping[tuple[str, str], bool] = field(default_factory=dict)  # engaged, by name and kind
    open: Sequence[Open] = ()  # the latest of them
    requests: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by system and state
    executions: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by system and state
    resumptions: Mapping[tuple[str, str], int] = field(default_factory=dict)  # by system and state
    schedules: Mapping[tuple[str, str], Digest] = field(default_factory=dict)  # by system and name


@dataclass(frozen=True, kw_only=True, slots=True)
class Sockets:
    """Socket Mode's connections: how many should be open and are, seconds since anything was heard on one of them,
    and how many were replaced for being dead."""

    wanted: int
    open: int
    quiet_for: float
    replaced: int
    error: str | None


class Connected(Collector):
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


class Asked(Collector):
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
        ("countersign_resumptions", "Times that the rest of an execution was asked to go on.", stock.resumptions),
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
    yield from _schedules(stock.schedules)
    jobs = GaugeMetricFamily("countersign_jobs", "Jobs of the last 30 days.", labels=["queue", "state"])
    for labels, count in stock.jobs.items():
        jobs.add_metric(labels, count)
    yield jobs


def _schedules(schedules: Mapping[tuple[str, str], Digest]) -> Iterator[Metric]:
    of = ["system", "schedule"]
    dealt = GaugeMetricFamily(
        "countersign_schedule_last_time_timestamp_seconds",
        "The latest time of each schedule that was dealt with.",
        labels=of,
    )
    failing = GaugeMetricFamily(
        "countersign_schedule_failing_seconds",
        "For how long the digest that a schedule is due cannot be opened; 0 while all is well.",
        labels=of,
    )
    failures = CounterMetricFamily(
        "countersign_schedule_failures", "How often a digest that was due could not be opened.", labels=of
    )
    for labels, each in schedules.items():
        dealt.add_metric(labels, each.dealt_with_at)
        failing.add_metric(labels, each.failing_for or 0)
        failures.add_metric(labels, each.failures)
    yield from (dealt, failing, failures)
