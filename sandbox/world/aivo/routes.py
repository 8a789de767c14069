"""Aivo's three services over HTTP. `/internal/*` has no authentication, as upstream has none."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import text
from starlette.routing import BaseRoute

from sandbox.world.aivo.service import AivoService
from sandbox.world.aivo.sync import SyncBody, sync
from sandbox.world.http import Answer, Call, Work, route, texts
from sandbox.world.options import OptionsHolder
from sandbox.world.replies import Replies, once_by_key
from sandbox.world.stripe.books import Books

# ruff: noqa: N815 - the fields are Aivo's words


class FlagBody(BaseModel):
    """The dunning flag as it shall be."""

    model_config = ConfigDict(extra="forbid")
    enabled: bool


class ExecuteBody(BaseModel):
    """Skip to day 7."""

    model_config = ConfigDict(extra="forbid")
    subscriptionId: UUID
    action: Literal["DOWNGRADE_ENTITLEMENTS"]


class RecoverBody(BaseModel):
    """Back to active after a payment."""

    model_config = ConfigDict(extra="forbid")
    subscriptionId: UUID


class TenantBody(BaseModel):
    """Whose entitlements billing-svc shall write anew."""

    model_config = ConfigDict(extra="forbid")
    tenantId: UUID
    trigger: Literal["manual", "subscription_change", "dunning"]


class RecalculateBody(BaseModel):
    """Whose entitlements."""

    model_config = ConfigDict(extra="forbid")
    tenantId: UUID
    tenantType: str


@dataclass(frozen=True, slots=True)
class AivoRoutes:
    """payments-svc (:4070), billing-svc (:4060) and entitlements-svc (:4080)."""

    service: AivoService
    options: OptionsHolder
    books: Books
    replies: Replies = field(default_factory=Replies)

    def payments(self) -> list[BaseRoute]:
        """Health, metrics, the dunning overrides where they exist, and the flag we propose."""
        return [
            route("/health", self._payments_health, methods=["GET"]),
            route("/payments/webhook/stripe", _unsigned, methods=["POST"]),
            route("/internal/metrics", self._metrics, methods=["GET"]),
            route("/internal/sync/subscriptions", self._sync, methods=["POST"]),
            route("/internal/dunning/execute", once_by_key(self.replies, self._execute), methods=["POST"]),
            route("/internal/dunning/recover", once_by_key(self.replies, self._recover), methods=["POST"]),
            route("/internal/flags/dunning", self._show_flag, methods=["GET"]),
            route("/internal/flags/dunning", self._set_flag, methods=["PUT"]),
            route("/{rest:path}", _unknown, methods=["GET", "POST", "PUT"]),
        ]

    def billing(self) -> list[BaseRoute]:
        """Its sync, behind a proxy that adds its two headers; whatever else is asked is in its database."""
        return [
            route("/health", _health("billing-svc"), methods=["GET"]),
            route("/api/v1/entitlements/sync", once_by_key(self.replies, self._sync_tenant), methods=["POST"]),
            route("/{rest:path}", _unknown, methods=["GET", "POST", "PUT"]),
        ]

    def entitlements(self) -> list[BaseRoute]:
        """Recalculate and validate."""
        return [
            route("/health", _health("entitlements-svc"), methods=["GET"]),
            route("/internal/recalculate", once_by_key(self.replies, self._recalculate), methods=["POST"]),
            route("/internal/validate/{tenant}", self._validate, methods=["GET"]),
            route("/{rest:path}", _unknown, methods=["GET", "POST", "PUT"]),
        ]

    def _payments_health(self, call: Call) -> Answer:
        return _DOWN if self.service.is_down() else _health("payments-svc")(call)

    def _metrics(self, _: Call) -> Answer:
        """In-memory counters, under the names of the code or of the runbook."""
        if self.service.is_down():
            return _DOWN
        self.service.gauges()
        is_code = self.options.value.aivo_metrics == "code"
        meters = self.service.code_meters if is_code else self.service.seed_meters
        return Answer(text=meters.text(), media="text/plain; version=0.0.4; charset=utf-8")

    def _execute(self, call: Call) -> Answer:
        if not self.options.value.aivo_dunning_routes:
            return _unknown(call)
        try:
            subscription = ExecuteBody.model_validate(call.json()).subscriptionId
        except ValidationError as error:
            return _invalid(error)
        with self.service.engine.begin() as connection:
            if connection.execute(_SUBSCRIPTION, {"id": subscription}).first() is None:
                return Answer(status=404, json={"error": "Subscription not found"})
            self.service.downgrade(connection, subscription, event_id=None, reason="MANUAL")
        self.service.count_dunning("day7_downgrade")
        self._record("subscription.downgraded", str(subscription), call)
        return Answer(json={"subscriptionId": str(subscription), "status": "EXPIRED"})

    def _recover(self, call: Call) -> Answer:
        if not self.options.value.aivo_dunning_routes:
            return _unknown(call)
        try:
            subscription = RecoverBody.model_validate(call.json()).subscriptionId
        except ValidationError as error:
            return _invalid(error)
        with self.service.engine.begin() as connection:
            values = {"id": subscription, "now": self.service.now()}
            if connection.execute(_SUBSCRIPTION, values).first() is None:
                return Answer(status=404, json={"error": "Subscription not found"})
            for statement in _RECOVER:
                connection.execute(statement, values)
        self._record("subscription.recovered", str(subscription), call)
        return Answer(json={"subscriptionId": str(subscription), "status": "ACTIVE"})

    def _sync(self, call: Call) -> Answer:
        """The host's script calls this; the documented one is in no public code."""
        try:
            body = SyncBody.model_validate(call.json())
        except ValidationError as error:
            return _invalid(error)
        key = call.headers.get("idempotency-key")
        return Answer(json=sync(self.service, self.books, body, key=key))

    def _show_flag(self, call: Call) -> Answer:
        if not self.options.value.aivo_dunning_flag:
            return _unknown(call)
        enabled, changed_at = self.service.dunning()
        return Answer(json={"flag": "dunning", "enabled": enabled, "changed_at": changed_at.isoformat()})

    def _set_flag(self, call: Call) -> Answer:
        if not self.options.value.aivo_dunning_flag:
            return _unknown(call)
        try:
            body = FlagBody.model_validate(call.json())
        except ValidationError as error:
            return _invalid(error)
        self.service.set_dunning(body.enabled, key=call.headers.get("idempotency-key"))
        return self._show_flag(call)

    def _recalculate(self, call: Call) -> Answer:
        try:
            body = RecalculateBody.model_validate(call.json())
        except ValidationError as error:
            return _invalid(error)
        with self.service.engine.begin() as connection:
            connection.execute(_RECALCULATE, {"tenant": body.tenantId, "now": self.service.now()})
        self._record("entitlements.recalculated", str(body.tenantId), call)
        return Answer(json={"tenantId": str(body.tenantId), "recalculated": True})

    def _sync_tenant(self, call: Call) -> Answer:
        try:
            tenant = TenantBody.model_validate(call.json()).tenantId
        except ValidationError as error:
            return _invalid(error)
        with self.service.engine.begin() as connection:
            connection.execute(_RECALCULATE, {"tenant": tenant, "now": self.service.now()})
        self._record("entitlements.synced", str(tenant), call)
        return Answer(json={"message": "Entitlements synced successfully"})

    def _validate(self, call: Call) -> Answer:
        try:
            tenant = UUID(call.at["tenant"])
        except ValueError:
            return Answer(status=400, json={"error": "tenant must be a uuid"})
        with self.service.engine.connect() as connection:
            count = connection.execute(_ENTITLED, {"tenant": tenant}).scalar_one()
        return Answer(json={"tenantId": str(tenant), "subscriptionCount": count})

    def _record(self, action: str, target: str, call: Call) -> None:
        key = call.headers.get("idempotency-key")
        self.service.effects.record("aivo", action, target=target, source="http", idempotency_key=key)


_DOWN = Answer(status=503, text="upstream connect error")


def _unsigned(_: Call) -> Answer:
    """Nobody but Stripe can sign, and the world's Stripe does not come this way."""
    return Answer(status=400, json={"error": "Missing stripe-signature header"})


def _health(name: str) -> Work:
    """Static: it checks neither the database nor Stripe."""
    return lambda _: Answer(json={"status": "ok", "service": name})


def _unknown(call: Call) -> Answer:
    return Answer(
        status=404,
        json={"message": f"Route {call.method}:{call.path} not found", "error": "Not Found", "statusCode": 404},
    )


def _invalid(error: ValidationError) -> Answer:
    problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    return Answer(status=400, json={"error": "Validation failed", "details": texts(problems)})


_SUBSCRIPTION = text("select 1 from subscriptions where id = :id for update")
_RECOVER = (
    text("update subscriptions set status = 'ACTIVE', ended_at = null, updated_at = :now where id = :id"),
    text(
        """update dunning_events set completed = true, completed_at = :now, completion_reason = 'RECOVERED'
           where subscription_id = :id and not completed"""
    ),
    text(
        """update entitlements set active = true, updated_at = :now where tenant_id = (
             select a.tenant_id from billing_accounts a join subscriptions s on s.billing_account_id = a.id
             where s.id = :id)"""
    ),
)
_RECALCULATE = text(
    """update entitlements e set updated_at = :now, active = e.module in ('ELA', 'MATH') or exists (
         select 1 from subscriptions s join billing_accounts a on a.id = s.billing_account_id
         where a.tenant_id = e.tenant_id and s.status in ('ACTIVE', 'IN_TRIAL', 'PAST_DUE'))
       where e.tenant_id = :tenant"""
)
_ENTITLED = text(
    """select count(*) from subscriptions s join billing_accounts a on a.id = s.billing_account_id
       where a.tenant_id = :tenant and s.status in ('ACTIVE', 'IN_TRIAL')
         and not exists (select 1 from entitlements e where e.tenant_id = a.tenant_id and not e.active)"""
)
