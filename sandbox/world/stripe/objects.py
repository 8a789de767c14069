"""The billing objects in the shapes of API version 2026-10-28.endive; a test holds them to the SDK's annotations."""

# ruff: noqa: A002 - the parameters are Stripe's own words

from pydantic import JsonValue

from sandbox.world.http import Obj

API_VERSION = "2026-10-28.endive"
_SELF: Obj = {"type": "self"}


def listing(items: list[Obj], *, url: str, has_more: bool = False) -> Obj:
    """A page of objects."""
    return {"object": "list", "data": list(items), "has_more": has_more, "url": url}


def event(*, id: str, type: str, created: int, subject: Obj, pending: int = 0, account: str | None = None) -> Obj:
    """An event that carries the object it is about. `pending` is the number of undelivered webhooks."""
    shown: Obj = {
        "id": id, "object": "event", "api_version": API_VERSION, "context": None, "created": created,
        "data": {"object": subject}, "livemode": False, "pending_webhooks": pending,
        "request": {"id": None, "idempotency_key": None}, "type": type,
    }  # fmt: skip
    return shown if account is None else {**shown, "account": account}


def webhook_endpoint(*, id: str, url: str, enabled_events: list[str], created: int) -> Obj:
    """An endpoint that Stripe delivers to; `secret` is shown at creation only, so never here."""
    return {
        "id": id, "object": "webhook_endpoint", "api_version": API_VERSION, "application": None, "created": created,
        "description": None, "enabled_events": list(enabled_events), "livemode": False, "metadata": {},
        "status": "enabled", "url": url,
    }  # fmt: skip


def customer(*, id: str, name: str, email: str, phone: str, created: int, payment_method: str | None) -> Obj:
    """A customer, private details included: that is what the real API returns."""
    address: Obj = {
        "city": "Portland", "country": "US", "line1": "12 Invented Street", "line2": None, "postal_code": "97201",
        "state": "OR",
    }  # fmt: skip
    return {
        "id": id, "object": "customer", "address": address, "balance": 0, "created": created, "currency": "usd",
        "customer_account": None, "default_source": None, "delinquent": False, "description": None, "email": email,
        "invoice_prefix": id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None, "default_payment_method": payment_method, "footer": None, "rendering_options": None,
        },
        "livemode": False, "metadata": {}, "name": name, "phone": phone, "preferred_locales": ["en"], "shipping": None,
        "tax_exempt": "none", "test_clock": None,
    }  # fmt: skip


def payment_method(*, id: str, customer: str, last4: str, email: str, created: int) -> Obj:
    """A saved card."""
    card: Obj = {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": "pass", "cvc_check": "pass"},
        "country": "US", "display_brand": "visa", "exp_month": 4, "exp_year": 2031,
        "fingerprint": f"FpPlanted{id[-7:]}",
        "funding": "credit", "generated_from": None, "last4": last4,
        "networks": {"available": ["visa"], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True}, "wallet": None,
    }  # fmt: skip
    billing: Obj = {"address": None, "email": email, "name": None, "phone": None, "tax_id": None}
    return {
        "id": id, "object": "payment_method", "allow_redisplay": "unspecified", "billing_details": billing,
        "card": card, "created": created, "customer": customer, "customer_account": None, "livemode": False,
        "metadata": {}, "type": "card",
    }  # fmt: skip


def price(*, id: str, product: str, amount: int, created: int, meter: str | None = None) -> Obj:
    """A monthly price; metered when it names a meter."""
    recurring: Obj = {
        "interval": "month", "interval_count": 1, "meter": meter, "trial_period_days": None,
        "usage_type": "metered" if meter else "licensed",
    }  # fmt: skip
    return {
        "id": id, "object": "price", "active": True, "billing_scheme": "per_unit", "created": created,
        "currency": "usd", "custom_unit_amount": None, "livemode": False, "lookup_key": None, "metadata": {},
        "nickname": None, "product": product, "recurring": recurring, "tax_behavior": "unspecified", "tiers_mode": None,
        "transform_quantity": None, "type": "recurring", "unit_amount": amount, "unit_amount_decimal": str(amount),
    }  # fmt: skip


def tiered_price(*, id: str, product: str, created: int) -> Obj:
    """A graduated price; its tiers are told only when expanded."""
    tiers: list[JsonValue] = [
        {
            "flat_amount": None, "flat_amount_decimal": None, "unit_amount": cents, "unit_amount_decimal": str(cents),
            "up_to": up_to,
        }
        for cents, up_to in ((10, 1000), (7, None))
    ]  # fmt: skip
    flat: Obj = {
        "billing_scheme": "tiered",
        "tiers_mode": "graduated",
        "unit_amount": None,
        "unit_amount_decimal": None,
    }
    return {**price(id=id, product=product, amount=0, created=created), **flat, "tiers": tiers}


def subscription(
    *, id: str, item: str, customer: str, price: Obj, status: str, period: tuple[int, int], latest_invoice: str | None
) -> Obj:
    """A subscription to one price. The period lives on the item since 2025-03-31.basil."""
    start, end = period
    line: Obj = {
        "id": item, "object": "subscription_item", "billed_until": None, "billing_thresholds": None, "created": start,
        "current_period_end": end, "current_period_start": start, "discounts": [], "metadata": {},
        "plan": _plan(price), "price": price, "quantity": 1, "subscription": id, "tax_rates": [],
    }  # fmt: skip
    return {
        "id": id, "object": "subscription", "application": None, "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": start, "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"}, "billing_schedules": [],
        "billing_thresholds": None, "cancel_at": None, "cancel_at_period_end": False, "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically", "created": start, "currency": "usd", "customer": customer,
        "customer_account": None, "days_until_due": None, "default_payment_method": None, "default_source": None,
        "default_tax_rates": [], "description": None, "discounts": [], "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": _SELF},
        "items": listing([line], url=f"/v1/subscription_items?subscription={id}"), "latest_invoice": latest_invoice,
        "livemode": False, "metadata": {}, "next_pending_invoice_item_invoice": None, "on_behalf_of": None,
        "pause_collection": None, "payment_settings": _payment_settings(), "pending_invoice_item_interval": None,
        "pending_setup_intent": None, "pending_update": None, "schedule": None, "start_date": start, "status": status,
        "test_clock": None, "transfer_data": None, "trial_end": None, "trial_settings": None, "trial_start": None,
    }  # fmt: skip


def invoice(
    *,
    id: str,
    line: str,
    customer: Obj,
    subscription: str,
    subscription_item: str,
    price: Obj,
    amount: int,
    status: str,
    period: tuple[int, int],
    number: str,
    metadata: dict[str, JsonValue] | None = None,
) -> Obj:
    """An invoice of one line. Its URLs are bearer links: they must never be shown."""
    start, end = period
    paid = status == "paid"
    item = line_item(
        id=line, invoice=id, subscription=subscription, subscription_item=subscription_item, price=price,
        amount=amount, period=period,
    )  # fmt: skip
    link = f"https://invoice.stripe.com/i/acct_sandbox/test_{id[3:]}-secret"
    return {
        "id": id, "object": "invoice", "account_country": "US", "account_name": "Invented Billing",
        "account_tax_ids": None, "amount_due": amount, "amount_overpaid": 0, "amount_paid": amount if paid else 0,
        "amount_remaining": 0 if paid else amount, "amount_shipping": 0, "application": None,
        "attempt_count": 1 if paid else 0, "attempted": paid, "auto_advance": status == "open",
        "automatic_tax": {
            "disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None,
        },
        "automatically_finalizes_at": None, "billing_reason": "subscription_cycle",
        "collection_method": "charge_automatically", "created": end, "currency": "usd", "custom_fields": None,
        "customer": customer["id"], "customer_account": None, "customer_address": customer["address"],
        "customer_email": customer["email"], "customer_name": customer["name"], "customer_phone": customer["phone"],
        "customer_shipping": None, "customer_tax_exempt": "none", "customer_tax_ids": [],
        "default_payment_method": None, "default_source": None, "default_tax_rates": [], "description": None,
        "discounts": [], "due_date": None, "effective_at": end, "ending_balance": 0, "footer": None,
        "from_invoice": None, "hosted_invoice_url": link, "invoice_pdf": f"{link}/pdf", "issuer": _SELF,
        "last_finalization_error": None, "latest_revision": None,
        "lines": listing([item], url=f"/v1/invoices/{id}/lines"), "livemode": False, "metadata": metadata or {},
        "next_payment_attempt": None if paid else end + 3 * 86_400, "number": number, "on_behalf_of": None,
        "parent": {
            "quote_details": None, "type": "subscription_details",
            "subscription_details": {"metadata": {}, "subscription": subscription, "subscription_proration_date": None},
        },
        "payment_settings": {"default_mandate": None, **_payment_settings(saves=False)},
        "period_end": end, "period_start": start, "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0, "receipt_number": None, "rendering": None, "shipping_cost": None,
        "shipping_details": None, "starting_balance": 0, "statement_descriptor": None, "status": status,
        "status_transitions": {
            "finalized_at": end, "marked_uncollectible_at": None, "paid_at": end if paid else None, "voided_at": None,
        },
        "subtotal": amount, "subtotal_excluding_tax": amount, "test_clock": None, "total": amount,
        "total_discount_amounts": [], "total_excluding_tax": amount, "total_pretax_credit_amounts": [],
        "total_taxes": [], "webhooks_delivered_at": end,
    }  # fmt: skip


def line_item(
    *,
    id: str,
    invoice: str,
    subscription: str,
    subscription_item: str,
    price: Obj,
    amount: int,
    period: tuple[int, int],
) -> Obj:
    """One line of an invoice; prices are told under `pricing`."""
    details: Obj = {
        "invoice_item": None, "proration": False, "proration_details": {"credited_items": None},
        "subscription": subscription, "subscription_item": subscription_item,
    }  # fmt: skip
    return {
        "id": id, "object": "line_item", "amount": amount, "currency": "usd", "description": "1 x Invented plan",
        "discount_amounts": [], "discountable": True, "discounts": [], "invoice": invoice, "livemode": False,
        "metadata": {},
        "parent": {
            "invoice_item_details": None, "subscription_item_details": details, "type": "subscription_item_details",
        },
        "period": {"end": period[1], "start": period[0]}, "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]}, "type": "price_details",
            "unit_amount_decimal": str(amount),
        },
        "quantity": 1, "subscription": subscription, "subtotal": amount, "taxes": [],
    }  # fmt: skip


def charge(
    *,
    id: str,
    customer: Obj,
    amount: int,
    created: int,
    payment_intent: str,
    payment_method: str,
    balance_transaction: str | None,
    failure: str | None = None,
) -> Obj:
    """A card charge; `failure` is Stripe's code for why it did not succeed."""
    billing: Obj = {
        "address": customer["address"], "email": customer["email"], "name": customer["name"],
        "phone": customer["phone"], "tax_id": None,
    }  # fmt: skip
    outcome: Obj = {
        "advice_code": "try_again_later" if failure else None, "network_advice_code": None,
        "network_decline_code": "51" if failure else None,
        "network_status": "declined_by_network" if failure else "approved_by_network", "reason": failure,
        "risk_level": "normal", "risk_score": 12,
        "seller_message": "The bank declined the payment." if failure else "Payment complete.",
        "type": "issuer_declined" if failure else "authorized",
    }  # fmt: skip
    return {
        "id": id, "object": "charge", "amount": amount, "amount_captured": 0 if failure else amount,
        "amount_refunded": 0, "application": None, "application_fee": None, "application_fee_amount": None,
        "balance_transaction": balance_transaction, "billing_details": billing,
        "calculated_statement_descriptor": "INVENTED BILLING", "captured": failure is None, "created": created,
        "currency": "usd", "customer": customer["id"], "description": "Subscription update", "disputed": False,
        "failure_balance_transaction": None, "failure_code": "card_declined" if failure else None,
        "failure_message": "Your card was declined." if failure else None, "fraud_details": {}, "livemode": False,
        "metadata": {}, "on_behalf_of": None, "outcome": outcome, "paid": failure is None,
        "payment_intent": payment_intent, "payment_method": payment_method, "radar_options": {},
        "receipt_email": customer["email"], "receipt_number": None,
        "receipt_url": f"https://pay.stripe.com/receipts/invoices/{id}-secret", "refunded": False, "review": None,
        "shipping": None, "source": None, "source_transfer": None, "statement_descriptor": None,
        "statement_descriptor_suffix": None, "status": "failed" if failure else "succeeded", "transfer_data": None,
        "transfer_group": None,
    }  # fmt: skip


def _plan(price: Obj) -> Obj:
    return {
        "id": price["id"], "object": "plan", "active": True, "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"], "billing_scheme": "per_unit", "created": price["created"],
        "currency": "usd", "interval": "month", "interval_count": 1, "livemode": False, "metadata": {}, "meter": None,
        "nickname": None, "product": price["product"], "tiers_mode": None, "transform_usage": None,
        "trial_period_days": None, "usage_type": "licensed",
    }  # fmt: skip


def _payment_settings(*, saves: bool = True) -> Obj:
    settings: Obj = {"payment_method_options": None, "payment_method_types": None}
    return {**settings, "save_default_payment_method": "off"} if saves else settings
