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


def test_what_no_rule_takes_is_simulated_with_the_nearest_miss() -> None:
    code, said = call("simulate", "--event", "market.orders.late")

    assert code == 0
    assert "rule     none" in said
    assert "no rule takes it: it is shown as an incident without questions" in said


def test_of_rules_that_miss_by_as_much_the_one_called_most_alike_is_nearest(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    text = (DATA / "good" / "rules" / "shop.yml").read_text()
    other = "".join(f"  - {{event: shop.{each}, runbook: shop/late-orders}}\n" for each in ("lost", "returns.open"))
    (rules / "shop.yml").write_text(text.replace("  - event: shop.orders.*\n    runbook: shop/late-orders\n", other))

    result = CliRunner().invoke(app, ["explain", "--event", "shop.returns.opne", *CONTENT, "--rules", str(rules)])

    assert result.exit_code == 1
    assert "nearest: shop: shop.returns.open -> shop/late-orders: it is shop.returns.opne" in result.output


def test_a_label_that_is_an_elixir_tuple_names_the_same_event(tmp_path: Path) -> None:
    code, said = call("explain", alert(tmp_path, ops_event="[:shop, :orders, :lost]"))

    assert code == 0
    assert said.startswith("taken by shop: shop.orders.* -> shop/late-orders\n")


def test_an_alert_of_no_system_is_told_so_in_a_line_for_each(tmp_path: Path) -> None:
    code, said = call("explain", alert(tmp_path, system=None))

    assert code == 1
    assert "shop: none of its 2 rules, for it is not shop's: there is no label system" in said


def test_an_alert_that_is_over_is_played_as_if_it_fired_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "alert.json"
    file.write_text(json.dumps({"labels": LABELS, "status": "resolved", "endsAt": "2026-11-20T12:30:00Z"}))

    code, said = call("simulate", str(file))

    assert code == 0
    assert said.startswith("=== alert 1 of 1 (it is resolved; played as if it fired)\n")


def test_moments_and_links_are_shown_as_people_read_them(tmp_path: Path) -> None:
    _, said = call("simulate", alert(tmp_path))

    assert "2026-11-20 12:00 UTC" in said
    assert "<!date" not in said
    assert "Prometheus (https://prometheus.example/" in said


def test_an_event_is_read_as_the_bot_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"event": "shop.orders.late", "metadata": {"region": "fr", "more": {"deep": 1}}}))

    code, said = call("simulate", str(file))

    assert code == 0
    assert "param    region = fr" in said


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("a.json", '{"labels": {}}', "a.json: labels: ", id="no-labels"),
        pytest.param("a.json", "[]", "a.json: body: ", id="a-list"),
        pytest.param("a.json", "{}", "(a webhook body, one alert, or an ops event)", id="nothing"),
        pytest.param("a.json", '{"event": "shop.orders.late", "metadata": []}', "a.json: metadata: ", id="metadata"),
        pytest.param("a.txt", "title: x", "a trial's name ends in .yml", id="another-ending"),
        pytest.param("a.yml", "system: shop\nrules: []\n", "this is a rules file, and no trial", id="rules"),
        pytest.param("a.yml", "title: x\ndiagnose: []\n", "this is a runbook, and no trial", id="runbook"),
        pytest.param("a.yml", "title: x\nalert: {labels: {a: b}}\nexpct: {}\n", "did you mean expect?", id="a-slip"),
    ],
)
@pytest.mark.parametrize("command", ["simulate", "explain"])
def test_what_cannot_be_read_is_told_in_plain_words(
    tmp_path: Path, command: str, name: str, text: str, said: str
) -> None:
    file = tmp_path / name
    file.write_text(text)

    code, output = call(command, str(file))

    assert code == 2
    assert said in output
    assert "pydantic" not in output


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
