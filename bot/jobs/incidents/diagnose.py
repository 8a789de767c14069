"""The job that answers a runbook's questions and says what they mean."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bot.core.errors import ContentError, ContentErrors
from bot.core.evidence import Failure
from bot.core.ports import Resources
from bot.desk.opening import close_incident
from bot.engine.conclude import Conclusions, conclude
from bot.engine.diagnose import Subject, seen
from bot.engine.incident import Episode, Incident
from bot.engine.opening import is_calm
from bot.engine.origin import Origin
from bot.engine.system import System
from bot.engine.unproven import is_doubted
from bot.jobs.incidents.asking import Asker
from bot.jobs.means import Contents
from bot.store import audit, diagnoses, incidents
from bot.store.database import Database
from bot.store.diagnoses import Asked
from bot.store.work import Clock, Show

Done = Callable[[str, float, Mapping[str, int]], None]
"""Is told of a finished diagnosis: of which system, how long it took, how its questions ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    asked: Mapping[str, Asked] = field(default_factory=dict)
    conclusions: Conclusions = field(default_factory=Conclusions)
    error: str | None = None


class Diagnoser:
    """Carries out ordered diagnoses. `contents` gives the files of a revision, `resources` a system's clients."""

    def __init__(
        self,
        *,
        database: Database,
        contents: Callable[[str], Contents],
        resources: Callable[[System], Resources],
        asker: Asker,
        show: Show,
        now: Clock,
        done: Done = lambda *_: None,
    ) -> None:
        self._done = done
        self._database = database
        self._contents = contents
        self._resources = resources
        self._asker = asker
        self._show = show
        self._now = now

    def diagnose(self, incident_id: str, number: str) -> None:
        """Ask, conclude and record, in one transaction at the end. A finished diagnosis is left as it is."""
        began_at = self._now()
        with self._database.begin() as conn:
            ordered = diagnoses.begin(conn, incident_id, int(number), now=began_at)
            if ordered is None:
                return
            subject = diagnoses.subject(conn, incident_id)
        found = self._found(subject, ordered.content)
        with self._database.begin() as conn:
            finished_at = self._now()
            incident = incidents.locked(conn, incident_id)
            is_ours = diagnoses.finish(
                conn,
                incident_id=incident_id,
                number=ordered.number,
                finished_at=finished_at,
                asked=found.asked,
                conclusions=found.conclusions,
                error=found.error,
            )
            if incident is None or not is_ours:
                return
            audit.append(
                conn,
                kind="diagnosis.finished",
                actor="countersign",
                now=finished_at,
                incident_id=incident_id,
                data={
                    **_noted(ordered.number, ordered.content, found),
                    "answers": diagnoses.digests(conn, incident_id, ordered.number),
                },
            )
            self._close_calm(conn, incident, found, finished_at)
            self._show.diagnosis(conn, incident_id, ordered.number, finished_at)
        self._done(subject.system, max(0.0, (finished_at - began_at).total_seconds()), _outcomes(found))

    def _close_calm(self, conn: Connection, incident: Incident, found: _Found, now: datetime) -> None:
        """A digest that found nothing to look at is over with that."""
        if incident.origin is not Origin.SCHEDULE or found.error is not None:
            return
        failed = sum(
            isinstance(each.evidence, Failure) and not each.evidence.is_unneeded for each in found.asked.values()
        )
        episode = Episode(incident=incident, alerts=incidents.alerts_of(conn, incident.id))
        is_over = is_calm(found.conclusions, failed=failed) and not is_doubted(episode.alerts)
        if episode.is_open and is_over:
            close_incident(conn, episode, by=audit.OURSELVES, now=now, why="it found nothing to look at")

    def _found(self, subject: Subject, content: str) -> _Found:
        try:
            catalog = self._contents(content)
        except (ContentError, ContentErrors) as error:
            return _Found(error=f"the content files of this incident cannot be read: {error}")
        system, runbook = catalog.systems.get(subject.system), catalog.runbooks.get(subject.runbook)
        if system is None or runbook is None:
            return _Found(error=f"the content files have no runbook {subject.runbook} for {subject.system}")
        asked = self._asker.ask(
            runbook.diagnose,
            resources=self._resources(system),
            see=lambda evidence: seen(subject, system=system, runbook=runbook, evidence=evidence),
        )
        evidence = {question: each.evidence for question, each in asked.items()}
        scope = seen(subject, system=system, runbook=runbook, evidence=evidence).scope
        return _Found(asked=asked, conclusions=conclude(runbook.conclude, scope=scope, evidence=evidence))


def _outcomes(found: _Found) -> Mapping[str, int]:
    """How many questions ended how."""
    ended = (each.evidence for each in found.asked.values())
    return Counter(each.reason.value if isinstance(each, Failure) else "answered" for each in ended)


def _noted(number: int, content: str, found: _Found) -> Mapping[str, str | int | None]:
    failed = sum(isinstance(each.evidence, Failure) for each in found.asked.values())
    return {
        "number": number,
        "content": content,
        "asked": len(found.asked),
        "failed": failed,
        "held": len(found.conclusions.held),
        "error": found.error,
    }
