"""Troubles that last a while and then end by themselves, as data: what each does at every beat of the world."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from pydantic import BaseModel, ConfigDict, Field


class Lasting(BaseModel):
    """How long it goes on."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    seconds: float = Field(default=120.0, gt=0, le=3600)


class Outbreaks:
    """Which troubles are on and until when; the world's heartbeat calls `work`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self._until: dict[str, datetime] = {}
        self._effects: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {}

    def add(self, name: str, *, beat: Callable[[], None], end: Callable[[], None] = lambda: None) -> None:
        """What this trouble does at each beat, and what ends with it."""
        self._effects[name] = (beat, end)

    def start(self, name: str, *, seconds: float) -> None:
        """Switch one on, or make it last longer."""
        with self._lock:
            self._until[name] = self._now() + timedelta(seconds=seconds)
        self._effects[name][0]()

    def stop(self, name: str) -> None:
        """End one before its time."""
        with self._lock:
            was_on = self._until.pop(name, None) is not None
        if was_on:
            self._effects[name][1]()

    def is_on(self, name: str) -> bool:
        """Whether this trouble is there."""
        with self._lock:
            return name in self._until

    def work(self) -> None:
        """One beat."""
        with self._lock:
            on = dict(self._until)
        for name, until in on.items():
            if self._now() >= until:
                self.stop(name)
            else:
                self._effects[name][0]()

    def reset(self) -> None:
        """Everything off, with nothing done about it: the world begins again."""
        with self._lock:
            self._until.clear()
