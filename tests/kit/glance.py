"""What the running bot's database says at a glance, read once every so often however many look at it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import select

from bot.store.tables import incidents
from tests.kit.scene import Scene

_EVERY = 0.4  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """An incident, as far as it is looked for."""

    id: str
    event: str
    runbook: str
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Incidents, newest first; the number of each one's latest diagnosis; what requests and executions stand at."""

    incidents: Sequence[Opened] = ()
    diagnosed: Mapping[str, int] = field(default_factory=dict)
    requests: Mapping[str, str] = field(default_factory=dict)
    executions: Mapping[str, str] = field(default_factory=dict)


class Glance:
    """Dozens of threads that each read the whole would take the bot's processor away from it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._lock = Lock()
        self._view = View()
        self._again_at = 0.0

    def now(self) -> View:
        """What is known, no older than a moment."""
        with self._lock:
            if time.monotonic() >= self._again_at:
                self._view = self._read()
                self._again_at = time.monotonic() + _EVERY
            return self._view

    def _read(self) -> View:
        rows = self._scene.rows
        of = incidents.c
        told = rows(select(of.id, of.event, of.runbook, of.labels).order_by(of.opened_at.desc()))
        finished = "select incident_id, max(number) from diagnoses where finished_at is not null group by incident_id"
        return View(
            incidents=[
                Opened(id=id_, event=event, runbook=runbook, labels=labels) for id_, event, runbook, labels in told
            ],
            diagnosed=dict(rows(finished)),
            requests=dict(rows("select id, state from requests")),
            executions=dict(rows("select request_id, state from executions")),
        )
