"""The fake Stripe's door: keys, request ids, idempotency and the table of routes."""

import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from starlette.routing import BaseRoute

from sandbox.world.http import Answer, Call, Obj, Work, route
from sandbox.world.ids import Ids
from sandbox.world.replies import Done, InProgress, OtherParameters, Replayed, Replies, fingerprint
from sandbox.world.stripe import errors, ledger_objects, objects, reading
from sandbox.world.stripe import params as p
from sandbox.world.stripe.books import Books
from sandbox.world.stripe.invoices import VERBS, Invoices
from sandbox.world.stripe.resources import RESOURCES
from sandbox.world.stripe.webhooks import Webhooks


class StripeApi:
    """Everything under /stripe/v1. `read_key` may GET, `write_key` may also POST."""

    def __init__(
        self, *, books: Books, invoices: Invoices, webhooks: Webhooks, ids: Ids, read_key: str, write_key: str
    ) -> None:
        self._books = books
        self._invoices = invoices
        self._webhooks = webhooks
        self._ids = ids
        self._read_key = read_key
        self._write_key = write_key
        self._replies = Replies()

    def reset(self) -> None:
        """Forget stored replies."""
        self._replies.reset()

    def routes(self) -> list[BaseRoute]:
        """The routes, relative to Stripe's base URL."""
        special = [
            self._route("/v1/invoices/{id}/lines", self._lines, "GET"),
            self._route("/v1/billing/meters/{id}/event_summaries", self._summaries, "GET"),
            self._route("/v1/accounts/{id}/capabilities/{capability}", self._capability, "GET"),
            self._route("/v1/invoices/{id}", self._post_invoice("update"), "POST"),
            # Not part of the documented API: this is what the command-line program calls.
            self._route("/v1/events/{id}/retry", self._resend, "POST"),
            *(self._route(f"/v1/invoices/{{id}}/{verb}", self._post_invoice(verb), "POST") for verb in VERBS),
        ]
        table = [
            entry
            for resource in RESOURCES
            for entry in (
                self._route(f"/v1/{resource.path}", reading.page(self._books, resource), "GET"),
                self._route(f"/v1/{resource.path}/{{id}}", reading.retrieve(self._books, resource), "GET"),
            )
        ]
        return [*special, *table, self._route("/{rest:path}", self._nothing_here, "GET", "POST", "DELETE")]

    def _route(self, path: str, work: Work, *methods: str) -> BaseRoute:
        return route(path, self._checked(work), methods=list(methods))

    def _checked(self, work: Work) -> Work:
        """Key first, then the work; every answer carries a request id and nothing odd becomes a 500."""

        def checked(call: Call) -> Answer:
            answer = self._refusal(call)
            if answer is None:
                try:
                    answer = self._once(call, work) if call.method == "POST" else work(call)
                except p.BadParam as bad:
                    answer = errors.invalid(str(bad), param=bad.name, code="parameter_unknown")
            headers = {
                "Request-Id": self._ids.stripe("req", 14),
                "Stripe-Version": objects.API_VERSION,
                **answer.headers,
            }
            return replace(answer, headers=headers)

        return checked

    def _refusal(self, call: Call) -> Answer | None:
        given = call.headers.get("authorization", "").removeprefix("Bearer ")
        is_write = hmac.compare_digest(given.encode(), self._write_key.encode())
        is_read = hmac.compare_digest(given.encode(), self._read_key.encode())
        if not is_write and not is_read:
            return errors.bad_key(given)
        return None if is_write or call.method == "GET" else errors.forbidden()

    def _once(self, call: Call, work: Work) -> Answer:
        key = call.headers.get("idempotency-key")
        if key is None:
            return work(call)
        outcome = self._replies.once(key, fingerprint(call), lambda: work(call))
        match outcome:
            case Done(answer=answer):
                return answer
            case Replayed(answer=answer):
                return replace(answer, headers={**answer.headers, "Idempotent-Replayed": "true"})
            case OtherParameters():
                return errors.key_reused(key)
            case InProgress():
                return errors.key_in_use(key)
            case _:
                assert_never(outcome)

    def _post_invoice(self, verb: str) -> Callable[[Call], Answer]:
        def work(call: Call) -> Answer:
            key = call.headers.get("idempotency-key")
            return self._invoices.act(call.at["id"], verb, p.parse(call.form()), key=key)

        return work

    def _resend(self, call: Call) -> Answer:
        endpoint = p.text(p.parse(call.form()), "webhook_endpoint")
        return self._webhooks.resend(call.at["id"], endpoint=endpoint, key=call.headers.get("idempotency-key"))

    def _lines(self, call: Call) -> Answer:
        invoice = self._books.get("invoice", call.at["id"])
        if invoice is None:
            return errors.missing("invoice", call.at["id"])
        lines = invoice["lines"]
        data = lines["data"] if isinstance(lines, dict) else []
        items = [line for line in data if isinstance(line, dict)] if isinstance(data, list) else []
        return reading.cut(self._books, items, p.parse(call.query), url=f"/v1/invoices/{call.at['id']}/lines")

    def _summaries(self, call: Call) -> Answer:
        meter = self._books.get("billing.meter", call.at["id"])
        if meter is None:
            return errors.missing("meter", call.at["id"])
        params = p.parse(call.query)
        needed = ("customer", "start_time", "end_time")
        lacking = next((name for name in needed if p.text(params, name) is None), None)
        if lacking:
            return errors.invalid(f"Missing required param: {lacking}.", param=lacking, code="parameter_missing")
        period = (int(p.text(params, "start_time") or 0), int(p.text(params, "end_time") or 0))
        counted = self._books.get("sandbox.usage", f"{call.at['id']}:{p.text(params, 'customer')}")
        summary = ledger_objects.meter_event_summary(
            id=self._ids.stripe("mtrusg"), meter=call.at["id"], period=period,
            value=float(str(counted["value"])) if counted else 0.0,
        )  # fmt: skip
        url = f"/v1/billing/meters/{call.at['id']}/event_summaries"
        return Answer(json=objects.listing([summary], url=url))

    def _capability(self, call: Call) -> Answer:
        account = self._books.get("account", call.at["id"])
        states = account["capabilities"] if account else None
        name = call.at["capability"]
        if account is None or not isinstance(states, dict) or name not in states:
            return errors.missing("capability", name)
        capability: Obj = {
            "id": name, "object": "capability", "account": call.at["id"], "requested": True,
            "requested_at": account["created"], "requirements": account["requirements"], "status": states[name],
        }  # fmt: skip
        return Answer(json=capability)

    def _nothing_here(self, call: Call) -> Answer:
        return errors.unknown_url(call.method, call.path)
