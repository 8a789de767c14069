"""Webhooks of the fake Stripe: who stands behind an endpoint, and sending one event there again."""

# ruff: noqa: A002 - the parameters are Stripe's own words

from collections.abc import Callable

from sandbox.world.effects import Effects
from sandbox.world.http import Answer, Obj
from sandbox.world.stripe import errors
from sandbox.world.stripe.books import Books

Receiver = Callable[[Obj], bool]
"""Takes one event; False when the endpoint answers anything but 2xx."""


class Webhooks:
    """The endpoints and what is behind them. An endpoint that nobody connected takes everything."""

    def __init__(self, *, books: Books, effects: Effects) -> None:
        self._books = books
        self._effects = effects
        self._receivers: dict[str, Receiver] = {}

    def connect(self, url: str, receive: Receiver) -> None:
        """Let this host take what is sent to its endpoint."""
        self._receivers[url] = receive

    def endpoint(self, url: str) -> Obj | None:
        """The endpoint with this address."""
        return next((each for each in self._books.all("webhook_endpoint") if each["url"] == url), None)

    def resend(self, id: str, *, endpoint: str | None, key: str | None) -> Answer:
        """Send one event to one endpoint again; it stays undelivered when the endpoint refuses it."""
        event = self._books.get("event", id)
        if event is None:
            return errors.missing("event", id)
        to = self._books.get("webhook_endpoint", endpoint) if endpoint else None
        if to is None:
            return errors.missing("webhook_endpoint", endpoint or "")
        receive = self._receivers.get(str(to["url"]))
        if to["status"] != "enabled":
            return errors.invalid("This webhook endpoint is disabled.")
        self._effects.record("stripe", "event.resent", target=id, source="cli", idempotency_key=key)
        if receive is None or receive(event):
            with self._books.lock:
                pending = int(str(event["pending_webhooks"]))
                event = self._books.change("event", id, pending_webhooks=max(0, pending - 1))
        return Answer(json=event)
