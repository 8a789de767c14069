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
class _Histogram:
    below: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))
    count: int = 0
    total: float = 0.0

    def add(self, value: float) -> None:
        self.below = [n + (value <= edge) for n, edge in zip(self.below, BUCKETS, strict=True)]
        self.count += 1
        self.total += value

    def lines(self, name: str, labels: Labels) -> Iterable[str]:
        for edge, below in zip(BUCKETS, self.below, strict=True):
            yield f"{name}_bucket{_braces((*labels, ('le', _number(edge))))} {below}"
        yield f"{name}_bucket{_braces((*labels, ('le', '+Inf')))} {self.count}"
        yield f"{name}_sum{_braces(labels)} {_number(self.total)}"
        yield f"{name}_count{_braces(labels)} {self.count}"


@dataclass(slots=True)
class _Family:
    kind: Kind
    values: dict[Labels, float] = field(default_factory=dict)
    histograms: dict[Labels, _Histogram] = field(default_factory=dict)


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
            self._family(name, "histogram").histograms.setdefault(_key(labels), _Histogram()).add(value)

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
                if not family.values and not family.histograms:
                    continue
                lines.append(f"# TYPE {name} {family.kind}")
                lines += [f"{name}{_braces(labels)} {_number(v)}" for labels, v in sorted(family.values.items())]
                for labels in sorted(family.histograms):
                    lines += family.histograms[labels].lines(name, labels)
        return "\n".join(lines) + "\n"

    def _family(self, name: str, kind: Kind) -> _Family:
        return self._families.setdefault(name, _Family(kind))


def _key(labels: dict[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
