"""StripeMeter's two processes over HTTP: the API, and the workers' metrics and trigger."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import BaseRoute

from sandbox.world.http import Answer, Call, Work, route
from sandbox.world.options import OptionsHolder
from sandbox.world.stripemeter import access
from sandbox.world.stripemeter.adjustments import Adjustments
from sandbox.world.stripemeter.host import StripeMeterHost
from sandbox.world.stripemeter.reconciliation import Reconciliation
from sandbox.world.stripemeter.replay import Replay

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class StripeMeterRoutes:
    """Both sites' routes."""

    host: StripeMeterHost
    options: OptionsHolder
    workers_are_down: Callable[[], bool] = lambda: False

    def api(self) -> list[BaseRoute]:
        """The API on :3000."""
        recon, adjustments = Reconciliation(self.host), Adjustments(self.host)
        table: tuple[tuple[str, str, Work], ...] = (
            ("POST", "/v1/replay", self._replay),
            ("GET", "/v1/reconciliation/summary", recon.summary),
            ("POST", "/v1/reconciliation/run", recon.run),
            ("GET", "/v1/reconciliation/{period}", recon.period),
            ("GET", "/v1/adjustments", adjustments.list),
            ("POST", "/v1/adjustments", adjustments.create),
            ("GET", "/v1/adjustments/{id}", adjustments.show),
            ("POST", "/v1/adjustments/{id}/approve", adjustments.approve),
            ("POST", "/v1/adjustments/{id}/revert", adjustments.revert),
            ("POST", "/v1/events/backfill", adjustments.backfill),
        )
        return [
            route("/health", self._health, methods=["GET"]),
            route("/health/live", self._live, methods=["GET"]),
            route("/health/ready", self._ready, methods=["GET"]),
            route("/metrics", self._api_metrics, methods=["GET"]),
            # Not StripeMeter's own: what a probe and an exporter for its Redis would give.
            route("/exporter/metrics", self._exporter_metrics, methods=["GET"]),
            *(route(path, self._counted(path, access.keyed(work)), methods=[verb]) for verb, path, work in table),
            route("/{rest:path}", access.unknown, methods=["GET", "POST", "PUT", "DELETE"]),
        ]

    def worker(self) -> list[BaseRoute]:
        """The workers on :3100, open to whoever reaches them."""
        return [
            route("/metrics", self._worker_metrics, methods=["GET"]),
            route("/health/live", self._live, methods=["GET"]),
            route("/health/ready", self._worker_ready, methods=["GET"]),
            route("/reconciler/run", self._trigger, methods=["POST"]),
        ]

    def _counted(self, path: str, work: Work) -> Work:
        """The API's own request metrics."""

        def counted(call: Call) -> Answer:
            began = time.monotonic()
            answer = work(call)
            meters = self.host.api_meters
            meters.inc("http_requests_total", method=call.method, route=path, status_code=str(answer.status))
            meters.observe("http_request_duration_seconds", time.monotonic() - began, method=call.method, route=path)
            if answer.status == 401:
                meters.inc("auth_fail_total", route=path, method=call.method)
            return answer

        return counted

    def _replay(self, call: Call) -> Answer:
        """The route itself is missing where it is not installed: the 404 of an unknown route, word for word."""
        if not self.options.value.stripemeter_replay:
            return access.not_found(call.method, call.path)
        return Replay(self.host)(call)

    def _health(self, _: Call) -> Answer:
        return Answer(json={"status": "ok", "timestamp": self.host.now().isoformat()})

    def _live(self, _: Call) -> Answer:
        return Answer(json={"status": "alive"})

    def _ready(self, _: Call) -> Answer:
        """503 when degraded; `stripe` and `workers` are always true and the metrics always 0, as upstream."""
        if self.host.faults.inner("stripemeter", "database"):
            return Answer(status=503, json={"status": "degraded", "checks": {}})
        checks: dict[str, bool] = {"database": True, "redis": True, "stripe": True, "workers": True}
        metrics = {"eventsPerSecond": 0, "writerLag": 0, "reconciliationDiff": 0}
        return Answer(
            json={"status": "healthy", "version": "1.4.2", "checks": {**checks}, "metrics": {**metrics}},
        )

    def _worker_ready(self, _: Call) -> Answer:
        if self.workers_are_down():
            return Answer(status=502, text="bad gateway")
        return Answer(json={"status": "healthy"})

    def _api_metrics(self, _: Call) -> Answer:
        return Answer(text=self.host.api_meters.text(), media=_TEXT)

    def _exporter_metrics(self, _: Call) -> Answer:
        return Answer(text=self.host.exporter_meters.text(), media=_TEXT)

    def _worker_metrics(self, _: Call) -> Answer:
        if self.workers_are_down():
            return Answer(status=502, text="bad gateway")
        return Answer(text=self.host.worker_meters.text(), media=_TEXT)

    def _trigger(self, _: Call) -> Answer:
        self.host.reconcile_soon()
        self.host.effects.record("stripemeter", "reconciler.trigger", target="all tenants", source="http")
        return Answer(status=202, json={"message": "Reconciliation run triggered"})
