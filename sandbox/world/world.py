"""The world as one thing: built from settings, started, mounted, reset and stopped."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from pydantic import BaseModel, ConfigDict, SecretStr
from sqlalchemy.exc import OperationalError
from starlette.routing import BaseRoute, Mount, Router

from sandbox.world import keys
from sandbox.world.accrue.system import Accrue
from sandbox.world.adventive.system import Adventive
from sandbox.world.aivo.system import Aivo
from sandbox.world.control import Control
from sandbox.world.effects import Effect, Effects
from sandbox.world.faults import FaultDoor, Faults
from sandbox.world.ids import Ids
from sandbox.world.ops_events import OpsEvents
from sandbox.world.options import OptionsHolder
from sandbox.world.postgres import Cluster
from sandbox.world.pulse import Pulse
from sandbox.world.stripe import seed as stripe_seed
from sandbox.world.stripe.books import Books
from sandbox.world.stripe.seed import Account
from sandbox.world.stripe.system import Stripe
from sandbox.world.stripe.webhooks import Webhooks
from sandbox.world.stripemeter.system import StripeMeter
from sandbox.world.system import Site, System

ACCOUNTS = 60
BEGIN_ATTEMPTS = 5

log = logging.getLogger(__name__)


class WorldSettings(BaseModel):
    """Where the world keeps its files; `postgres_url` names a server to use instead of one of our own."""

    model_config = ConfigDict(frozen=True)

    state_dir: Path
    postgres_url: str | None = None
    seed: int | None = None
    beat: float = 0.5  # seconds between two beats of the simulated workers
    ops_events_url: str | None = None  # where hosts forward their ops events
    ops_events_token: SecretStr | None = None


class World:
    """Fake Stripe, fake Mailgun, four hosts. `routes` may be mounted before or after `start`."""

    def __init__(self, settings: WorldSettings, *, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ids = Ids(settings.seed)
        self._state_dir = settings.state_dir
        self._effects = Effects(now)
        self._faults = Faults(now)
        self._options = OptionsHolder()
        self._books = Books()
        self._webhooks = Webhooks(books=self._books, effects=self._effects)
        self._cluster = Cluster(state_dir=settings.state_dir, url=settings.postgres_url)
        token = settings.ops_events_token
        self._ops_events = OpsEvents(
            url=settings.ops_events_url, token=token.get_secret_value() if token is not None else None
        )
        self._still = Lock()
        self._systems = self._build_systems()
        workers = [worker for system in self._systems for worker in system.workers()]
        self._pulse = Pulse(workers, every=settings.beat, still=self._still)
        self.routes: list[BaseRoute] = [
            *self._control().routes(),
            *(self._mount(site) for system in self._systems for site in system.sites()),
        ]

    def start(self) -> None:
        """Start PostgreSQL, fill every system and let the simulated workers run."""
        self._cluster.start()
        self.reset()
        self._ops_events.start()
        self._pulse.start()

    def stop(self) -> None:
        """Stop the workers, then PostgreSQL."""
        self._pulse.stop()
        self._ops_events.stop()
        self._cluster.stop()

    def reset(self) -> None:
        """Begin again: new rows and ids, no faults, no effects, default options."""
        with self._still:
            self._faults.clear()
            self._options.reset()
            self._books.reset()
            self._ids.reset()
            accounts = stripe_seed.seed(self._books, self._ids, now=self._now(), accounts=ACCOUNTS)
            for system in self._systems:
                self._begin(system, accounts)
            self._effects.reset()

    @property
    def dsns(self) -> dict[str, str]:
        """The database URLs for a bot's roles, by variable name; they exist once the world is started."""
        return {name: value for name, value in self.environment("").items() if name.endswith("_DSN")}

    def private_values(self) -> list[str]:
        """What must never leave the bot: everybody's name, address and number, every credential."""
        people = [value for person in self._ids.people() for value in (person.name, person.email, person.phone)]
        return sorted({*people, *keys.ALL, *keys.MARKS, self._cluster.password})

    def effects(self) -> list[Effect]:
        """Everything that happened anywhere, oldest first."""
        kept = [effect for system in self._systems for effect in system.effects()]
        return sorted([*self._effects.all(), *kept], key=lambda effect: effect.at)

    def environment(self, base: str) -> dict[str, str]:
        """The variables a bot needs, given the address this world is served at."""
        return {name: value for system in self._systems for name, value in system.environment(base).items()}

    def _begin(self, system: System, accounts: list[Account]) -> None:
        """Somebody may be reading the very tables that are dropped: when the two deadlock, try again."""
        for _ in range(BEGIN_ATTEMPTS - 1):
            try:
                return system.begin(accounts, self._ids)
            except OperationalError as error:
                log.info("begin of %s waits for readers: %s", type(system).__name__, error.orig)
        return system.begin(accounts, self._ids)

    def _build_systems(self) -> list[System]:
        return [
            Stripe(
                books=self._books, webhooks=self._webhooks, effects=self._effects, faults=self._faults, ids=self._ids,
                now=self._now,
            ),
            Accrue(
                cluster=self._cluster, effects=self._effects, faults=self._faults, books=self._books, ids=self._ids,
                ops_events=self._ops_events, now=self._now,
            ),
            StripeMeter(
                cluster=self._cluster, effects=self._effects, faults=self._faults, options=self._options, ids=self._ids,
                now=self._now,
            ),
            Adventive(
                file=self._state_dir / "adventive.db", books=self._books, webhooks=self._webhooks,
                effects=self._effects, faults=self._faults, ids=self._ids, ops_events=self._ops_events, now=self._now,
            ),
            Aivo(
                cluster=self._cluster, books=self._books, webhooks=self._webhooks, effects=self._effects,
                options=self._options, ids=self._ids, now=self._now,
            ),
        ]  # fmt: skip

    def _control(self) -> Control:
        return Control(
            scenarios=[scenario for system in self._systems for scenario in system.scenarios()],
            faults=self._faults,
            options=self._options,
            effects=self.effects,
            private_values=self.private_values,
            environment=self.environment,
            reset=self.reset,
        )

    def _mount(self, site: Site) -> Mount:
        app = Router(list(site.routes))
        return Mount(site.path, app=FaultDoor(app, target=site.target, faults=self._faults, error_body=site.error_body))


def utc_now() -> datetime:
    """The world's clock, unless it is given another."""
    return datetime.now(UTC)


def build_world(settings: WorldSettings, *, now: Callable[[], datetime] = utc_now) -> World:
    """Put a world together; nothing runs until `start`."""
    return World(settings, now=now)
