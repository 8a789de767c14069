"""Which Stripe object an id names, and the fields of it that are shown to whoever looks it up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.steps import StripeGet

_ID = re.compile(r"(?P<prefix>[a-z]+(?:_[a-z]+)?)_[A-Za-z0-9_]{3,120}")

_CREATED = {"created": ("created", "time"), "live": ("livemode", "flag")}
_MONEY = {"currency": ("currency", "enum")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup:
    """One kind of object: what people call it, and the question that asks for one of them as `params.id`."""

    kind: str
    ask: StripeGet
    is_kept_30_days: bool = False


def lookup_of(object_id: str) -> Lookup | None:
    """How to ask for it; None when no prefix that we know stands before it."""
    if not _ID.fullmatch(object_id):
        return None
    known = [prefix for prefix in _LOOKUPS if object_id.startswith(f"{prefix}_")]
    return _LOOKUPS[max(known, key=len)] if known else None


def prefixes() -> tuple[str, ...]:
    """Every prefix that is known, as people write it."""
    return tuple(f"{prefix}_" for prefix in _LOOKUPS)


def _lookup(kind: str, path: str, fields: Mapping[str, tuple[str, str]], *, is_kept_30_days: bool = False) -> Lookup:
    show = {name: {"path": found, "as": shown} for name, (found, shown) in {**fields, **_CREATED}.items()}
    ask = StripeGet.model_validate({"get": f"/v1/{path}/{{{{ params.id }}}}", "show": show})
    return Lookup(kind=kind, ask=ask, is_kept_30_days=is_kept_30_days)


_STATUS = {"status": ("status", "enum")}
_CUSTOMER = {"customer": ("customer", "id")}
_AMOUNT = {"amount": ("amount", "minor"), **_MONEY}
_REASON = {"reason": ("reason", "enum")}
_FAILURE = {"failure": ("failure_code", "enum")}
_OF_A_CHARGE = {"charge": ("charge", "id")}
_COLLECTION = {"collection": ("collection_method", "enum")}
_API_VERSION = {"api_version": ("api_version", "enum")}
_TYPE = {"type": ("type", "enum")}
_CHARGE = _lookup(
    "charge",
    "charges",
    {
        **_STATUS,
        **_AMOUNT,
        "refunded": ("amount_refunded", "minor"),
        "disputed": ("disputed", "flag"),
        **_FAILURE,
        "payment_intent": ("payment_intent", "id"),
        **_CUSTOMER,
    },
)
_REFUND = _lookup(
    "refund",
    "refunds",
    {
        **_STATUS,
        **_AMOUNT,
        **_REASON,
        "failure": ("failure_reason", "enum"),
        **_OF_A_CHARGE,
    },
)
_DISPUTE = _lookup(
    "dispute",
    "disputes",
    {
        **_STATUS,
        **_AMOUNT,
        **_REASON,
        "evidence_due": ("evidence_details.due_by", "time"),
        **_OF_A_CHARGE,
    },
)
_LOOKUPS: Mapping[str, Lookup] = {
    "evt": _lookup(
        "event",
        "events",
        {
            **_TYPE,
            "about": ("data.object.id", "id"),
            "pending_webhooks": ("pending_webhooks", "count"),
            **_API_VERSION,
        },
        is_kept_30_days=True,
    ),
    "in": _lookup(
        "invoice",
        "invoices",
        {
            **_STATUS,
            "due": ("amount_due", "minor"),
            "paid": ("amount_paid", "minor"),
            "remaining": ("amount_remaining", "minor"),
            **_MONEY,
            **_COLLECTION,
            "attempts": ("attempt_count", "count"),
            "next_attempt": ("next_payment_attempt", "time"),
            "advances": ("auto_advance", "flag"),
            "subscription": ("parent.subscription_details.subscription || subscription", "id"),
            **_CUSTOMER,
        },
    ),
    "sub": _lookup(
        "subscription",
        "subscriptions",
        {
            **_STATUS,
            **_COLLECTION,
            "period_ends": ("items.data[0].current_period_end || current_period_end", "time"),
            "ends_then": ("cancel_at_period_end", "flag"),
            "trial_ends": ("trial_end", "time"),
            "latest_invoice": ("latest_invoice", "id"),
            **_CUSTOMER,
        },
    ),
    "cus": _lookup(
        "customer",
        "customers",
        {
            "delinquent": ("delinquent", "flag"),
            "balance": ("balance", "minor"),
            **_MONEY,
            "deleted": ("deleted", "flag"),
        },
    ),
    "ch": _CHARGE,
    "py": _CHARGE,
    "pi": _lookup(
        "payment intent",
        "payment_intents",
        {
            **_STATUS,
            **_AMOUNT,
            "received": ("amount_received", "minor"),
            "failure": ("last_payment_error.code", "enum"),
            "charge": ("latest_charge", "id"),
            **_CUSTOMER,
        },
    ),
    "po": _lookup(
        "payout",
        "payouts",
        {**_STATUS, **_AMOUNT, "arrives": ("arrival_date", "time"), **_FAILURE},
    ),
    "re": _REFUND,
    "pyr": _REFUND,
    "dp": _DISPUTE,
    "du": _DISPUTE,
    "txn": _lookup(
        "balance transaction",
        "balance_transactions",
        {
            **_STATUS,
            **_TYPE,
            **_AMOUNT,
            "fee": ("fee", "minor"),
            "net": ("net", "minor"),
            "source": ("source", "id"),
        },
    ),
    "cn": _lookup(
        "credit note",
        "credit_notes",
        {**_STATUS, **_AMOUNT, **_REASON, "invoice": ("invoice", "id")},
    ),
    "si": _lookup(
        "subscription item",
        "subscription_items",
        {"price": ("price.id", "id"), "quantity": ("quantity", "count"), "subscription": ("subscription", "id")},
    ),
    "price": _lookup(
        "price",
        "prices",
        {
            "active": ("active", "flag"),
            **_TYPE,
            "amount": ("unit_amount", "minor"),
            **_MONEY,
            "product": ("product", "id"),
        },
    ),
    "we": _lookup("webhook endpoint", "webhook_endpoints", {**_STATUS, **_API_VERSION}),
}
