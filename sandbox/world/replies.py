"""Stored replies: a POST repeated under one Idempotency-Key is answered from here, never done twice."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

from sandbox.world.http import Answer


@dataclass(frozen=True, slots=True)
class Done:
    """The work was done by this very call."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Replayed:
    """The work was done before; this is the answer it got then."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class OtherParameters:
    """The key was used with other parameters: refused."""


@dataclass(frozen=True, slots=True)
class InProgress:
    """Another call with this key is still at work."""


Outcome: TypeAlias = Done | Replayed | OtherParameters | InProgress


@dataclass(frozen=True, slots=True)
class _Stored:
    fingerprint: str
    answer: Answer | None


class Replies:
    """Remembers answers by key for the life of the world."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stored: dict[str, _Stored] = {}

    def once(self, key: str, fingerprint: str, work: Callable[[], Answer]) -> Outcome:
        """Do the work unless this key has been seen. Work that raises is not remembered."""
        with self._lock:
            seen = self._stored.get(key)
            if seen is None:
                self._stored[key] = _Stored(fingerprint, None)
        if seen is not None:
            return _judge(seen, fingerprint)
        try:
            answer = work()
        except BaseException:
            with self._lock:
                self._stored.pop(key, None)
            raise
        with self._lock:
            self._stored[key] = _Stored(fingerprint, answer)
        return Done(answer)

    def find(self, key: str) -> Answer | None:
        """The answer stored under a key, if its work is done."""
        with self._lock:
            seen = self._stored.get(key)
        return seen.answer if seen else None

    def reset(self) -> None:
        """Forget every key."""
        with self._lock:
            self._stored.clear()


def _judge(seen: _Stored, fingerprint: str) -> Outcome:
    if seen.fingerprint != fingerprint:
        return OtherParameters()
    return InProgress() if seen.answer is None else Replayed(seen.answer)
