"""The two servers that bench.ingest compares: `python -m bench.servers bare PORT`, `… bot PORT DATABASE_URL`."""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import uvicorn
from pydantic import SecretStr
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.adapters.files import load
from bot.jobs.incidents.fold import Fold
from bot.jobs.incidents.snapshots import Snapshots
from bot.jobs.incidents.storms import Storms
from bot.metrics.own import Metrics
from bot.metrics.stock import Stock
from bot.store import deliveries, leases
from bot.store.database import Database
from bot.store.deliveries import Delivery
from bot.store.stock import stock
from bot.store.work import Job
from bot.web.alertmanager import AlertmanagerDoor
from bot.web.app import asgi
from bot.web.auth import Gate
from bot.web.body import Bodies
from bot.web.committer import Committer
from bot.web.health import Health

TOKEN = "bench"
_ROOT = Path(__file__).parent.parent
_DRAIN = timedelta(seconds=10)


class _Silent:
    """Shows nothing: what messages cost is not ingest's."""

    def incident(self, conn: Connection, incident_id: str, now: datetime) -> None: ...

    def diagnosis(self, conn: Connection, incident_id: str, number: int, now: datetime) -> None: ...
    def storm(self, conn: Connection, storm_id: str, now: datetime) -> None: ...

    def thread(self, conn: Connection, incident_id: str, now: datetime) -> bool:  # noqa: ARG002 - a port
        return False

    def checklist(self, conn: Connection, incident_id: str, now: datetime) -> None: ...

    def request(self, conn: Connection, request_id: str, now: datetime) -> None: ...


async def _answer(request: Request) -> Response:
    await request.body()
    return JSONResponse({"delivery": 1})


@contextmanager
def bare() -> Iterator[Starlette]:
    """Reads the body, and answers."""
    yield Starlette(routes=[Route("/alertmanager", _answer, methods=["POST"])])


@contextmanager
def bot(database_url: str) -> Iterator[Starlette]:
    """The bot from the socket to the incident: checks, commits, answers, folds."""
    database = Database(database_url)
    metrics = Metrics()
    catalog = load(rules=_ROOT / "rules", runbooks=_ROOT / "runbooks")
    snapshots = Snapshots(
        catalog=lambda: catalog, enqueue=_enqueue, show=_Silent(), new_id=lambda: str(uuid4()), fallback="#bench"
    )
    storms = Storms(database=database, show=_Silent(), new_id=lambda: str(uuid4()), above=10, now=_now)
    fold = Fold(database=database, snapshots=snapshots, storms=storms, metrics=metrics, now=_now)
    committer = Committer(partial(_commit, database, fold.wake), done=metrics.committed)
    door = AlertmanagerDoor(
        gate=Gate(token=SecretStr(TOKEN), signing_secret=None, now=_now),
        bodies=Bodies(),
        committer=committer,
        metrics=metrics,
        now=_now,
    )
    health = Health(
        stock=partial(_stock, database), content=lambda: catalog.revision, findings=lambda: 0, metrics=metrics
    )
    fold.start()
    committer.start()
    yield asgi(alertmanager=door, health=health)
    committer.stop(_DRAIN)
    fold.stop(_DRAIN)
    database.close()


def main() -> None:
    match sys.argv[1:]:
        case ["bare", port]:
            _serve(bare, int(port))
        case ["bot", port, database_url]:
            _serve(partial(bot, database_url), int(port))
        case _:
            sys.exit(__doc__)


def _serve(application: Callable[[], AbstractContextManager[Starlette]], port: int) -> None:
    """The same settings for both, and those that the bot runs with."""
    with application() as web:
        gc.freeze()  # as serve does
        uvicorn.run(
            web,
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=10,
            server_header=False,
        )


def _commit(database: Database, wake: Callable[[int], None], batch: Sequence[Delivery]) -> Sequence[int]:
    with database.one_statement() as conn:
        numbers = deliveries.add(conn, batch)
    wake(len(numbers))
    return numbers


def _stock(database: Database) -> Stock:
    with database.read() as conn:
        return stock(conn, _now())


def _enqueue(conn: Connection, job: Job) -> None:
    leases.add(conn, job)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
