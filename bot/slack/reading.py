"""What is read from the rows and files to say how an incident stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from sqlalchemy import Connection

from bot.core.egress import hiding, masked_field
from bot.core.errors import BadInput, CountersignError, ExpressionError
from bot.engine.alerts import Told, firing
from bot.engine.diagnose import seen
from bot.engine.incident import Incident
from bot.engine.origin import Origin
from bot.engine.request import Request
from bot.engine.runbook import Action, Runbook
from bot.engine.system import System
from bot.slack.text import unmarked
from bot.steps.step import Scope
from bot.store import diagnoses, incidents
from bot.store.diagnoses import Diagnosis


class Contents(Protocol):
    """The content files as they stood at one revision (a Catalog)."""

    @property
    def systems(self) -> Mapping[str, System]: ...

    @property
    def runbooks(self) -> Mapping[str, Runbook]: ...


ContentsOf = Callable[[str], Contents]
"""The content files by revision; raises one of our errors when that revision is not kept."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """An incident, what the files say about it (nothing, when their revision is not kept), and one diagnosis of it.

    `scope` is what the runbook's expressions and templates see once that diagnosis is in.
    """

    incident: Incident
    system: System | None
    runbook: Runbook | None
    diagnosis: Diagnosis | None
    scope: Scope = field(default_factory=dict)

    @cached_property
    def offered(self) -> Sequence[Action]:
        """The runbook's actions a person may ask for now; an undo is offered on the card of what it undoes."""
        actions = self.runbook.actions if self.runbook else ()
        return [action for action in actions if not action.is_undo_only and _is_offered(action, self.scope)]

    def label(self, action_id: str) -> str:
        """An action's label; its id when the files no longer have it."""
        action = self.runbook.action(action_id) if self.runbook else None
        return action.label if action else action_id


def incident(conn: Connection, incident_id: str) -> Incident:
    """An incident that is there. Raises BadInput when it is not."""
    found = incidents.get(conn, incident_id)
    if found is None:
        raise BadInput(f"there is no incident {incident_id}")
    return found


def alerts(conn: Connection, incident_id: str) -> Sequence[tuple[Told, bool]]:
    """The latest of each alert and whether it fires, by when it began; beside alerts, events of hosts are none.

    None of an incident that goes on may fire: then something done for it could not be verified.
    """
    of_incident = incidents.alerts_of(conn, incident_id)
    known = {identity: each for identity, each in of_incident.items() if each.source is not Origin.VERIFICATION}
    if any(each.source.fires for each in known.values()):
        known = {identity: each for identity, each in known.items() if each.source.fires}
    fire = firing(known)
    latest = {each.fingerprint: each for each in sorted(known.values(), key=lambda each: each.identity[::-1])}
    return [(each, each.identity in fire) for each in latest.values()]


def case(
    conn: Connection, incident_id: str, contents: ContentsOf, *, diagnosis: Diagnosis | None, content: str
) -> Case:
    """Gather it, with the files of revision `content`."""
    found = incident(conn, incident_id)
    files = _files(contents, content)
    system = files.systems.get(found.system) if files else None
    runbook = files.runbooks.get(found.runbook) if files else None
    scope: Scope = {}
    if system is not None and runbook is not None:
        evidence = diagnosis.evidence if diagnosis else {}
        scope = seen(diagnoses.subject(conn, incident_id), system=system, runbook=runbook, evidence=evidence).scope
    return Case(incident=found, system=system, runbook=runbook, diagnosis=diagnosis, scope=scope)


def told_apart(found: Sequence[Told]) -> dict[str, str]:
    """By fingerprint, what tells each alert from the others: its own sentence, else the labels they do not share."""
    hide = hiding(*(alert.labels for alert in found))
    sentences = {alert.fingerprint: sentence(alert, hide) for alert in found}
    if len(found) > 1 and all(sentences.values()) and len({*sentences.values()}) == len(sentences):
        return sentences
    shared = set.intersection(*({*alert.labels.items()} for alert in found)) if found else set()
    told = {}
    for alert in found:
        unshared = [(name, value) for name, value in sorted(alert.labels.items()) if (name, value) not in shared]
        own = [f"{name}={masked_field(name, value)}" for name, value in unshared]
        told[alert.fingerprint] = (
            ", ".join(own) or sentences[alert.fingerprint] or alert.labels.get("alertname", alert.fingerprint)
        )
    return told


def sentence(alert: Told, hide: Callable[[str], str]) -> str:
    """What an alert says of itself; `hide` takes out what is private in the labels of any."""
    return unmarked(hide(alert.annotations.get("summary") or alert.annotations.get("description") or ""))


def label(contents: ContentsOf, request: Request) -> str:
    """What a request asks for, as the files of its revision call it."""
    files = _files(contents, request.content)
    runbook = files.runbooks.get(request.runbook) if files else None
    action = runbook.action(request.action) if runbook else None
    return action.label if action else request.action


def system_title(contents: ContentsOf, revision: str, name: str) -> str:
    """A system's name as people write it."""
    files = _files(contents, revision)
    system = files.systems.get(name) if files else None
    return system.title if system else name


def _files(contents: ContentsOf, revision: str) -> Contents | None:
    try:
        return contents(revision)
    except (CountersignError, LookupError):
        return None


def _is_offered(action: Action, scope: Scope) -> bool:
    if action.when is None:
        return True
    try:
        return action.when.holds(scope)
    except ExpressionError:
        return False  # it is about evidence that is not there: nobody can say that it may be offered
