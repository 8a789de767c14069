"""What really happened at the hosts: an append-only log that tests count and people read."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from pydantic import BaseModel, ConfigDict, JsonValue


class Effect(BaseModel):
    """One change at one system, written by the system itself when it takes effect."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    system: str
    action: str
    target: str
    source: str
    idempotency_key: str | None = None
    detail: dict[str, JsonValue] = {}


class Effects:
    """Holds the log; `reset` is the only way anything leaves it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self._log: list[Effect] = []

    def record(
        self,
        system: str,
        action: str,
        *,
        target: str,
        source: str,
        idempotency_key: str | None = None,
        detail: dict[str, JsonValue] | None = None,
    ) -> None:
        """Append one effect, stamped with the world's clock."""
        effect = Effect(
            at=self._now().astimezone(UTC),
            system=system,
            action=action,
            target=target,
            source=source,
            idempotency_key=idempotency_key,
            detail=detail or {},
        )
        with self._lock:
            self._log.append(effect)

    def all(self) -> list[Effect]:
        """Every effect so far, oldest first."""
        with self._lock:
            return list(self._log)

    def reset(self) -> None:
        """Forget everything: the world begins again."""
        with self._lock:
            self._log.clear()
