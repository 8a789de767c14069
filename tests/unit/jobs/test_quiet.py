"""An incident of events alone is closed once no other one came for as long as its rule says."""

from datetime import timedelta

import pytest

from bot.core.event import OpsEvent
from bot.engine import ops_event
from bot.engine.catalog import Catalog
from bot.engine.incident import Lead, State
from bot.engine.origin import Origin
from bot.engine.route import route_event
from bot.jobs.timed.quiet import Quiet
from bot.store import incidents
from bot.store.database import Database
from tests.kit.trust import INCIDENT, REVISION, SYSTEM, Office


@pytest.mark.parametrize(
    ("after", "state"),
    [
        pytest.param(timedelta(minutes=59), State.FIRING, id="not-yet"),
        pytest.param(timedelta(minutes=60), State.RESOLVED, id="quiet"),
    ],
)
def test_what_is_quiet_is_closed(sqlite_database: Database, after: timedelta, state: State) -> None:
    office = Office(database=sqlite_database)
    files = office.contents(REVISION)
    catalog = Catalog(revision=REVISION, systems=files.systems, runbooks=files.runbooks, files={})
    event = OpsEvent(event="ledger.ops.dead", occurred_at=office.at)
    lead = Lead(route=route_event(event.event, {}, [SYSTEM], fallback="#x"), content=REVISION, title="Dead")
    sent = ops_event.sent(event, metadata={}, lead=lead, seen_at=office.at)
    with office.database.begin() as conn:
        incidents.save(conn, ops_event.opened_by(sent, incident_id=INCIDENT, number=1, now=office.at))
    quiet = Quiet(office.means, catalog=lambda: catalog)

    office.at += after
    quiet()
    quiet()

    with office.database.read() as conn:
        found = incidents.get(conn, INCIDENT)
    assert found is not None
    assert (found.origin, found.state) == (Origin.OPS_EVENTS, state)
    closed = state is State.RESOLVED
    assert [entry.actor for entry in office.audited("incident.closed")] == ["countersign"] * closed
    assert office.shown.incidents == [INCIDENT] * closed
