"""What commands ask of the rest of the bot."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from bot.core.evidence import Evidence
from bot.engine.stripe_objects import Lookup


class Inquiring(Protocol):
    """Asks one thing at once; see `bot.jobs.inquiry.Inquiry`. Takes seconds."""

    def question(
        self, *, system: str, runbook: str, question: str, given: Mapping[str, str], incident_id: str | None
    ) -> Evidence: ...

    def check(self, *, system: str, check: str) -> Evidence: ...

    def stripe(self, object_id: str, lookup: Lookup) -> Iterable[tuple[str, Evidence]]: ...
