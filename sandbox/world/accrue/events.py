"""Every ops event and symptom of Accrue as one row: what it is called, what it leaves behind, what is counted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text

from sandbox.world.accrue.host import AccrueHost
from sandbox.world.accrue.leaving import connect, money, queues, usage, webhooks
from sandbox.world.accrue.leaving.ground import Ground, Leaves
from sandbox.world.breaks import Break
from sandbox.world.http import Obj
from sandbox.world.ids import Ids
from sandbox.world.stripe.books import Books

_LASTS = 60.0  # seconds that a counter's event is said to be happening


class Options(BaseModel):
    """How many of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    count: int | None = Field(default=None, ge=1, le=500)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One event. `still` is a query that finds a row while the trouble lasts; without it, it is over in a minute."""

    id: str
    title: str
    about: str
    leaves: Leaves = queues.nothing
    event: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    by: int = 1
    still: str | None = None


_UNSETTLED = "where fees_settled_at is null and inserted_at < (now() at time zone 'utc') - interval '24 hours' limit 1"
_WAITING = "select 1 from oban_jobs where state = 'available' and queue = '{}' limit 1"

ROWS = (
    Row(
        id="dead-letter-portal-checkout", title="Lose a portal checkout",
        about="The completion of a Braintree checkout dies in the queue: the portal's path is not mounted.",
        event="accrue.ops.webhook_dlq.dead_lettered", leaves=webhooks.dead_checkout,
        still="select 1 from accrue_webhook_events where status = 'dead' and processor = 'braintree' limit 1",
    ),
    Row(
        id="replay-webhooks", title="Replay webhooks in bulk", event="accrue.ops.webhook_dlq.replay", by=150,
        leaves=webhooks.replays, about="An administrator replays a hundred and fifty webhooks from the admin page.",
    ),
    Row(
        id="stop-pruning", title="Stop the pruner", leaves=queues.nothing, also=(
            "accrue_ops_webhook_dlq_prune_dead_deleted",
        ),
        about="The pruner ran once and not again; the alert comes when its window has passed.",
    ),
    Row(
        id="fail-upcast", title="Read an event of the future", event="accrue.ops.events_upcast_failed",
        leaves=webhooks.unknown_version,
        about="A ledger event has a schema version that the running release cannot read.",
    ),
    Row(
        id="fail-meter-sync", title="Refuse usage at once", event="accrue.ops.meter_reporting_failed",
        labels={"source": "sync"}, leaves=usage.failed_usage,
        about="Stripe refuses usage while the host reports it.",
    ),
    Row(
        id="fail-meter-reconciler", title="Refuse usage in the reconciler", event="accrue.ops.meter_reporting_failed",
        labels={"source": "reconciler"}, leaves=usage.failed_and_pending_usage,
        about="The reconciler gives one usage row up, and others wait behind it.",
    ),
    Row(
        id="fail-meter-webhook", title="Report a meter error", event="accrue.ops.meter_reporting_failed",
        labels={"source": "webhook"}, leaves=webhooks.error_report,
        about="Stripe reports a meter error by webhook, and its handler fails.",
    ),
    Row(
        id="repair-stale-renewal", title="Miss a Braintree renewal",
        event="accrue.ops.metered_renewal_stale_repaired", leaves=usage.repaired_renewal,
        about="The backstop opens a renewal window that no webhook had opened.",
        still="select 1 from accrue_metered_renewals where state = 'pending' and trigger_source = 'reconciler' limit 1",
    ),
    Row(
        id="miss-meter-definition", title="Use something without a price",
        event="accrue.ops.metered_missing_definition", leaves=usage.unmatched_usage,
        about="A renewal window is closed with usage that no meter definition prices.",
    ),
    Row(
        id="await-payment-method", title="Refuse a vaulted card",
        event="accrue.ops.metered_charge_awaiting_payment_method", leaves=usage.awaiting_method,
        about="A metered renewal waits for a payment method, which the customer has replaced meanwhile.",
        still="select 1 from accrue_metered_renewals where state = 'awaiting_payment_method' limit 1",
    ),
    Row(
        id="exhaust-metered-charge", title="Exhaust a metered charge",
        event="accrue.ops.metered_charge_failed_exhausted", leaves=usage.exhausted_charge,
        about="A hard decline ends the retries of a metered renewal.",
        still="select 1 from accrue_metered_renewals where state = 'failed_exhausted' limit 1",
    ),
    Row(
        id="lose-revenue", title="Lose revenue", event="accrue.ops.revenue_loss", leaves=money.lost_revenue,
        about="The host reports a loss: a refund whose fee it bears.",
    ),
    Row(
        id="exhaust-dunning", title="Give up on a customer", event="accrue.ops.dunning_exhaustion",
        labels={"source": "stripe_native"}, leaves=money.exhausted_dunning,
        also=("accrue_ops_dunning_exhausted_count",), about="Dunning ends a subscription, and says so twice.",
    ),
    Row(
        id="start-dunning-campaigns", title="Start many dunning campaigns", by=25,
        event="accrue.ops.dunning_campaign_started", leaves=money.started_campaigns,
        about="Twenty-five first payments fail within the hour.",
    ),
    Row(
        id="climb-dunning-steps", title="Send final notices", event="accrue.ops.dunning_step_sent", by=60,
        leaves=money.final_notices, about="Dunning mails climb towards the final notice.",
    ),
    Row(
        id="recover-dunning", title="Recover a customer", event="accrue.ops.dunning_recovered",
        labels={"source": "stripe_native"}, leaves=money.recovered, about="A customer in dunning has paid.",
    ),
    Row(
        id="fail-charges", title="Decline charges", event="accrue.ops.charge_failed", by=15,
        leaves=money.failed_charges, about="Fifteen charges fail within the hour.",
    ),
    Row(
        id="expire-incomplete", title="Abandon checkouts", event="accrue.ops.incomplete_expired", by=9,
        leaves=money.expired_checkouts, about="Nine subscriptions expire before their first payment.",
    ),
    Row(
        id="lose-pdf", title="Stop ChromicPDF", event="accrue.ops.pdf_adapter_unavailable",
        labels={"type": "invoice_finalized"}, leaves=queues.unavailable_pdf,
        about="Invoices are mailed with a link, for no PDF can be made.",
    ),
    Row(
        id="deauthorize-account", title="Disconnect a seller", event="accrue.ops.connect_account_deauthorized",
        leaves=connect.deauthorized, about="A connected account is deauthorized, and no local row is found for it.",
    ),
    Row(
        id="lose-capability", title="Take a capability away", event="accrue.ops.connect_capability_lost",
        labels={"capability": "transfers"}, leaves=connect.lost_capability,
        about="Transfers to a seller are off until a requirement is met.",
    ),
    Row(
        id="fail-payout", title="Return a payout", event="accrue.ops.connect_payout_failed",
        leaves=connect.failed_payout, about="A seller's bank sends a payout back.",
    ),
    Row(
        id="break-discount-mapping", title="Lose a coupon", event="accrue.ops.discount_mapping_invalid",
        leaves=money.invalid_mapping, about="A code that customers type names a coupon that is gone.",
        still="select 1 from accrue_discount_mappings where invalid_reason is not null limit 1",
    ),
    Row(
        id="fail-customer-sync", title="Lose a customer's change", leaves=money.stale_customer,
        event="accrue.ops.customer_projection_sync_failed",
        about="A customer is changed at Stripe, and the host fails to keep the change.",
    ),
    Row(
        id="truncate-entitlements", title="Truncate entitlements", event="accrue.ops.entitlement_summary_truncated",
        about="A webhook's entitlement summary has more than it holds.",
    ),
    Row(
        id="stick-webhooks", title="Leave webhooks in processing", by=4, leaves=webhooks.stuck_webhooks,
        about="A node dies while it works on four webhooks; nothing takes them up again.",
        still="select 1 from accrue_webhook_events where status = 'processing' limit 1",
    ),
    Row(
        id="grow-dlq", title="Grow the dead-letter queue", by=12, leaves=webhooks.growing_queue,
        about="A dozen webhooks of one type die within the hour.",
        still="select 1 from accrue_webhook_events where status = 'dead' and type like 'invoice.payment_%' limit 1",
    ),
    Row(
        id="stall-mail", title="Leave the mail queue paused", by=7, leaves=queues.stalled_mail,
        about="Somebody paused the mail queue, and mail piles up.", still=_WAITING.format("accrue_mailers"),
    ),
    Row(
        id="stall-meters", title="Leave the meter queue paused", by=2, leaves=usage.pending_usage,
        about="Usage is not reported, for its queue is paused.", still=_WAITING.format("accrue_meters"),
    ),
    Row(
        id="leave-charge-fees", title="Leave charge fees open", leaves=money.unsettled_charge_fees,
        about="The fees of charges two days old are not settled.",
        still=f"select 1 from accrue_charges {_UNSETTLED}",
    ),
    Row(
        id="leave-refund-fees", title="Leave refund fees open", leaves=money.unsettled_refund_fees,
        about="The fees of refunds two days old are not settled.", still=f"select 1 from accrue_refunds {_UNSETTLED}",
    ),
    Row(
        id="skip-expiring-cards", title="Skip the notices of expiring cards", leaves=queues.unnoticed_cards,
        about="The job that warns of expiring cards has not run for four days.",
        still="""select 1 where not exists (select 1 from oban_jobs where worker = 'Accrue.Jobs.DetectExpiringCards'
                 and state = 'completed' and completed_at > (now() at time zone 'utc') - interval '26 hours')""",
    ),
    Row(
        id="fail-portal", title="Fail portal sessions", by=6, also=(
            "accrue_billing_billing_portal_create_exception_count",
        ),
        about="Customers cannot open the billing portal.",
    ),
    Row(
        id="fail-checkout", title="Fail checkout sessions", by=6, also=(
            "accrue_billing_checkout_session_create_exception_count",
        ),
        about="Customers cannot start a checkout.",
    ),
)  # fmt: skip


def breaks(host: AccrueHost, books: Books, ids: Ids) -> list[Break[Options]]:
    """Every row as something to break."""
    return [_break(row, host, books, ids) for row in ROWS]


def _break(row: Row, host: AccrueHost, books: Books, ids: Ids) -> Break[Options]:
    return Break(
        id=row.id,
        title=row.title,
        system="accrue",
        about=row.about,
        options=Options,
        begin=_begin(row, host, books, ids),
        is_running=_is_running(row, host),
    )


def _begin(row: Row, host: AccrueHost, books: Books, ids: Ids) -> Callable[[Options], Obj]:
    def begin(options: Options) -> Obj:
        count = options.count or row.by
        with host.engine.begin() as connection:
            touched = row.leaves(Ground(connection=connection, host=host, books=books, ids=ids, count=count))
        # Counted after the rows are there: whoever reacts to the alert finds them.
        if row.event is not None:
            host.tell(row.event, count, **row.labels)
            host.forward(row.event, {**row.labels, **touched})
        for metric in row.also:
            host.meters.inc(metric, count, **row.labels)
        host.note(row.id)
        return touched

    return begin


def _is_running(row: Row, host: AccrueHost) -> Callable[[], bool]:
    def is_running() -> bool:
        if row.still is None:
            return host.is_recent(row.id, within=_LASTS)
        with host.engine.connect() as connection:
            return connection.execute(text(row.still)).first() is not None

    return is_running
