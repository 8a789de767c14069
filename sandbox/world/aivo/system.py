"""Aivo's services as one system of the world."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from sandbox.world.aivo import inbox, seed
from sandbox.world.aivo.breaks import AivoBreaks
from sandbox.world.aivo.columns import READABLE, WRITABLE
from sandbox.world.aivo.routes import AivoRoutes
from sandbox.world.aivo.scenario import DowngradeWave
from sandbox.world.aivo.service import AivoService
from sandbox.world.effects import Effect, Effects
from sandbox.world.ids import Ids
from sandbox.world.options import OptionsHolder
from sandbox.world.postgres import AIVO_WRITE_ROLE, READ_ROLE, Cluster, grant_read, rebuild
from sandbox.world.scenario import Scenario
from sandbox.world.stripe.books import Books
from sandbox.world.stripe.seed import Account
from sandbox.world.stripe.webhooks import Webhooks
from sandbox.world.system import Site

_SCHEMA = Path(__file__).parent / "schema.sql"
_PAYMENTS, _BILLING, _ENTITLEMENTS = "/hosts/aivo/payments", "/hosts/aivo/billing", "/hosts/aivo/entitlements"


class Aivo:
    """Three services, one database, and what can go wrong in them."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        books: Books,
        webhooks: Webhooks,
        effects: Effects,
        options: OptionsHolder,
        ids: Ids,
        now: Callable[[], datetime],
    ) -> None:
        self._cluster = cluster
        self._service = AivoService(database=cluster.database("aivo"), effects=effects, now=now)
        self._routes = AivoRoutes(self._service, options, books)
        self._scenario = DowngradeWave(self._service)
        self._breaks = AivoBreaks(service=self._service, books=books, ids=ids)
        webhooks.connect(inbox.ENDPOINT, lambda event: inbox.receive(self._service, event))

    def sites(self) -> list[Site]:
        """Three addresses, one fault target."""
        return [
            Site(path=_PAYMENTS, target="aivo", routes=self._routes.payments()),
            Site(path=_BILLING, target="aivo", routes=self._routes.billing()),
            Site(path=_ENTITLEMENTS, target="aivo", routes=self._routes.entitlements()),
        ]

    def workers(self) -> list[Callable[[], None]]:
        """Dunning, and troubles that go on."""
        return [self._service.work]

    def scenarios(self) -> list[Scenario]:
        """The wave, and what else there is."""
        return [self._scenario, *self._breaks.all()]

    def begin(self, accounts: list[Account], ids: Ids) -> None:
        """Lay the tables anew, dunning on, replies forgotten."""
        with self._service.engine.begin() as connection:
            rebuild(connection, _SCHEMA)
            seed.seed(connection, ids, accounts=accounts, now=self._service.now())
            grant_read(connection, READABLE)
            grant_read(connection, READABLE, role=AIVO_WRITE_ROLE)
            _grant_kill_switch(connection)
        self._service.reset()
        self._breaks.reset()
        self._routes.replies.reset()

    def environment(self, base: str) -> dict[str, str]:
        """The services, the read-only database, and the one that may turn the kill switch."""
        return {
            "AIVO_PAYMENTS_URL": f"{base}{_PAYMENTS}",
            "AIVO_BILLING_URL": f"{base}{_BILLING}",
            "AIVO_ENTITLEMENTS_URL": f"{base}{_ENTITLEMENTS}",
            "AIVO_READ_DSN": self._cluster.dsn("aivo", READ_ROLE),
            "AIVO_WRITE_DSN": self._cluster.dsn("aivo", AIVO_WRITE_ROLE),
        }

    def effects(self) -> list[Effect]:
        """Changes made straight in the tables."""
        return self._service.changes_by_others()


def _grant_kill_switch(connection: Connection) -> None:
    for table, columns in WRITABLE.items():
        connection.exec_driver_sql(f"grant update ({', '.join(columns)}) on public.{table} to {AIVO_WRITE_ROLE}")
