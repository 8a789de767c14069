"""`countersign simulate` and `explain`, from files to exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from tests.kit.samples import DATA

CONTENT = ["--rules", str(DATA / "good" / "rules"), "--runbooks", str(DATA / "good" / "runbooks")]
LABELS = {"ops_event": "shop.orders.late", "system": "shop", "severity": "warning", "region": "de"}


def call(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*arguments, *CONTENT])
    return result.exit_code, result.output


def alert(tmp_path: Path, **changes: str | None) -> str:
    labels = {name: value for name, value in {**LABELS, **changes}.items() if value is not None}
    file = tmp_path / "alert.json"
    file.write_text(json.dumps({"labels": labels}))
    return str(file)


def test_an_alert_is_played_without_asking_anybody(tmp_path: Path) -> None:
    code, said = call("simulate", alert(tmp_path))

    assert code == 0
    assert "runbook  shop/late-orders" in said
    assert 'asks     rate: metrics: sum by (region) (rate(orders_late_total{region="de"}[5m]))' in said
    assert "Orders of de are late." in said


def test_a_recorded_webhook_is_taken_alert_by_alert() -> None:
    code, said = call("simulate", str(DATA / "alertmanager" / "grouped_firing_5.json"))

    assert code == 0
    assert said.count("root message") == 5


def test_the_messages_are_written_as_a_page_that_loads_nothing(tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    code, _ = call("simulate", alert(tmp_path, region="<b>"), "--html", str(page))

    assert code == 0
    assert "default-src 'none'" in page.read_text()
    assert "<b>" not in page.read_text()


def test_a_trial_that_differs_ends_with_1_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "late.yml"
    file.write_text(
        "title: Late\nalert: {labels: {ops_event: shop.orders.late, system: shop, region: de}}\nothers: empty\n"
        "expect: {runbook: shop/other}\n"
    )

    code, said = call("simulate", str(file))

    assert code == 1
    assert f"{file}:4: expect.runbook: expected shop/other, got shop/late-orders" in said


@pytest.mark.parametrize("event", ["shop.orders.late", "[:shop, :orders, :late]"])
def test_an_event_is_explained_by_its_name(event: str) -> None:
    code, said = call("explain", "--event", event)

    assert code == 0
    assert said.startswith("taken by shop: shop.orders.late -> shop/late-orders\n")
    assert "shop: shop.orders.* -> shop/late-orders: fits, but an earlier rule takes it" in said


def test_a_near_miss_is_named(tmp_path: Path) -> None:
    code, said = call("explain", alert(tmp_path, system="shpo"))

    assert code == 1
    assert "nearest: shop: shop.orders.late -> shop/late-orders: system is 'shpo'" in said


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("simulate",), id="nothing"),
        pytest.param(("simulate", "none.json"), id="no-such-file"),
        pytest.param(("simulate", "--event", "what"), id="no-event"),
        pytest.param(("explain", "--event", "shop.orders.late", "none.json"), id="both"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    code, _ = call(*arguments)

    assert code == 2
