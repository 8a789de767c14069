"""An alert whose end Alertmanager could not deliver is resolved once it has been gone for long enough."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.core.errors import Unavailable
from bot.jobs.incidents.lost import Lost
from bot.store.database import Database
from tests.kit.ingest import START, Ingest, recorded


@dataclass
class FakeAlertmanager:
    """Has these alerts since that moment; `is_away` makes it say nothing."""

    has: set[str] = field(default_factory=set)
    began: datetime = START - timedelta(days=1)
    is_away: bool = False

    def silenced(self, fingerprints: frozenset[str], *, timeout: float) -> Mapping[str, bool]:
        if self.is_away:
            raise Unavailable("Alertmanager", "no answer")
        return dict.fromkeys(fingerprints & self.has, False)

    def since(self, *, timeout: float) -> datetime:
        return self.began


@pytest.fixture
def ingest(sqlite_database: Database) -> Ingest:
    made = Ingest(sqlite_database)
    made.receive("tenants_firing")
    return made


def fingerprints() -> list[str]:
    return [each["fingerprint"] for each in recorded("tenants_firing")["alerts"]]


def look(ingest: Ingest, lost: Lost, *, minutes: int) -> int:
    """Every minute for so long; how many ends were told."""
    told = 0
    for _ in range(minutes):
        told += lost()
        ingest.drain()
        ingest.clock.pass_(minutes=1)
    return told


def states(ingest: Ingest) -> list[str]:
    return [row.state for row in ingest.incidents()]


def test_what_alertmanager_no_longer_has_is_resolved_in_its_own_incident_once(ingest: Ingest) -> None:
    gone, stays = fingerprints()
    lost = Lost(database=ingest.database, alertmanager=FakeAlertmanager(has={stays}), now=ingest.clock)

    early = look(ingest, lost, minutes=5)
    told = look(ingest, lost, minutes=10)

    assert (early, told) == (0, 1)
    assert sorted(states(ingest)) == ["firing", "resolved"]
    assert ingest.audited().count("incident.resolved") == 1
    resolved = next(row for row in ingest.incidents() if row.state == "resolved")
    ended = [row.fingerprint for row in ingest.alerts() if row.incident_id == resolved.id]
    assert ended == [gone]


def test_a_resolve_that_comes_after_all_changes_nothing(ingest: Ingest) -> None:
    lost = Lost(database=ingest.database, alertmanager=FakeAlertmanager(), now=ingest.clock)
    look(ingest, lost, minutes=8)

    ingest.receive("tenants_resolved")

    assert states(ingest) == ["resolved", "resolved"]
    assert ingest.audited().count("incident.resolved") == 2


def test_one_that_is_away_for_a_look_only_is_no_lost_one(ingest: Ingest) -> None:
    alertmanager = FakeAlertmanager()
    lost = Lost(database=ingest.database, alertmanager=alertmanager, now=ingest.clock)
    look(ingest, lost, minutes=4)
    alertmanager.has = set(fingerprints())
    look(ingest, lost, minutes=1)
    alertmanager.has = set()

    assert look(ingest, lost, minutes=4) == 0
    assert states(ingest) == ["firing", "firing"]


def test_one_that_was_started_a_moment_ago_has_heard_nothing_yet(ingest: Ingest) -> None:
    alertmanager = FakeAlertmanager(began=START)
    lost = Lost(database=ingest.database, alertmanager=alertmanager, now=ingest.clock)

    assert look(ingest, lost, minutes=10) == 0


def test_one_that_does_not_answer_says_nothing(ingest: Ingest) -> None:
    alertmanager = FakeAlertmanager()
    lost = Lost(database=ingest.database, alertmanager=alertmanager, now=ingest.clock)
    look(ingest, lost, minutes=4)
    alertmanager.is_away = True

    with pytest.raises(Unavailable):
        lost()
    assert states(ingest) == ["firing", "firing"]


def test_where_no_alertmanager_is_configured_nothing_is_asked(ingest: Ingest) -> None:
    assert Lost(database=ingest.database, alertmanager=None, now=ingest.clock)() == 0
