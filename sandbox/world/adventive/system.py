"""Adventive's Worker and its mail provider as one system of the world."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sandbox.world import keys
from sandbox.world.adventive.asked import Asked
from sandbox.world.adventive.breaks import AdventiveBreaks
from sandbox.world.adventive.database import Rows
from sandbox.world.adventive.outage import Outage
from sandbox.world.adventive.routes import AdventiveRoutes
from sandbox.world.adventive.scenario import SuppressInvoiceEmail
from sandbox.world.adventive.worker import ENDPOINT, Worker
from sandbox.world.effects import Effect, Effects
from sandbox.world.faults import Faults
from sandbox.world.ids import Ids
from sandbox.world.mailgun import DOMAIN, Mailgun
from sandbox.world.ops_events import OpsEvents
from sandbox.world.scenario import Scenario
from sandbox.world.stripe.books import Books
from sandbox.world.stripe.seed import Account
from sandbox.world.stripe.webhooks import Webhooks
from sandbox.world.system import Site

_PATH, _MAILGUN = "/hosts/adventive", "/mailgun"


class Adventive:
    """Worker, Mailgun and scenario together."""

    def __init__(
        self,
        *,
        file: Path,
        books: Books,
        webhooks: Webhooks,
        effects: Effects,
        faults: Faults,
        ids: Ids,
        ops_events: OpsEvents,
        now: Callable[[], datetime],
    ) -> None:
        self._mailgun = Mailgun(ids=ids, now=now, api_key=keys.MAILGUN_API_KEY)
        self._worker = Worker(
            rows=Rows(file), books=books, mailgun=self._mailgun, effects=effects, faults=faults, now=now
        )
        outage = Outage()
        self._routes = AdventiveRoutes(self._worker, outage)
        self._scenario = SuppressInvoiceEmail(self._worker, ids)
        self._breaks = AdventiveBreaks(
            worker=self._worker, outage=outage, books=books, webhooks=webhooks, ids=ids, now=now
        )
        self._asked = Asked(books=books, ops_events=ops_events, now=now)
        webhooks.connect(ENDPOINT, self._worker.receive)

    def sites(self) -> list[Site]:
        """The Worker and Mailgun."""
        return [
            Site(path=_PATH, target="adventive", routes=self._routes.all()),
            Site(path=_MAILGUN, target="mailgun", routes=self._mailgun.routes()),
        ]

    def workers(self) -> list[Callable[[], None]]:
        """A Worker only answers requests; an exporter looks, and troubles end."""
        return [self._breaks.work]

    def scenarios(self) -> list[Scenario]:
        """An e-mail that does not arrive, and what else there is."""
        return [self._scenario, *self._breaks.all(), *self._asked.all()]

    def begin(self, accounts: list[Account], ids: Ids) -> None:
        """Every account's latest invoice rendered and delivered."""
        del ids
        self._mailgun.reset()
        self._routes.reset()
        self._breaks.reset()
        self._asked.reset()
        self._worker.begin([str(account.invoices[-1]["id"]) for account in accounts])

    def environment(self, base: str) -> dict[str, str]:
        """Both addresses, the service token and Mailgun's key."""
        return {
            "ADVENTIVE_URL": f"{base}{_PATH}",
            "ADVENTIVE_ACCESS_CLIENT_ID": keys.ADVENTIVE_CLIENT_ID,
            "ADVENTIVE_ACCESS_CLIENT_SECRET": keys.ADVENTIVE_CLIENT_SECRET,
            "ADVENTIVE_R2_URL": f"{base}{_PATH}/r2",
            "MAILGUN_URL": f"{base}{_MAILGUN}",
            "MAILGUN_API_KEY": keys.MAILGUN_API_KEY,
            "MAILGUN_DOMAIN": DOMAIN,
        }

    def effects(self) -> list[Effect]:
        """All of its effects are in the world's log."""
        return []
