"""Dead-letter some webhooks: rows, jobs with their errors, the matching Stripe events, and the counter."""

# ruff: noqa: A002 - `type` is the column's name

import json
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from sandbox.world.accrue import seed
from sandbox.world.accrue.dlq import MAX_ATTEMPTS, QUEUE, WORKER
from sandbox.world.accrue.host import DEAD_LETTERED, DEAD_LETTERED_EVENT, AccrueHost
from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.stripe import objects
from sandbox.world.stripe.books import Books


class Options(BaseModel):
    """How many, and of which type."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    count: int = Field(default=3, ge=1, le=500)
    type: str = "customer.subscription.updated"


@dataclass(frozen=True, slots=True)
class DeadLetterWebhooks:
    """The handler fails on a subscription shape it does not know until Oban gives up."""

    host: AccrueHost
    books: Books
    ids: Ids
    killed: set[str] = field(default_factory=set)

    id = "dead-letter-webhooks"
    title = "Dead-letter three webhooks"
    system = "accrue"
    about = "Three Stripe webhooks fail in the host's handler until Oban gives up; each lands in the dead-letter queue."

    def running(self) -> bool:
        """While any of these is dead."""
        with self.host.engine.connect() as connection:
            return connection.execute(_DEAD, {"ids": [*self.killed]}).first() is not None

    def start(self, params: Obj) -> Obj:
        """Add that many more dead letters, every time."""
        wanted = Options.model_validate(params)
        subscriptions = self.books.all("subscription")
        letters = [self._letter(self.ids.random.choice(subscriptions), wanted.type) for _ in range(wanted.count)]
        self.killed.update(str(row["id"]) for row in letters)
        # Counted after the rows are there: whoever reacts to the alert finds them.
        self.host.meters.inc(DEAD_LETTERED, wanted.count)
        for row in letters:
            told = {"event_id": row["id"], "processor_event_id": row["evt"], "type": wanted.type}
            self.host.forward(DEAD_LETTERED_EVENT, {**told, "attempt": MAX_ATTEMPTS})
        return {
            "event_ids": [row["id"] for row in letters],
            "processor_event_ids": [row["evt"] for row in letters],
            "type": wanted.type,
        }

    def _letter(self, subject: Obj, type: str) -> Obj:
        now = self.host.now()
        received = now - timedelta(minutes=4)
        evt = self.ids.stripe("evt")
        created = int(received.replace(tzinfo=UTC).timestamp())
        self.books.put(objects.event(id=evt, type=type, created=created, subject=subject))
        row = seed.webhook_row(self.ids, evt=evt, type=type, subject=subject, status="dead", at=received, updated=now)
        customer = self.books.get("customer", str(subject["customer"]))
        # Errors quote what the handler held, as real ones do: the reader must mask the address in it.
        address = customer["email"] if customer else None
        error = f"** (FunctionClauseError) no function clause matching in Host.Tiers.upgrade/2 for {address}"
        failure = json.dumps({"at": now.isoformat(), "attempt": MAX_ATTEMPTS, "error": error})
        job = {
            "state": "discarded", "queue": QUEUE, "worker": WORKER, "errors": [failure], "attempt": MAX_ATTEMPTS,
            "max": MAX_ATTEMPTS, "args": json.dumps({"webhook_event_id": row["id"]}), "at": received, "done": now,
        }  # fmt: skip
        with self.host.engine.begin() as connection:
            connection.execute(seed.WEBHOOK, {**row, "raw": str(row["raw"]).encode()})
            connection.execute(seed.JOB, job)
        return row


_DEAD = text("select 1 from accrue_webhook_events where status = 'dead' and id = any(cast(:ids as uuid[])) limit 1")
