"""The money-moving and Connect objects of the fake Stripe, in today's shapes."""

# ruff: noqa: A002 - the parameters are Stripe's own words

from sandbox.world.http import Obj

_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
    "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip


def balance_transaction(*, id: str, source: str, amount: int, fee: int, created: int, type: str = "charge") -> Obj:
    """How a charge or refund moved the balance."""
    detail: Obj = {
        "amount": fee, "application": None, "currency": "usd", "description": "Stripe processing fees",
        "type": "stripe_fee",
    }  # fmt: skip
    return {
        "id": id, "object": "balance_transaction", "amount": amount, "available_on": created + 2 * 86_400,
        "balance_type": "payments", "created": created, "currency": "usd", "description": None, "exchange_rate": None,
        "fee": fee, "fee_details": [detail], "net": amount - fee, "reporting_category": type, "source": source,
        "status": "available", "type": type,
    }  # fmt: skip


def refund(*, id: str, charge: Obj, amount: int, created: int, balance_transaction: str) -> Obj:
    """A refund that went through."""
    return {
        "id": id, "object": "refund", "amount": amount, "balance_transaction": balance_transaction,
        "charge": charge["id"], "created": created, "currency": "usd", "destination_details": None, "metadata": {},
        "payment_intent": charge["payment_intent"], "reason": "requested_by_customer", "receipt_number": None,
        "source_transfer_reversal": None, "status": "succeeded", "transfer_reversal": None,
    }  # fmt: skip


def dispute(*, id: str, charge: Obj, created: int, due_by: int, status: str = "needs_response") -> Obj:
    """A dispute, by itself one that waits for an answer; its evidence names the customer."""
    evidence: Obj = dict.fromkeys(_EVIDENCE)
    evidence["enhanced_evidence"] = {}
    details: Obj = {
        "due_by": due_by, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False,
        "submission_count": 0,
        "submission_method": "not_submitted",
    }  # fmt: skip
    return {
        "id": id, "object": "dispute", "amount": charge["amount"], "balance_transactions": [], "charge": charge["id"],
        "created": created, "currency": "usd", "enhanced_eligibility_types": [], "evidence": evidence,
        "evidence_details": details, "is_charge_refundable": True, "livemode": False, "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": "fraudulent", "status": status,
    }  # fmt: skip


def payout(*, id: str, amount: int, created: int, destination: str, failure: str | None = None) -> Obj:
    """Money on its way to a bank account, or sent back with a failure code."""
    return {
        "id": id, "object": "payout", "amount": amount, "application_fee": None, "application_fee_amount": None,
        "arrival_date": created + 2 * 86_400, "automatic": True, "balance_transaction": None, "created": created,
        "currency": "usd", "description": "STRIPE PAYOUT", "destination": destination,
        "failure_balance_transaction": None, "failure_code": failure,
        "failure_message": "The bank account has been closed." if failure else None, "livemode": False,
        "metadata": {}, "method": "standard", "original_payout": None, "payout_method": None,
        "reconciliation_status": "completed", "reversed_by": None, "source_type": "card", "statement_descriptor": None,
        "status": "failed" if failure else "paid", "trace_id": None, "type": "bank_account",
    }  # fmt: skip


def account(*, id: str, email: str, created: int) -> Obj:
    """A connected account with one requirement open."""
    requirements: Obj = {
        "alternatives": [], "current_deadline": None, "currently_due": ["external_account"], "disabled_reason": None,
        "errors": [], "eventually_due": ["external_account"], "past_due": [], "pending_verification": [],
    }  # fmt: skip
    return {
        "id": id, "object": "account", "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"}, "charges_enabled": True, "country": "US",
        "created": created, "default_currency": "usd", "details_submitted": True, "email": email, "metadata": {},
        "payouts_enabled": True, "requirements": requirements, "type": "express",
    }  # fmt: skip


def transfer(*, id: str, amount: int, created: int, destination: str) -> Obj:
    """Money moved to a connected account."""
    return {
        "id": id, "object": "transfer", "amount": amount, "amount_reversed": 0, "balance_transaction": None,
        "created": created, "currency": "usd", "description": None, "destination": destination,
        "destination_payment": None, "livemode": False, "metadata": {},
        "reversals": {"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{id}/reversals"},
        "reversed": False, "source_transaction": None, "source_type": "card", "transfer_group": None,
    }  # fmt: skip


def coupon(*, id: str, created: int) -> Obj:
    """A quarter off, once."""
    return {
        "id": id, "object": "coupon", "amount_off": None, "created": created, "currency": None, "duration": "once",
        "duration_in_months": None, "livemode": False, "max_redemptions": None, "metadata": {}, "name": "A quarter off",
        "percent_off": 25.0, "redeem_by": None, "times_redeemed": 3, "valid": True,
    }  # fmt: skip


def promotion_code(*, id: str, code: str, coupon: str, created: int) -> Obj:
    """A code customers type; the coupon is told under `promotion`."""
    restrictions: Obj = {
        "first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None,
    }  # fmt: skip
    return {
        "id": id, "object": "promotion_code", "active": True, "code": code, "created": created, "customer": None,
        "customer_account": None, "expires_at": None, "livemode": False, "max_redemptions": None, "metadata": {},
        "promotion": {"coupon": coupon, "type": "coupon"}, "restrictions": restrictions, "times_redeemed": 3,
    }  # fmt: skip


def credit_note(*, id: str, invoice: Obj, amount: int, created: int) -> Obj:
    """A correction of a finalized invoice."""
    return {
        "id": id, "object": "credit_note", "amount": amount, "amount_shipping": 0, "created": created,
        "currency": "usd", "customer": invoice["customer"], "customer_account": None,
        "customer_balance_transaction": None, "discount_amount": 0, "discount_amounts": [], "effective_at": created,
        "invoice": invoice["id"],
        "lines": {"object": "list", "data": [], "has_more": False, "url": f"/v1/credit_notes/{id}/lines"},
        "livemode": False, "memo": None, "metadata": {}, "number": f"{invoice['number']}-CN-01",
        "out_of_band_amount": None, "pdf": f"https://pay.stripe.com/credit_notes/{id}-secret/pdf",
        "post_payment_amount": 0, "pre_payment_amount": amount, "pretax_credit_amounts": [], "reason": "order_change",
        "refunds": [], "shipping_cost": None, "status": "issued", "subtotal": amount, "subtotal_excluding_tax": amount,
        "total": amount, "total_excluding_tax": amount, "total_taxes": [], "type": "pre_payment", "voided_at": None,
    }  # fmt: skip


def checkout_session(*, id: str, customer: Obj, subscription: str, amount: int, created: int) -> Obj:
    """A finished checkout; its URL and client secret are credentials."""
    details: Obj = {
        "address": customer["address"], "email": customer["email"], "name": customer["name"],
        "phone": customer["phone"], "tax_exempt": "none", "tax_ids": [],
    }  # fmt: skip
    return {
        "id": id, "object": "checkout.session", "after_expiration": None, "allow_promotion_codes": None,
        "amount_subtotal": amount, "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None, "cancel_url": None, "client_reference_id": None,
        "client_secret": f"{id}_secret_planted", "consent": None, "consent_collection": None, "created": created,
        "currency": "usd", "custom_fields": [],
        "custom_text": {
            "after_submit": None, "shipping_address": None, "submit": None, "terms_of_service_acceptance": None,
        },
        "customer": customer["id"], "customer_account": None, "customer_creation": None, "customer_details": details,
        "customer_email": customer["email"], "discounts": [], "expires_at": created + 86_400, "invoice": None,
        "invoice_creation": None, "livemode": False, "locale": None, "metadata": {}, "mode": "subscription",
        "payment_intent": None, "payment_link": None, "payment_method_types": ["card"], "payment_status": "paid",
        "recovered_from": None, "shipping_address_collection": None, "shipping_cost": None, "shipping_options": [],
        "status": "complete", "subscription": subscription, "success_url": None, "ui_mode": "hosted_page",
        "url": f"https://checkout.stripe.com/c/pay/{id}#secret",
    }  # fmt: skip


def meter(*, id: str, event_name: str, created: int) -> Obj:
    """A billing meter that sums."""
    return {
        "id": id, "object": "billing.meter", "created": created,
        "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        "default_aggregation": {"formula": "sum"}, "display_name": event_name.replace("_", " "),
        "event_name": event_name, "event_time_window": None, "livemode": False, "status": "active",
        "status_transitions": {"deactivated_at": None}, "updated": created,
        "value_settings": {"event_payload_key": "value"},
    }  # fmt: skip


def meter_event_summary(*, id: str, meter: str, value: float, period: tuple[int, int]) -> Obj:
    """What one customer used in one window, as Stripe counted it."""
    return {
        "id": id, "object": "billing.meter_event_summary", "aggregated_value": value, "end_time": period[1],
        "livemode": False, "meter": meter, "start_time": period[0],
    }  # fmt: skip
