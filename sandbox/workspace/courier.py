"""Takes payloads to the bot, keeps the record of it, and repeats events as Slack does."""

import asyncio
import time
from collections.abc import Callable

from sandbox.workspace import payloads
from sandbox.workspace.calls import Delivery, Journal
from sandbox.workspace.delivery import Answer, Kind, Retry, Transport
from sandbox.workspace.faults import Faults
from sandbox.workspace.jsontype import JsonObject


class Courier:
    """`retry_after` are the pauses, in seconds, before an unanswered event is sent again."""

    def __init__(
        self,
        *,
        transport: Transport,
        faults: Faults,
        journal: Journal,
        now: Callable[[], float],
        new_id: Callable[[str], str],
        retry_after: tuple[float, ...],
    ) -> None:
        self._transport = transport
        self._faults = faults
        self._journal = journal
        self._now = now
        self._new_id = new_id
        self._retry_after = retry_after
        self._repeating: set[asyncio.Task[None]] = set()

    async def deliver(self, kind: Kind, payload: JsonObject, *, retry: Retry | None = None) -> Answer:
        """One delivery and its answer; nothing is delivered while the workspace is down."""
        began = time.monotonic()
        if self._faults.is_down():
            answer = Answer(error="workspace_down", reason="connection_failed")
        else:
            answer = await self._transport.send(kind, payload, retry=retry)
        record = Delivery(
            kind=_name(kind, payload),
            outcome=answer.error or "ok",
            attempt=0 if retry is None else retry.number,
            status=answer.status,
            seconds=time.monotonic() - began,
            at=self._now(),
        )
        self._journal.deliveries.append(record)
        return answer

    async def tell(self, inner: JsonObject) -> Answer:
        """Send an event; if it is not answered well it is repeated in the background, with the same event_id."""
        envelope = payloads.event(inner, event_id=self._new_id("Ev"), event_time=int(self._now()))
        answer = await self.deliver("events_api", envelope)
        if not answer.ok and not answer.no_retry:
            task = asyncio.create_task(self._repeat(envelope, answer))
            self._repeating.add(task)
            task.add_done_callback(self._repeating.discard)
        return answer

    async def stop(self) -> None:
        """Give up the repetitions that are still to come."""
        tasks = list(self._repeating)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _repeat(self, envelope: JsonObject, answer: Answer) -> None:
        for number, pause in enumerate(self._retry_after, start=1):
            await asyncio.sleep(pause)
            retry = Retry(number=number, reason=answer.reason)
            answer = await self.deliver("events_api", envelope, retry=retry)
            if answer.ok or answer.no_retry:
                return


def _name(kind: Kind, payload: JsonObject) -> str:
    match kind:
        case "interactive":
            return str(payload["type"])
        case "slash_commands":
            return str(payload["command"])
        case "events_api":
            return str(payload["event"]["type"])
