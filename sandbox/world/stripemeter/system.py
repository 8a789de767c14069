"""StripeMeter as one system of the world."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sandbox.world import keys
from sandbox.world.effects import Effect, Effects
from sandbox.world.faults import Faults
from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.options import OptionsHolder
from sandbox.world.postgres import READ_ROLE, Cluster, grant_read, rebuild
from sandbox.world.scenario import Scenario
from sandbox.world.stripe.seed import Account
from sandbox.world.stripemeter import seed
from sandbox.world.stripemeter.breaks import StripeMeterBreaks
from sandbox.world.stripemeter.columns import READABLE
from sandbox.world.stripemeter.host import StripeMeterHost
from sandbox.world.stripemeter.routes import StripeMeterRoutes
from sandbox.world.stripemeter.scenario import UsageDrift
from sandbox.world.system import Site

_SCHEMA = Path(__file__).parent / "schema.sql"
_API, _WORKER = "/hosts/stripemeter", "/hosts/stripemeter-worker"


class StripeMeter:
    """API, workers and scenario together."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        effects: Effects,
        faults: Faults,
        options: OptionsHolder,
        ids: Ids,
        now: Callable[[], datetime],
    ) -> None:
        self._cluster = cluster
        self._host = StripeMeterHost(database=cluster.database("stripemeter"), effects=effects, faults=faults, now=now)
        self._scenario = UsageDrift(self._host, ids)
        self._breaks = StripeMeterBreaks(host=self._host, ids=ids, drift=self._scenario)
        self._routes = StripeMeterRoutes(self._host, options, lambda: self._breaks.workers_are_down)

    def sites(self) -> list[Site]:
        """Two processes, two addresses."""
        return [
            Site(path=_WORKER, target="stripemeter", routes=self._routes.worker()),
            Site(path=_API, target="stripemeter", routes=self._routes.api(), error_body=_error),
        ]

    def workers(self) -> list[Callable[[], None]]:
        """The reconciler, and troubles that last."""
        return [self._host.work, self._breaks.work]

    def scenarios(self) -> list[Scenario]:
        """Drift, and what else there is."""
        return [self._scenario, *self._breaks.all()]

    def begin(self, accounts: list[Account], ids: Ids) -> None:
        """Lay the tables anew, with usage that Stripe agrees with."""
        del accounts
        with self._host.engine.begin() as connection:
            rebuild(connection, _SCHEMA)
            seed.seed(connection, ids, now=self._host.now())
            grant_read(connection, READABLE)
        self._host.reset()
        self._breaks.reset()

    def environment(self, base: str) -> dict[str, str]:
        """Both addresses, the key, the tenant and the read-only database."""
        return {
            "STRIPEMETER_URL": f"{base}{_API}",
            "STRIPEMETER_WORKER_URL": f"{base}{_WORKER}",
            "STRIPEMETER_API_KEY": keys.STRIPEMETER_API_KEY,
            "STRIPEMETER_TENANT": keys.STRIPEMETER_TENANT,
            "STRIPEMETER_READ_DSN": self._cluster.dsn("stripemeter", READ_ROLE),
        }

    def effects(self) -> list[Effect]:
        """All of its effects are in the world's log."""
        return []


def _error(status: int) -> Obj:
    if status == 429:
        return {"error": "Rate limit exceeded"}
    return {"error": "Internal Server Error", "message": "Something went wrong"}
