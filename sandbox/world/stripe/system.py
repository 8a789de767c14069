"""The fake Stripe as one system of the world."""

from collections.abc import Callable
from datetime import datetime

from sandbox.world import keys
from sandbox.world.effects import Effect, Effects
from sandbox.world.faults import Faults
from sandbox.world.ids import Ids
from sandbox.world.scenario import Scenario
from sandbox.world.stripe import errors
from sandbox.world.stripe.api import StripeApi
from sandbox.world.stripe.books import Books
from sandbox.world.stripe.invoices import Invoices
from sandbox.world.stripe.seed import Account
from sandbox.world.stripe.webhooks import Webhooks
from sandbox.world.system import Site


class Stripe:
    """The API over the books. The books are filled by the world, before the hosts that mirror them."""

    def __init__(
        self,
        *,
        books: Books,
        webhooks: Webhooks,
        effects: Effects,
        faults: Faults,
        ids: Ids,
        now: Callable[[], datetime],
    ) -> None:
        invoices = Invoices(books, effects, faults, ids, now)
        self._api = StripeApi(
            books=books, invoices=invoices, webhooks=webhooks, ids=ids, read_key=keys.STRIPE_READ_KEY,
            write_key=keys.STRIPE_WRITE_KEY,
        )  # fmt: skip

    def sites(self) -> list[Site]:
        """The SDK keeps a path in its base address, so /stripe is enough."""
        return [Site(path="/stripe", target="stripe", routes=self._api.routes(), error_body=errors.at_the_door)]

    def workers(self) -> list[Callable[[], None]]:
        """Stripe does nothing by itself here."""
        return []

    def scenarios(self) -> list[Scenario]:
        """What goes wrong goes wrong at the hosts."""
        return []

    def begin(self, accounts: list[Account], ids: Ids) -> None:
        """Forget the stored replies."""
        del accounts, ids
        self._api.reset()

    def environment(self, base: str) -> dict[str, str]:
        """Both keys and the base URL."""
        return {
            "STRIPE_API_KEY": keys.STRIPE_READ_KEY,
            "STRIPE_WRITE_KEY": keys.STRIPE_WRITE_KEY,
            "STRIPE_API_URL": f"{base}/stripe",
        }

    def effects(self) -> list[Effect]:
        """All of its effects are in the world's log."""
        return []
