"""What the bot tells Prometheus about itself."""

from collections.abc import Callable, Mapping, Sequence
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

from bot.engine.system import System
from bot.metrics.checks import Checks
from bot.metrics.stock import Asked, Connected, Sockets, Stock
from bot.store.checks import Result

_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


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
        self.registry.register(Asked(stock, content))

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
            self.registry.register(Connected(sockets))

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
