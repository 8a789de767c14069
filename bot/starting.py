"""What must hold before a bot goes to work: its tables, its name, and readers that cannot write."""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack

from bot.adapters.resources import Connections
from bot.core.errors import SettingsError, Unavailable
from bot.desk.desk import Desk
from bot.engine.catalog import Catalog
from bot.parts import open_database
from bot.settings import Settings
from bot.store.database import Database

log = logging.getLogger(__name__)

_PREDECESSOR = 10.0  # seconds that a process of the same name has to end in good order


def our_own(stack: ExitStack, settings: Settings) -> Database:
    """The bot's own database at its newest version, and the name of this replica, both given back with the stack."""
    database = open_database(settings)
    stack.callback(database.close)
    database.migrate()
    stack.callback(alone(database, settings.replica))
    return database


def alone(database: Database, name: str, *, patience: float = _PREDECESSOR) -> Callable[[], None]:
    """Takes this replica's name, once nobody else has it. Raises SettingsError: two of one name would share jobs."""
    until = time.monotonic() + patience
    while (give_back := database.hold(name)) is None:
        if time.monotonic() > until:
            raise SettingsError(
                f"COUNTERSIGN_REPLICA: another process that works on this database is called {name}; "
                "give each replica a name of its own"
            )
        time.sleep(0.2)
    return give_back


def tell_of_codes(desk: Desk, catalog: Catalog) -> None:
    """Nobody can approve an action that takes a code where there are none; that is better known before it is needed."""
    wants = [
        f"{name}#{action.id}"
        for name, runbook in catalog.runbooks.items()
        for action in runbook.actions
        if action.approve.second_factor
    ]
    if wants and desk.codes is None:
        log.warning("codes.missing", extra={"actions": wants, "set": "COUNTERSIGN_TOTP_KEY"})


def refuse_writing_readers(connections: Connections, catalog: Catalog, *, allowed: bool) -> None:
    """Reads cannot write: not because we take care, but because their role may not."""
    for system in catalog.systems.values():
        try:
            found = connections.writing_readers(system)
        except Unavailable as error:  # its first read asks again, and refuses
            log.warning("readers.not_asked", extra={"system": system.system, "error": str(error)})
            continue
        if found and not allowed:
            raise SettingsError(
                f"{'; '.join(found)}. Use a role that may only read (docs/hosts), or set "
                "COUNTERSIGN_ALLOW_WRITABLE_READS=1 and answer for it"
            )
        for sentence in found:
            log.warning("readers.may_write", extra={"reader": sentence})
