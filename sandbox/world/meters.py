"""Metrics in Prometheus text, under exactly the names a host uses.

prometheus_client adds `_total` to counters and creates series at zero; these hosts do neither.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal, TypeAlias

Labels: TypeAlias = tuple[tuple[str, str], ...]
Kind: TypeAlias = Literal["counter", "gauge", "histogram"]

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(slots=True)
class _Family:
    kind: Kind
    values: dict[Labels, float] = field(default_factory=dict)
    observed: dict[Labels, list[float]] = field(default_factory=dict)


class Meters:
    """A registry whose series exist from their first event on."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._families: dict[str, _Family] = {}

    def inc(self, name: str, by: float = 1, /, **labels: str) -> None:
        """Count an event."""
        with self._lock:
            values = self._family(name, "counter").values
            values[_key(labels)] = values.get(_key(labels), 0) + by

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._family(name, "gauge").values[_key(labels)] = value

    def drop(self, name: str, /, **labels: str) -> None:
        """End one series."""
        with self._lock:
            self._family(name, "gauge").values.pop(_key(labels), None)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Add one observation to a histogram."""
        with self._lock:
            self._family(name, "histogram").observed.setdefault(_key(labels), []).append(value)

    def value(self, name: str, /, **labels: str) -> float | None:
        """The present value of one counter or gauge; None before its first event."""
        with self._lock:
            family = self._families.get(name)
            return family.values.get(_key(labels)) if family else None

    def reset(self) -> None:
        """Lose everything, as a restarted process does."""
        with self._lock:
            self._families.clear()

    def text(self) -> str:
        """The exposition format 0.0.4."""
        with self._lock:
            lines: list[str] = []
            for name, family in sorted(self._families.items()):
                if not family.values and not family.observed:
                    continue
                lines.append(f"# TYPE {name} {family.kind}")
                lines += [f"{name}{_braces(labels)} {_number(v)}" for labels, v in sorted(family.values.items())]
                for labels, seen in sorted(family.observed.items()):
                    lines += _histogram(name, labels, seen)
        return "\n".join(lines) + "\n"

    def _family(self, name: str, kind: Kind) -> _Family:
        return self._families.setdefault(name, _Family(kind))


def _key(labels: dict[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _histogram(name: str, labels: Labels, seen: list[float]) -> Iterable[str]:
    for edge in BUCKETS:
        below = sum(1 for value in seen if value <= edge)
        yield f"{name}_bucket{_braces((*labels, ('le', _number(edge))))} {below}"
    yield f"{name}_bucket{_braces((*labels, ('le', '+Inf')))} {len(seen)}"
    yield f"{name}_sum{_braces(labels)} {_number(sum(seen))}"
    yield f"{name}_count{_braces(labels)} {len(seen)}"


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
