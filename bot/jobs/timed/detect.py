"""Finds out options that are `auto`, and compares the others: at start, every hour, soon again while not known."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from bot.core.egress import mask
from bot.core.errors import CountersignError, NotConnected
from bot.core.ports import Resources
from bot.engine.catalog import Catalog
from bot.engine.detection import AUTO, Detection, Option
from bot.engine.system import System
from bot.steps import HttpSend
from bot.steps.step import Call
from bot.store import detections
from bot.store.database import Database
from bot.store.detections import key_of
from bot.store.work import Clock

log = logging.getLogger(__name__)

_TIMEOUT = 10.0  # seconds
_KNOWN = timedelta(hours=1)
_UNKNOWN = timedelta(seconds=30)
_LOOK_EVERY = 5.0  # seconds


class Detector:
    """Call it every few seconds, in every replica. Two that ask at once do no harm: they only read."""

    def __init__(
        self,
        *,
        database: Database,
        catalog: Callable[[], Catalog],
        resources: Callable[[System], Resources],
        now: Clock,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._resources = resources
        self._now = now
        self._look_at = 0.0

    def __call__(self) -> None:
        """Ask what is not known, or was asked too long ago."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_EVERY
        due = [
            (system, option)
            for system in self._catalog().systems.values()
            for option in system.detect
            if _is_asked(system, option)
        ]
        if not due:
            return
        now = self._now()
        with self._database.read() as conn:
            known = detections.every(conn)
        for system, option in due:
            found = known.get(key_of(system, option))
            pause = _KNOWN if found and found.error is None else _UNKNOWN
            if found is None or now - found.asked_at >= pause:
                self._find(system, option)

    def _find(self, system: System, option: str) -> None:
        key, detection, written = key_of(system, option), system.detect[option], system.options[option]
        named = f"{system.system}.{option}"
        try:
            value = self._asked(system, detection)
        except CountersignError as error:
            if not isinstance(error, NotConnected):  # whoever does not use a system need not read of it
                log.warning("detect.not_known", extra={"option": named, "error": mask(str(error))})
            with self._database.begin() as conn:
                detections.not_found(conn, key, mask(str(error)), self._now())
            return
        with self._database.begin() as conn:
            detections.found(conn, key, value, self._now())
        log.info("detect.known", extra={"option": named, "value": str(value)[:60]})
        if written not in {AUTO, value}:
            log.warning("detect.differs", extra={"option": named, "file": str(written)[:60], "found": str(value)[:60]})

    def _asked(self, system: System, detection: Detection) -> Option:
        said = {name: value for name, value in system.options.items() if isinstance(value, str | int | float | bool)}
        scope = {"option": {name: value for name, value in said.items() if value != AUTO}}
        call = Call(resources=self._resources(system), scope=scope, timeout=_TIMEOUT, now=self._now())
        return detection.read(detection.ask(call), scope)


def _is_asked(system: System, option: str) -> bool:
    """One that is written down is compared with what is so, but nothing is sent for that, however harmless."""
    if option not in system.options:
        return False
    return system.options[option] == AUTO or not isinstance(system.detect[option].step, HttpSend)
