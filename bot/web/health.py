"""GET /healthz: the process answers. GET /readyz: it can do its work. GET /metrics: what it did."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.core.egress import mask
from bot.core.errors import CountersignError
from bot.metrics.own import Metrics
from bot.metrics.stock import Sockets, Stock

_FOLD_LAG = timedelta(minutes=1)
_UNDELIVERED_LAG = timedelta(minutes=15)


class State(StrEnum):
    """A warning is told, but keeps nobody from sending alerts here: turning them away would make nothing better."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing the work depends on."""

    state: State
    message: str


class Health:
    """What the health endpoints ask: `stock` the database, `content` the revision at work (empty when none is)."""

    def __init__(
        self,
        *,
        stock: Callable[[], Stock],
        content: Callable[[], str],
        findings: Callable[[], int],
        metrics: Metrics,
        sockets: Callable[[], Sockets] | None = None,
    ) -> None:
        """`findings` counts what kept the newest content files from being loaded; 0 when they were.

        `sockets` is asked where Socket Mode is in use.
        """
        self._stock = stock
        self._content = content
        self._findings = findings
        self._metrics = metrics
        self._sockets = sockets

    async def healthz(self, _: Request) -> Response:
        """200 as long as the event loop turns."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, _: Request) -> Response:
        """200 when alerts can be taken in and worked on, otherwise 503; each check with a sentence."""
        checks = await run_in_threadpool(self.checks)
        is_ready = all(check.state is not State.FAILED for check in checks.values())
        status = "ready" if is_ready else "not ready"
        body = {"status": status, "checks": {name: asdict(check) for name, check in checks.items()}}
        return JSONResponse(body, status_code=200 if is_ready else 503)

    async def metrics(self, _: Request) -> Response:
        """The exposition, in Prometheus' text format."""
        return Response(await run_in_threadpool(self._metrics.render), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    def checks(self) -> Mapping[str, Check]:
        """All checks, by name."""
        sockets = {} if self._sockets is None else {"socket_mode": _connected(self._sockets())}
        return {"content": self._content_check(), **self._database_checks(), **sockets}

    def _content_check(self) -> Check:
        revision, findings = self._content(), self._findings()
        if not revision:
            return Check(state=State.FAILED, message="no content is loaded: run countersign check")
        if findings:
            message = f"revision {revision[:12]} is still at work: the newer files have {findings} findings"
            return Check(state=State.WARNING, message=f"{message}; run countersign check")
        return Check(state=State.OK, message=f"revision {revision[:12]}")

    def _database_checks(self) -> Mapping[str, Check]:
        try:
            stock = self._stock()
        except CountersignError as error:
            return {"database": Check(state=State.FAILED, message=mask(str(error)))}
        return {
            "database": Check(state=State.OK, message="answers"),
            "slack": _slack(stock),
            "switches": _switches(stock),
            "schedules": _schedules(stock),
            "fold": _lag("deliveries that wait to be folded into incidents", stock.unfolded, stock.fold_lag, _FOLD_LAG),
            "messages": _lag(
                "messages that wait to be delivered to Slack",
                stock.undelivered,
                stock.undelivered_lag,
                _UNDELIVERED_LAG,
            ),
        }


def _slack(stock: Stock) -> Check:
    """What Slack does not do for us at the moment; incidents are taken in all the same."""
    told = [f"{_called(method)} for {left:.0f} s: {why}" for method, (why, left) in sorted(stock.paused.items())]
    paused = f"paused: {'; '.join(told)}" if told else "nothing is paused"
    words = ", ".join(f"{word} {count}" for word, count in stock.otherwise.items())
    shown = f"; messages of the last hour shown more simply or elsewhere: {words}" if words else ""
    return Check(state=State.WARNING if told or words else State.OK, message=f"{paused}{shown}")


def _connected(now: Sockets) -> Check:
    """Without any, nothing that people do in Slack arrives; alerts are taken in and told all the same."""
    message = f"{now.open} of {now.wanted} connections, something heard {now.quiet_for:.0f} s ago"
    message += f", {now.replaced} replaced so far" if now.replaced else ""
    message += f"; {mask(now.error)}" if now.error else ""
    return Check(state=State.OK if now.open == now.wanted else State.WARNING, message=message)


def _called(method: str) -> str:
    return "everything" if method == "*" else method


def _switches(stock: Stock) -> Check:
    """Somebody stopped something on purpose: told, so that nobody looks for a fault."""
    engaged = sorted(name for (name, _), is_engaged in stock.switches.items() if is_engaged)
    if not engaged:
        return Check(state=State.OK, message="none is engaged")
    return Check(state=State.WARNING, message=f"engaged: {', '.join(engaged)}; see countersign switch list")


def _schedules(stock: Stock) -> Check:
    """A digest that does not come is missed by nobody: so it is told here, with why."""
    failing = {name: each for name, each in sorted(stock.schedules.items()) if each.failing_for is not None}
    if not failing:
        return Check(state=State.OK, message="every digest that was due was opened")
    told = (f"{'/'.join(name)} for {each.failing_for:.0f} s: {mask(each.error)}" for name, each in failing.items())
    return Check(state=State.WARNING, message=f"not opened, tried every minute: {'; '.join(told)}")


def _lag(what: str, count: int, age: float, most: timedelta) -> Check:
    message = f"{what}: {count}" + (f", the oldest for {age:.0f} s" if count else "")
    return Check(state=State.OK if age <= most.total_seconds() else State.WARNING, message=message)
