"""Alerts, snapshots and a group of incidents to tell them to, for tests of the pure core."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from bot.core.event import Status
from bot.engine.alerts import Told
from bot.engine.fold import fold
from bot.engine.incident import Episode, Lead, Outcome, Snapshot
from bot.engine.route import Route

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
GROUP = "0" * 32


def minute(number: float) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=number)


def firing(
    fingerprint: str = "a",
    *,
    since: float = 0,
    seen: float | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Told:
    """An alert that fires since some minute; times are minutes after the start."""
    return Told(
        fingerprint=fingerprint,
        starts_at=minute(since),
        status=Status.FIRING,
        ends_at=None,
        seen_at=minute(since if seen is None else seen),
        labels=labels or {"alertname": "Drift", "severity": "warning"},
        annotations=annotations or {},
        generator_url="",
    )


def resolved(
    fingerprint: str = "a",
    *,
    since: float = 0,
    until: float,
    seen: float | None = None,
    labels: Mapping[str, str] | None = None,
) -> Told:
    """An alert that has ended."""
    told = firing(fingerprint, since=since, labels=labels)
    seen_at = minute(until if seen is None else seen)
    return replace(told, status=Status.RESOLVED, ends_at=minute(until), seen_at=seen_at)


def snapshot(*told: Told, truncated: int = 0, group: str = GROUP) -> Snapshot:
    """The alerts as one notification, received when the first of them was seen."""
    return Snapshot(
        group=group,
        received_at=told[0].seen_at,
        external_url="http://alertmanager.example:9093",
        truncated=truncated,
        told=told,
    )


def one_rule(told: Told) -> Lead:
    """All alerts lead to one runbook, split by tenant."""
    route = Route(
        system="stripemeter",
        event="stripemeter.reconciliation.drift",
        rule="stripemeter/stripemeter.reconciliation.drift/stripemeter/drift",
        runbook="stripemeter/drift",
        channel="#billing",
        severity=told.labels.get("severity", ""),
        split={"tenant": told.labels.get("tenant", "")},
    )
    return Lead(route=route, content="revision", title="Drift")


class Group:
    """The incidents of one group, kept as a database would keep them."""

    def __init__(self) -> None:
        self.episodes: dict[str, Episode] = {}
        self._numbers = count(1)

    def tell(self, told: Snapshot, *, now: datetime | None = None) -> list[Outcome]:
        outcomes = fold(
            list(self.episodes.values()),
            told,
            lead_of=one_rule,
            last_of=self._last,
            new_id=lambda: f"incident-{next(self._numbers)}",
            now=now or told.received_at,
        )
        for outcome in outcomes:
            self.episodes[outcome.after.incident.id] = outcome.after
        return outcomes

    @property
    def only(self) -> Episode:
        """The one incident there is."""
        (episode,) = self.episodes.values()
        return episode

    def standing(self) -> dict[tuple[str, int], Episode]:
        """The incidents by key and episode, without what depends on when and in which order they were told."""
        return {
            (episode.incident.key, episode.incident.episode): replace(
                episode,
                incident=replace(
                    episode.incident,
                    id="",
                    opened_at=START,
                    changed_at=START,
                    external_url="",
                    truncated=0,
                    first_severity=None,
                    reopenings=0,
                ),
            )
            for episode in self.episodes.values()
        }

    def _last(self, key: str) -> int:
        numbers = (episode.incident.episode for episode in self.episodes.values() if episode.incident.key == key)
        return max(numbers, default=0)
