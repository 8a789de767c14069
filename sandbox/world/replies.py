"""Stored replies: a POST repeated under one Idempotency-Key is answered from here, never done twice."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import TypeAlias, assert_never

from sandbox.world.http import Answer, Call, Work


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


def fingerprint(call: Call) -> str:
    """What must be the same when a key is used again: the path and the body."""
    return hashlib.sha256(f"{call.path}\n".encode() + call.body).hexdigest()


def once_by_key(replies: Replies, work: Work) -> Work:
    """Under an `Idempotency-Key` header the work is done once and its reply kept; without one it is just done."""

    def kept(call: Call) -> Answer:
        key = call.headers.get("idempotency-key")
        if key is None:
            return work(call)
        outcome = replies.once(key, fingerprint(call), lambda: work(call))
        match outcome:
            case Done(answer=answer):
                return answer
            case Replayed(answer=answer):
                return replace(answer, headers={**answer.headers, "idempotent-replayed": "true"})
            case OtherParameters():
                return Answer(status=422, json={"error": "idempotency_key_reused"})
            case InProgress():
                return Answer(status=409, json={"error": "in_progress"})
            case _:
                assert_never(outcome)

    return kept
