"""What dunning, charges, refunds, checkouts and customers leave."""

from datetime import timedelta

from sandbox.world.accrue import rows
from sandbox.world.accrue.leaving.ground import Ground
from sandbox.world.http import Obj

# The one that dunning ends; charges that fail are others', so that each has an invoice of its own to collect.
_LAST = """select id from accrue_subscriptions where processor = 'stripe' and status in ('past_due', 'unpaid')
           order by id desc limit 1"""


def lost_revenue(ground: Ground) -> Obj:
    """A refund whose fee the merchant bears, of a charge that Stripe knows."""
    charge = ground.some("accrue_charges", "status = 'succeeded'")
    at = ground.now
    rows.put(
        ground.connection, "accrue_refunds", charge_id=charge["id"], stripe_id=ground.ids.stripe("re"),
        amount_minor=charge["amount_cents"], currency="usd", reason=f"asked by {ground.ids.person().name}",
        status="succeeded", merchant_loss_amount_minor=172, inserted_at=at, updated_at=at,
    )  # fmt: skip
    return {"subject_type": "charge", "subject_id": str(charge["id"]), "reason": "refund_after_usage"}


def exhausted_dunning(ground: Ground) -> Obj:
    """Stripe ended a subscription, and so did its projection."""
    subscription = dict(
        rows.one(
            ground.connection,
            f"select * from accrue_subscriptions where id = ({_LAST})",
        )
    )
    rows.change(
        ground.connection,
        """update accrue_subscriptions set status = 'unpaid', updated_at = :now, last_stripe_event_ts = :now,
             dunning_sweep_attempted_at = :now where id = :id returning id""",
        id=subscription["id"], now=ground.now,
    )  # fmt: skip
    ground.books.change("subscription", str(subscription["processor_id"]), status="unpaid")
    _dunning_row(ground, "dunning.exhausted", subscription)
    return {"subscription_id": str(subscription["id"]), "from_status": "past_due", "to_status": "unpaid"}


def _dunning_row(ground: Ground, type_: str, subscription: dict[str, object], step: str | None = None) -> None:
    rows.put(
        ground.connection, "accrue_events", type=type_, actor_type="oban", subject_type="Subscription",
        subject_id=str(subscription["id"]), data={"step_key": step, "email": ground.ids.person().email},
        inserted_at=ground.now,
    )  # fmt: skip


def started_campaigns(ground: Ground) -> Obj:
    """Many first failures within an hour, as when the processor has an incident."""
    for _ in range(8):
        _dunning_row(ground, "dunning.campaign_started", ground.some("accrue_subscriptions", "processor = 'stripe'"))
    return {"step_count": 3}


def final_notices(ground: Ground) -> Obj:
    """Dunning mails climb to the last step: some have been past due for that long, the last ones of the table."""
    rows.change(
        ground.connection,
        f"""update accrue_subscriptions set past_due_since = :then, updated_at = :now where id in
             (select id from accrue_subscriptions where status = 'past_due' and id <> ({_LAST})
              order by id desc limit 2)
           returning id""",
        then=ground.now - timedelta(days=15), now=ground.now,
    )  # fmt: skip
    for step in ("reminder", "action_required", "final_notice", "final_notice", "final_notice"):
        some = ground.some("accrue_subscriptions", "processor = 'stripe'")
        _dunning_row(ground, "dunning.step_sent", some, step)
    return {"step_key": "final_notice"}


def recovered(ground: Ground) -> Obj:
    """A customer has paid after all."""
    subscription = ground.some("accrue_subscriptions", "status = 'active' and processor = 'stripe'")
    rows.change(
        ground.connection, "update accrue_subscriptions set updated_at = :now where id = :id returning id",
        id=subscription["id"], now=ground.now,
    )  # fmt: skip
    _dunning_row(ground, "dunning.recovered", subscription)
    return {"subscription_id": str(subscription["id"])}


def failed_charges(ground: Ground) -> Obj:
    """Charges that Stripe refused: some of the past-due customers', just now."""
    failed = rows.change(
        ground.connection,
        f"""update accrue_charges set updated_at = :now where id in
             (select id from accrue_charges where status = 'failed' and subscription_id <> ({_LAST})
              order by id limit 3)
           returning processor_id""",
        now=ground.now,
    )
    return {"charge_id": failed[0]}


def expired_checkouts(ground: Ground) -> Obj:
    """Subscriptions that were never paid for, and their abandoned checkouts."""
    customer = ground.some("accrue_customers", "processor = 'stripe'")
    subscription = rows.put(
        ground.connection, "accrue_subscriptions", customer_id=customer["id"], processor="stripe",
        processor_id=ground.ids.stripe("sub"), status="incomplete_expired", data={}, inserted_at=ground.now,
        updated_at=ground.now,
    )  # fmt: skip
    rows.put(
        ground.connection, "accrue_checkout_sessions", customer_id=customer["id"], processor="stripe",
        processor_id=ground.ids.stripe("cs_test", 40), status="expired", mode="subscription", ui_mode="hosted",
        url="https://checkout.stripe.com/c/pay/cs#secret", client_secret="cs_secret_planted", line_items_count=1,
        inserted_at=ground.now, updated_at=ground.now,
    )  # fmt: skip
    return {"subscription_id": subscription}


def invalid_mapping(ground: Ground) -> Obj:
    """A code that customers type names a discount that is gone."""
    mapping = rows.put(
        ground.connection, "accrue_discount_mappings", processor="stripe",
        code=f"SPRING{ground.ids.random.randrange(10_000)}", coupon_id="spring_gone", active=True,
        invalid_reason="coupon_not_found", inserted_at=ground.now, updated_at=ground.now,
    )  # fmt: skip
    return {"mapping_id": mapping, "reason": "coupon_not_found"}


def stale_customer(ground: Ground) -> Obj:
    """A customer was changed at the processor, and the change was not kept here."""
    customer = ground.some("accrue_customers", "processor = 'stripe'")
    rows.change(
        ground.connection, "update accrue_customers set updated_at = :now where id = :id returning id",
        id=customer["id"], now=ground.now,
    )  # fmt: skip
    found = {"processor_id": str(customer["processor_id"]), "failure_kind": "stale_local_projection"}
    return {"customer_id": str(customer["id"]), **found}


def unsettled_charge_fees(ground: Ground) -> Obj:
    """Charges two days old without their fees: the nightly job never ran over them."""
    unsettled = rows.change(
        ground.connection,
        """update accrue_charges set fees_settled_at = null, stripe_fee_amount_minor = null, inserted_at = :then
           where id in (select id from accrue_charges where status = 'succeeded' order by id desc limit 3)
           returning processor_id""",
        then=ground.now - timedelta(days=2),
    )
    return {"charge_ids": list(unsettled)}


def unsettled_refund_fees(ground: Ground) -> Obj:
    """Refunds two days old without their fees."""
    charge, then = ground.some("accrue_charges", "status = 'succeeded'"), ground.now - timedelta(days=2)
    for refund in ground.books.all("refund")[:1]:
        rows.put(
            ground.connection, "accrue_refunds", charge_id=charge["id"], stripe_id=refund["id"],
            amount_minor=refund["amount"], currency="usd", status="succeeded", inserted_at=then, updated_at=then,
        )  # fmt: skip
    return {}
