"""The content at work: read from files, kept in the store by revision, and read again on request."""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bot.adapters.files import Library
from bot.core.errors import ContentErrors, Unavailable
from bot.engine.catalog import Catalog
from bot.settings import Settings
from bot.store import contents, detections
from bot.store.database import Database
from bot.store.detections import Found, Key, resolved
from bot.store.work import Clock

log = logging.getLogger(__name__)

_EVERY = 2.0  # seconds that what was found out is remembered
_RESOLVED = 16  # revisions


class Content:
    """What rules and runbooks say now, and what they said at any revision something was begun with."""

    def __init__(self, settings: Settings, *, database: Database, now: Clock, keeps: bool = True) -> None:
        """Read the folders, or where they are wrong take what was kept last. Raises ContentErrors when nothing was.

        `keeps` is whether what was read goes into the store; a single command only looks.
        """
        self._database = database
        self._now = now
        self._library = Library(
            rules=settings.rules,
            runbooks=settings.runbooks,
            stored=partial(_stored_files, database),
            latest=partial(_latest_files, database),
        )
        self._known: Mapping[Key, Found] = {}
        self._read_again_at = 0.0
        self._resolved: dict[str, tuple[Mapping[Key, Found], Catalog]] = {}
        self._tell()
        if keeps and not self.findings:
            self._keep()

    @property
    def findings(self) -> int:
        """How many things are wrong with the folders; while there are any, the content is an older one."""
        return len(self._library.findings)

    def current(self) -> Catalog:
        """The newest content that was good."""
        return self._found_out(self._library.current)

    def written(self) -> Catalog:
        """The same as the files say it: an option that is `auto` is just that."""
        return self._library.current

    def revision(self) -> str:
        """Of the current content."""
        return self._library.current.revision

    def at(self, revision: str) -> Catalog:
        """The content of a revision."""
        return self._found_out(self._library.at(revision))

    def _found_out(self, catalog: Catalog) -> Catalog:
        """With the options that are `auto` as they were found out, or missing and told why."""
        if not any(system.detect for system in catalog.systems.values()):
            return catalog
        known = self._detected()
        cached = self._resolved.get(catalog.revision)
        if cached is None or cached[0] is not known:
            systems = {name: resolved(system, known) for name, system in catalog.systems.items()}
            cached = self._resolved[catalog.revision] = (known, replace(catalog, systems=systems))
            while len(self._resolved) > _RESOLVED:
                self._resolved.pop(next(iter(self._resolved)))
        return cached[1]

    def _detected(self) -> Mapping[Key, Found]:
        """Read anew every few seconds; while the database is away, what was known goes on."""
        moment = time.monotonic()
        if moment >= self._read_again_at:
            self._read_again_at = moment + _EVERY
            try:
                with self._database.read() as conn:
                    known = detections.every(conn)
            except Unavailable:
                return self._known
            if known != self._known:
                self._known = known
        return self._known

    def reload(self) -> None:
        """Read the files again; while they are wrong the last good ones stay, and the log and /readyz say so."""
        try:
            self._library.reload()
        except ContentErrors:
            self._tell()
            return
        self._keep()
        log.info("content.loaded", extra={"revision": self.revision()})

    def _tell(self) -> None:
        for finding in self._library.findings:
            log.error("content.wrong", extra={"finding": str(finding)})

    def _keep(self) -> None:
        catalog = self._library.current
        with self._database.begin() as conn:
            contents.keep(conn, revision=catalog.revision, files=catalog.files, now=self._now())


def _stored_files(database: Database, revision: str) -> dict[str, str] | None:
    with database.read() as conn:
        files = contents.files(conn, revision)
    return dict(files) if files is not None else None


def _latest_files(database: Database) -> dict[str, str] | None:
    with database.read() as conn:
        files = contents.latest(conn)
    return dict(files) if files is not None else None
