"""The Accrue host as one system of the world."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sandbox.world import keys
from sandbox.world.accrue import events, seed
from sandbox.world.accrue.columns import READABLE
from sandbox.world.accrue.host import AccrueHost
from sandbox.world.accrue.routes import AccrueRoutes
from sandbox.world.accrue.scenario import DeadLetterWebhooks
from sandbox.world.accrue.seed_more import seed_more
from sandbox.world.effects import Effect, Effects
from sandbox.world.faults import Faults
from sandbox.world.ids import Ids
from sandbox.world.ops_events import OpsEvents
from sandbox.world.postgres import READ_ROLE, Cluster, grant_read, rebuild
from sandbox.world.scenario import Scenario
from sandbox.world.stripe.books import Books
from sandbox.world.stripe.seed import Account
from sandbox.world.system import Site

_SCHEMA = Path(__file__).parent / "schema.sql"
_PATH = "/hosts/accrue"


class Accrue:
    """Host, routes and scenarios together."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        effects: Effects,
        faults: Faults,
        books: Books,
        ids: Ids,
        ops_events: OpsEvents,
        now: Callable[[], datetime],
    ) -> None:
        self._cluster = cluster
        self._host = AccrueHost(
            database=cluster.database("accrue"),
            effects=effects,
            faults=faults,
            ops_events=ops_events,
            now=now,
            token=keys.ACCRUE_TOKEN,
        )
        self._routes = AccrueRoutes(self._host)
        self._books = books
        self._scenarios: list[Scenario] = [
            DeadLetterWebhooks(self._host, books, ids),
            *events.breaks(self._host, books, ids),
        ]

    def sites(self) -> list[Site]:
        """The host's own address."""
        return [Site(path=_PATH, target="accrue", routes=self._routes.all())]

    def workers(self) -> list[Callable[[], None]]:
        """Oban's dispatcher."""
        return [self._host.work]

    def scenarios(self) -> list[Scenario]:
        """Dead letters, and every other event."""
        return list(self._scenarios)

    def begin(self, accounts: list[Account], ids: Ids) -> None:
        """Lay the tables anew, mirror Stripe's accounts, forget replies and counters."""
        with self._host.engine.begin() as connection:
            rebuild(connection, _SCHEMA)
            seed.seed(connection, ids, accounts=accounts, now=self._host.now())
            seed_more(connection, ids, self._books, now=self._host.now())
            grant_read(connection, READABLE)
        self._host.reset()
        self._routes.reset()

    def environment(self, base: str) -> dict[str, str]:
        """Where it is, the token, and the read-only database."""
        return {
            "ACCRUE_URL": f"{base}{_PATH}",
            "ACCRUE_TOKEN": keys.ACCRUE_TOKEN,
            "ACCRUE_READ_DSN": self._cluster.dsn("accrue", READ_ROLE),
        }

    def effects(self) -> list[Effect]:
        """All of its effects are in the world's log."""
        return []
