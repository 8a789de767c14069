"""A rules file: event patterns, kinds of resources, and names of variables in place of values."""

import pytest
from pydantic import ValidationError

from bot.engine.catalog import parse
from bot.engine.system import DatabaseResource, EventPattern, HttpResource, Rule, System
from tests.kit.samples import good

RULES = "rules/shop.yml"


def system() -> System:
    return parse({RULES: good()[RULES]}).systems["shop"].value


@pytest.mark.parametrize(
    ("written", "event", "fits"),
    [
        ("shop.orders.late", "shop.orders.late", True),
        ("shop.orders.late", "shop.orders.late_again", False),
        ("shop.orders.*", "shop.orders.late", True),
        ("shop.orders.*", "shop.ordersx.late", False),
        ("shop.*", "shop.orders.late", True),
        ("shop.*", "shopping.orders", False),
        ("[:shop, :orders, :late]", "shop.orders.late", True),
    ],
)
def test_an_event_pattern_takes_an_event_or_all_with_a_beginning(written: str, event: str, fits: bool) -> None:
    rule = Rule(event=written, runbook="shop/late-orders")

    assert EventPattern(rule.event).matches(event) is fits


@pytest.mark.parametrize("written", ["*", ".*", "shop", "shop.*.late", "Shop.orders", "shop..late", ""])
def test_an_odd_event_pattern_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="is not an ops event"):
        Rule(event=written, runbook="shop/late-orders")


def test_a_resource_is_of_the_kind_its_key_says() -> None:
    resources = system().resources

    assert resources["orders"] == DatabaseResource(database="env:SHOP_WRITE_DSN", write=True)
    assert isinstance(resources["api"], HttpResource)


def test_a_resource_keeps_the_name_of_its_variable_only() -> None:
    resource = DatabaseResource(database="env:SHOP_READ_DSN")

    assert resource.database == "SHOP_READ_DSN"
    assert DatabaseResource.model_validate(resource.model_dump()) == resource


@pytest.mark.parametrize("value", ["SHOP_READ_DSN", "env:lower", "postgresql://bot:hunter2@db/shop", "env:", "", 3])
def test_a_value_in_place_of_a_variable_is_refused_and_not_repeated(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        DatabaseResource.model_validate({"database": value})

    assert [error["msg"] for error in caught.value.errors()] == [
        "Value error, write env:NAME; addresses and secrets are in the environment, never in a file"
    ]
