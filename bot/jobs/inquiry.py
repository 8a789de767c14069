"""Asks one thing for somebody who waits: a question of a runbook, or an object at Stripe. Nothing is written."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.core.errors import BadInput, NotConnected
from bot.core.evidence import Evidence
from bot.engine.diagnose import Subject, seen
from bot.engine.naming import read_by
from bot.engine.runbook import Question
from bot.engine.stripe_objects import Lookup
from bot.engine.system import StripeResource, System
from bot.jobs.means import Means
from bot.store import diagnoses

_STRIPE_WAITS = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inquiry:
    """Implements `bot.slack.commands.ports.Inquiring`, by the content files in use now."""

    means: Means
    revision: Callable[[], str]

    def question(
        self, *, system: str, runbook: str, question: str, given: Mapping[str, str], incident_id: str | None
    ) -> Evidence:
        """The answer to one question, and so to those it builds on. Raises BadInput when there is no such question."""
        catalog = self.means.contents(self.revision())
        of, book = catalog.systems.get(system), catalog.runbooks.get(runbook)
        asked = next((each for each in book.diagnose if each.id == question), None) if book else None
        if of is None or book is None or asked is None:
            raise BadInput(f"there is no question {runbook}/{question}")
        subject = self._subject(system, runbook, given, incident_id)
        found = self.means.asker.ask(
            (*read_by(asked, book), asked),
            resources=self.means.resources(of),
            see=lambda evidence: seen(subject, system=of, runbook=book, evidence=evidence),
        )
        return found[question].evidence

    def check(self, *, system: str, check: str) -> Evidence:
        """The answer to a scheduled check, asked now and not kept. Raises BadInput when there is none of this name."""
        of = self.means.contents(self.revision()).systems.get(system)
        found = next((each for each in of.checks if each.id == check), None) if of else None
        if of is None or found is None:
            raise BadInput(f"there is no check {system}/{check}")
        question = Question(id="check", sql=found.sql, http=found.http, stripe=found.stripe, timeout=found.timeout)
        now = self.means.now()
        scope = {"option": of.options, "fired_at": now, "now": now}
        return self.means.asker((question,), resources=self.means.resources(of), scope=scope)["check"]

    def stripe(self, object_id: str, lookup: Lookup) -> Iterator[tuple[str, Evidence]]:
        """By title of a system, what its Stripe account knows of the object; each account is asked once."""
        asked: set[tuple[str, str | None]] = set()
        catalog = self.means.contents(self.revision())
        for system in catalog.systems.values():
            for name, resource in system.resources.items():
                account = (resource.stripe, resource.version) if isinstance(resource, StripeResource) else None
                if account is None or account in asked:
                    continue
                asked.add(account)
                evidence = self._at_stripe(system, name, object_id, lookup)
                if evidence is not None:
                    yield system.title, evidence

    def _at_stripe(self, system: System, resource: str, object_id: str, lookup: Lookup) -> Evidence | None:
        """None where the account is not connected."""
        try:
            self.means.resources(system).stripe_read(resource)
        except NotConnected:
            return None
        ask = lookup.ask.model_copy(update={"at": resource})
        question = Question(id="object", stripe=ask, timeout=_STRIPE_WAITS)
        found = self.means.asker(
            (question,), resources=self.means.resources(system), scope={"params": {"id": object_id}}
        )
        return found["object"]

    def _subject(self, system: str, runbook: str, given: Mapping[str, str], incident_id: str | None) -> Subject:
        if incident_id is not None:
            with self.means.database.read() as conn:
                subject = diagnoses.subject(conn, incident_id)
            return replace(subject, given={**subject.given, **given})
        now = self.means.now()
        return Subject(
            id="",
            event="",
            system=system,
            runbook=runbook,
            severity="info",
            state="firing",
            starts_at=now,
            opened_at=now,
            labels={},
            annotations={},
            given=given,
        )
