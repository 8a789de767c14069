"""Who is called when an incident becomes worse, fires again, or an action did not help; once for each."""

from collections.abc import Iterator

from sqlalchemy import Connection

from bot.engine import execution as executing
from bot.engine.incident import Incident, State
from bot.engine.severity import is_worse
from bot.engine.system import System
from bot.slack.life_views import Call, CallView
from bot.slack.reading import Case
from bot.store import attention, executions, requests

_OFTEN = 3  # times that it fires again and people are called; after that it is only said


def calls(conn: Connection, case: Case) -> Iterator[tuple[str, CallView]]:
    """What there is to say, each under the subject that keeps it from being said twice."""
    incident = case.incident
    yield from _unproven(conn, case)
    if incident.state is not State.FIRING:
        return
    if incident.first_severity is not None and is_worse(incident.severity, than=incident.first_severity):
        told = CallView(
            call=Call.WORSE,
            title=incident.title,
            severity=incident.severity,
            was=incident.first_severity,
            people=(*_owner(incident), *on_call(case.system)),
        )
        yield f"worse:{incident.id}:{incident.severity}", told
    if incident.reopenings and incident.acknowledged_by is None:
        before = attention.last_acknowledged(conn, incident.id)
        people = (before,) if before else on_call(case.system)
        told = CallView(
            call=Call.AGAIN,
            title=incident.title,
            severity=incident.severity,
            times=incident.reopenings,
            people=people if incident.reopenings <= _OFTEN else (),
        )
        yield f"again:{incident.id}:{incident.reopenings}", told


def is_for_all(subject: str) -> bool:
    """Whether the channel is to see it beside the thread: that something has become critical."""
    kind, _, rest = subject.partition(":")
    return kind == "worse" and rest.rpartition(":")[2].lower() == "critical"


def _unproven(conn: Connection, case: Case) -> Iterator[tuple[str, CallView]]:
    """What was carried out and did not come true opens the incident again for people, even if its alert is silent."""
    for request in requests.of_incident(conn, case.incident.id):
        done = executions.get(conn, request.id)
        if done is None or done.state is not executing.State.NOT_VERIFIED:
            continue
        told = CallView(
            call=Call.UNPROVEN,
            title=case.label(request.action),
            severity=case.incident.severity,
            people=on_call(case.system),
        )
        yield f"unproven:{request.id}", told


def on_call(system: System | None) -> tuple[str, ...]:
    """The first group of approvers that is a usergroup of the workspace, else the people of the first group."""
    groups = list(system.approvers.values()) if system else []
    usergroup = next((group.usergroup for group in groups if group.usergroup), None)
    return (usergroup,) if usergroup else groups[0].users if groups else ()


def _owner(incident: Incident) -> tuple[str, ...]:
    return (incident.acknowledged_by,) if incident.acknowledged_by else ()
