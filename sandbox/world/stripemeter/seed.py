"""The rows StripeMeter starts with: one tenant, six metrics, a month of usage that Stripe agrees with."""

import json
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Connection, text

from sandbox.world import keys
from sandbox.world.ids import Ids

METRICS = ("requests", "storage_gb", "seats", "exports")
MORE_METRICS = ("builds", "minutes")
CUSTOMERS = 12
EVENTS_PER_COUNTER = 12

EVENT = text(
    """insert into events (idempotency_key, tenant_id, metric, customer_ref, quantity, ts, meta, inserted_at)
       values (:key, :tenant, :metric, :customer, :quantity, :ts, cast(:meta as jsonb), :inserted)"""
)
_MAPPING = text(
    """insert into price_mappings (tenant_id, metric, aggregation, stripe_account, price_id, subscription_item_id,
                                   currency)
       values (:tenant, :metric, 'sum', :account, :price, :item, 'usd')"""
)
_COUNT = text(
    """insert into counters (tenant_id, metric, customer_ref, period_start, period_end, agg_sum, agg_max, agg_last,
                             watermark_ts, updated_at)
       select tenant_id, metric, customer_ref, date_trunc('month', ts)::date,
              (date_trunc('month', ts) + interval '1 month - 1 day')::date, sum(quantity), max(quantity), max(quantity),
              max(ts), max(inserted_at)
       from events group by 1, 2, 3, 4, 5"""
)
_PUSH = text(
    """insert into write_log (tenant_id, stripe_account, subscription_item_id, period_start, pushed_total,
                              last_request_id, updated_at)
       select m.tenant_id, m.stripe_account, m.subscription_item_id, c.period_start, sum(c.agg_sum), :request, :now
       from price_mappings m join counters c on c.tenant_id = m.tenant_id and c.metric = m.metric
       group by 1, 2, 3, 4"""
)
ITEM = text("select subscription_item_id from price_mappings where metric = :metric and active")
# In the order in which the reconciler pushes, so that the two never wait for each other.
STRIPE_AGREES = text(
    """insert into world.stripe_usage (subscription_item_id, period_start, total)
       select m.subscription_item_id, date_trunc('month', e.ts)::date, sum(e.quantity)
       from price_mappings m join events e on e.tenant_id = m.tenant_id and e.metric = m.metric
       group by 1, 2, m.metric order by m.metric
       on conflict (subscription_item_id, period_start) do update set total = excluded.total"""
)


def seed(connection: Connection, ids: Ids, *, now: datetime) -> None:
    """Usage from the first of this month until now, counted, pushed and agreed."""
    tenant = keys.STRIPEMETER_TENANT
    connection.execute(
        text("insert into organisations (id, name, billing_email) values (:id, :name, :email)"),
        {"id": tenant, "name": "Invented Metering Ltd", "email": ids.person().email},
    )
    connection.execute(
        text("insert into api_keys (organisation_id, prefix, hash) values (:id, 'smk_sandbox', :hash)"),
        {"id": tenant, "hash": "argon2$planted-secret-hash"},
    )
    account = ids.stripe("acct", 16)
    for metrics in (METRICS, MORE_METRICS):
        for metric in metrics:
            names = {"tenant": tenant, "metric": metric, "account": account}
            connection.execute(_MAPPING, {**names, "price": ids.stripe("price"), "item": ids.stripe("si", 14)})
        connection.execute(EVENT, [event for metric in metrics for event in _usage(ids, metric, now=now)])
    connection.execute(_COUNT)
    connection.execute(_PUSH, {"request": ids.stripe("req", 14), "now": now})
    connection.execute(STRIPE_AGREES)


def customers() -> list[str]:
    """The customers' references, as the metered application names them."""
    return [f"team-{number:03d}" for number in range(CUSTOMERS)]


def _usage(ids: Ids, metric: str, *, now: datetime) -> list[dict[str, object]]:
    first = datetime.combine(now.date().replace(day=1), time(), UTC)
    # On the first minutes of a month there is nowhere earlier to put usage: then it all happened just now.
    length = max((now - first) - timedelta(hours=1), timedelta(minutes=1))
    rows: list[dict[str, object]] = []
    for customer in customers():
        for number in range(EVENTS_PER_COUNTER):
            moment = first + length * ((number + ids.random.random()) / EVENTS_PER_COUNTER)
            quantity = ids.random.randrange(40, 400)
            rows.append(event(ids, metric=metric, customer=customer, quantity=quantity, ts=moment, inserted=moment))
    return rows


def event(
    ids: Ids, *, metric: str, customer: str, quantity: float, ts: datetime, inserted: datetime
) -> dict[str, object]:
    """The values of one usage event; its metadata names a person."""
    person = ids.person()
    return {
        "key": str(ids.uuid()), "tenant": keys.STRIPEMETER_TENANT, "metric": metric, "customer": customer,
        "quantity": quantity, "ts": ts, "meta": json.dumps({"user_email": person.email, "user_name": person.name}),
        "inserted": inserted,
    }  # fmt: skip
