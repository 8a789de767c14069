"""What else can be broken around the Worker, beside the e-mail: as data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sandbox.world.adventive.worker import ENDPOINT, Worker
from sandbox.world.breaks import Break
from sandbox.world.http import Obj, texts
from sandbox.world.ids import Ids
from sandbox.world.stripe import objects
from sandbox.world.stripe.books import Books
from sandbox.world.stripe.webhooks import Webhooks

_TYPE = "invoice.finalized"


class Count(BaseModel):
    """How many."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    count: int = Field(default=2, ge=1, le=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class AdventiveBreaks:
    """Each of them changes what Stripe or the Worker holds, as the real trouble would."""

    worker: Worker
    books: Books
    webhooks: Webhooks
    ids: Ids
    now: Callable[[], datetime]

    def all(self) -> Sequence[Break[Any]]:
        """In the order in which they are offered."""
        return (
            Break(
                id="refuse-webhooks",
                title="Refuse Stripe's webhooks",
                system="adventive",
                about="The Worker threw while Stripe delivered; it is well again, but the events are undelivered.",
                options=Count,
                begin=self._refuse_webhooks,
                is_running=lambda: bool(self._undelivered()),
            ),
        )

    def _refuse_webhooks(self, wanted: Count) -> Obj:
        endpoint = self.webhooks.endpoint(ENDPOINT)
        assert endpoint is not None  # the seed has it
        before = int(self.now().timestamp()) - 600
        made = [
            self.books.put(
                objects.event(id=self.ids.stripe("evt"), type=_TYPE, created=before - 60 * at, subject=each, pending=1)
            )
            for at, each in enumerate(self.books.all("invoice")[: wanted.count])
        ]
        ids = [str(event["id"]) for event in made]
        return {"endpoint": endpoint["id"], "event_id": ids[0], "event_ids": texts(ids), "type": _TYPE}

    def _undelivered(self) -> list[Obj]:
        return [event for event in self.books.all("event") if event["type"] == _TYPE and event["pending_webhooks"]]
