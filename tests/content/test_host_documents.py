"""docs/hosts: what a host is asked to give is what the shipped content asks for."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from sandbox.world.accrue.host import FORWARDED
from tests.kit.coverage import shipped

ROOT = Path(__file__).parents[2]
NAMES = {  # the resource of a path, as Stripe's page of restricted keys calls it
    "accounts": "Accounts",
    "balance_transactions": "Balance Transactions",
    "billing/meters": "Billing Meters",
    "charges": "Charges",
    "checkout/sessions": "Checkout Sessions",
    "coupons": "Coupons",
    "credit_notes": "Credit Notes",
    "customers": "Customers",
    "disputes": "Disputes",
    "events": "Events",
    "invoices": "Invoices",
    "payment_methods": "Payment Methods",
    "payouts": "Payouts",
    "prices": "Prices",
    "promotion_codes": "Promotion Codes",
    "refunds": "Refunds",
    "subscriptions": "Subscriptions",
    "transfers": "Transfers",
    "webhook_endpoints": "Webhook Endpoints",
}


def steps() -> Iterator[dict[str, object]]:
    """Every `stripe:` step of the shipped content."""
    for file in sorted([*ROOT.glob("rules/*.yml"), *ROOT.glob("runbooks/*/*.yml")]):
        yield from _within(yaml.safe_load(file.read_text()))


def _within(node: object) -> Iterator[dict[str, object]]:
    if isinstance(node, dict):
        if isinstance(node.get("stripe"), dict):
            yield node["stripe"]
        for value in node.values():
            yield from _within(value)
    elif isinstance(node, list):
        for each in node:
            yield from _within(each)


def resources(*verbs: str) -> set[str]:
    """What is asked for, or changed, by its name on Stripe's page."""
    paths = [str(step[verb]) for step in steps() for verb in verbs if verb in step]
    found = [re.match(r"/v1/(billing/meters|checkout/sessions|[a-z_]+)", path) for path in paths]
    return {NAMES[each[1]] for each in found if each is not None}


def permitted(column: int) -> set[str]:
    """The resources whose row of docs/hosts/stripe.md has something in this column."""
    text = (ROOT / "docs/hosts/stripe.md").read_text().partition("| resource |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]
    return {name.strip() for row in rows if row[column] for name in row[0].split(",")}


def test_the_reading_key_may_read_what_is_asked_and_nothing_more() -> None:
    assert permitted(1) == resources("get")


def test_the_writing_key_may_write_what_is_changed_and_nothing_more() -> None:
    assert permitted(2) == resources("post", "delete")


def test_an_event_that_a_host_forwards_begins_as_grave_as_its_alert_says() -> None:
    """Else every such thread would be told a moment later that it has become worse."""
    groups = yaml.safe_load((ROOT / "alerts.yml").read_text())["groups"]
    alerts = {rule["labels"]["ops_event"]: rule["labels"]["severity"] for group in groups for rule in group["rules"]}
    rules = {rule.event: rule.severity or "warning" for rule in shipped().content.systems["accrue"].rules}

    assert {event: rules[event] for event in FORWARDED} == {event: alerts[event] for event in FORWARDED}
