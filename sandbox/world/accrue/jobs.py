"""What the host's other Oban workers do: reconcilers, metered settlement, notices of expiring cards, mail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, text

from sandbox.world.accrue import rows
from sandbox.world.http import Obj

Handler: TypeAlias = Callable[[Connection, Obj, datetime], list[str]]
"""Does one job with its arguments and answers what it changed."""

EXPIRES_WITHIN = 30  # days; Accrue warns 30, 7 and 1 days ahead


@dataclass(frozen=True, kw_only=True, slots=True)
class Worker:
    """An Oban worker: its queue, and what it does; `path` is what an operator may start by hand."""

    queue: str
    handle: Handler
    path: str | None = None


def _meters(connection: Connection, _: Obj, now: datetime) -> list[str]:
    return rows.change(
        connection,
        """update accrue_meter_events set stripe_status = 'reported', reported_at = :now, updated_at = :now
           where stripe_status = 'pending' and inserted_at < cast(:now as timestamp) - interval '60 seconds'
           returning id""",
        now=now,
    )


def _charge_fees(connection: Connection, _: Obj, now: datetime) -> list[str]:
    return rows.change(
        connection,
        """update accrue_charges set fees_settled_at = :now, updated_at = :now, stripe_fee_currency = currency,
             stripe_fee_amount_minor = amount_cents * 29 / 1000 + 30
           where fees_settled_at is null and status = 'succeeded'
             and inserted_at < cast(:now as timestamp) - interval '24 hours' returning id""",
        now=now,
    )


def _refund_fees(connection: Connection, _: Obj, now: datetime) -> list[str]:
    return rows.change(
        connection,
        """update accrue_refunds set fees_settled_at = :now, updated_at = :now, stripe_fee_refunded_amount_minor = 0,
             merchant_loss_amount_minor = amount_minor * 29 / 1000
           where fees_settled_at is null and inserted_at < cast(:now as timestamp) - interval '24 hours'
           returning id""",
        now=now,
    )


def _renewals(connection: Connection, _: Obj, now: datetime) -> list[str]:
    """Each window that waits gets the job that settles it."""
    waiting = rows.change(connection, "select id from accrue_metered_renewals where state = 'pending'")
    for renewal in waiting:
        insert(connection, "Accrue.Jobs.ProcessMeteredRenewal", {"metered_renewal_id": renewal}, now=now)
    return waiting


def _settle(connection: Connection, args: Obj, now: datetime) -> list[str]:
    """One charge unit per window, used again by every retry; without a default payment method the window waits."""
    renewal = rows.one(
        connection,
        """select r.id, r.state, r.invoice_id, p.id as method from accrue_metered_renewals r
           left join accrue_payment_methods p on p.customer_id = r.customer_id and p.is_default
           where r.id = :id""",
        id=args["metered_renewal_id"],
    )
    if renewal["state"] == "paid":
        return []
    to = "paid" if renewal["method"] else "awaiting_payment_method"
    values = {"id": renewal["id"], "to": to, "method": renewal["method"], "now": now}
    for statement in _SETTLE:
        connection.execute(statement, values)
    return [str(renewal["id"])] if to == "paid" else []


def _expiring(connection: Connection, _: Obj, now: datetime) -> list[str]:
    return rows.change(
        connection,
        """insert into accrue_events (type, actor_type, subject_type, subject_id, data, inserted_at)
           select 'card.expiring_soon', 'oban', 'PaymentMethod', cast(id as text), '{}', :now
           from accrue_payment_methods
           where make_date(exp_year, exp_month, 1) + interval '1 month' <= cast(:now as timestamp) + interval '30 days'
           returning subject_id""",
        now=now,
    )


def _nothing(_: Connection, __: Obj, ___: datetime) -> list[str]:
    """A mail that is sent changes no row."""
    return []


WORKERS: Mapping[str, Worker] = {
    "Accrue.Jobs.MeterEventsReconciler": Worker(queue="accrue_meters", handle=_meters, path="meters"),
    "Accrue.Jobs.MeteredRenewalReconciler": Worker(queue="accrue_meters", handle=_renewals, path="renewals"),
    "Accrue.Jobs.ProcessMeteredRenewal": Worker(queue="accrue_meters", handle=_settle),
    "Accrue.Jobs.ReconcileChargeFees": Worker(queue="accrue_reconcilers", handle=_charge_fees, path="charge_fees"),
    "Accrue.Jobs.ReconcileRefundFees": Worker(queue="accrue_reconcilers", handle=_refund_fees, path="refund_fees"),
    "Accrue.Jobs.DetectExpiringCards": Worker(queue="accrue_scheduled", handle=_expiring, path="expiring_cards"),
    "Accrue.Workers.Mailer": Worker(queue="accrue_mailers", handle=_nothing),
}
BY_PATH = {worker.path: name for name, worker in WORKERS.items() if worker.path}


def insert(connection: Connection, worker: str, args: Obj, *, now: datetime, scheduled: datetime | None = None) -> int:
    """`Oban.insert` of one job of this worker; answers its id."""
    return int(
        rows.put(
            connection, "oban_jobs", state="available", queue=WORKERS[worker].queue, worker=worker, args=args,
            max_attempts=3, inserted_at=scheduled or now, scheduled_at=scheduled or now,
        )
    )  # fmt: skip


def work(connection: Connection, *, running: list[str], now: datetime) -> list[tuple[str, list[str]]]:
    """Every job that is due in a running queue, done; answers each worker with what it changed."""
    due = connection.execute(_DUE, {"queues": running, "workers": list(WORKERS), "now": now}).all()
    done = []
    for job in due:
        done.append((str(job.worker), WORKERS[job.worker].handle(connection, dict(job.args), now)))
        connection.execute(_DONE, {"job": job.id, "now": now})
    return done


_DUE = text(
    """select id, worker, args from oban_jobs
       where state = 'available' and queue = any(:queues) and worker = any(:workers) and scheduled_at <= :now
       order by id limit 50 for update skip locked"""
)
_DONE = text(
    """update oban_jobs set state = 'completed', attempt = attempt + 1, attempted_at = :now, completed_at = :now
       where id = :job"""
)
_SETTLE = (
    text(
        """insert into accrue_metered_charge_attempts (metered_renewal_id, status, attempted_payment_method_id,
             failure_class, paid_at, inserted_at, updated_at)
           values (:id, :to, :method, case when :to = 'paid' then null else 'payment_method_required' end,
             case when :to = 'paid' then cast(:now as timestamp) end, :now, :now)
           on conflict (metered_renewal_id) do update set status = excluded.status, paid_at = excluded.paid_at,
             attempted_payment_method_id = excluded.attempted_payment_method_id,
             failure_class = excluded.failure_class, updated_at = excluded.updated_at"""
    ),
    text(
        """update accrue_metered_renewals set state = :to, updated_at = :now, invoice_status = 'authored',
             paid_at = case when :to = 'paid' then cast(:now as timestamp) end where id = :id"""
    ),
    text(
        """update accrue_invoices i set status = 'paid', paid_at = :now, amount_paid_minor = amount_due_minor,
             amount_remaining_minor = 0, updated_at = :now
           from accrue_metered_renewals r where r.id = :id and i.id = r.invoice_id and r.state = 'paid'"""
    ),
)
