"""Everything the database holds about one incident, gathered in one read transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.errors import BadInput
from bot.engine.alerts import Told
from bot.engine.approval import Vote
from bot.engine.checklist import Ticks
from bot.engine.execution import DeedDone, Execution
from bot.engine.incident import Incident
from bot.engine.request import Request
from bot.engine.resumption import Resumption
from bot.store import (
    audit,
    contents,
    deliveries,
    diagnoses,
    executions,
    incidents,
    requests,
    resumptions,
    reviews,
    ticks,
)
from bot.store.audit import Entry, Verdict
from bot.store.deliveries import Delivery
from bot.store.diagnoses import Diagnosis
from bot.store.reviews import Review


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request with what became of it."""

    request: Request
    votes: Sequence[Vote]
    review: Review | None
    execution: Execution | None
    deeds: Sequence[DeedDone]
    resumptions: Sequence[tuple[Resumption, Sequence[Vote]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """One incident's rows. `deliveries` is by number, for every delivery the audit names; None where it is gone.

    `files` holds the content files by revision, for every revision that the incident went through.
    """

    incident: Incident
    alerts: Sequence[Told]
    deliveries: Mapping[int, Delivery | None]
    diagnoses: Sequence[Diagnosis]
    requests: Sequence[Asked]
    ticks: Ticks
    entries: Sequence[Entry]
    chain: Verdict
    files: Mapping[str, Mapping[str, str]]


def gather(conn: Connection, incident_id: str) -> Rows:
    """Read it all. Raises BadInput when there is no such incident."""
    incident = incidents.get(conn, incident_id)
    if incident is None:
        raise BadInput(f"there is no incident {incident_id!r}; `countersign audit incidents` lists them")
    found = [diagnoses.get(conn, incident_id, number) for number in range(1, incident.diagnoses + 1)]
    asked = [_asked(conn, request) for request in requests.of_incident(conn, incident_id)]
    entries = audit.export(conn, incident_id)
    made_of = [each for each in found if each is not None]
    revisions = {incident.content, *(each.content for each in made_of), *(each.request.content for each in asked)}
    return Rows(
        incident=incident,
        alerts=sorted(
            incidents.alerts_of(conn, incident_id).values(), key=lambda each: (each.starts_at, each.fingerprint)
        ),
        deliveries={number: deliveries.kept(conn, number) for number in _delivered(entries)},
        diagnoses=made_of,
        requests=asked,
        ticks=ticks.of_incident(conn, incident_id),
        entries=entries,
        chain=audit.verify(conn),
        files={revision: contents.files(conn, revision) or {} for revision in sorted(revisions)},
    )


def _asked(conn: Connection, request: Request) -> Asked:
    return Asked(
        request=request,
        votes=requests.votes_of(conn, request.id),
        review=reviews.of(conn, request.id),
        execution=executions.get(conn, request.id),
        deeds=executions.deeds_of(conn, request.id),
        resumptions=[(each, resumptions.votes_on(conn, each)) for each in resumptions.of(conn, request.id)],
    )


def _delivered(entries: Sequence[Entry]) -> list[int]:
    numbers = [entry.content.get("delivery") for entry in entries]
    return sorted({number for number in numbers if isinstance(number, int)})
