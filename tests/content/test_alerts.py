"""alerts.yml, held by Prometheus' own tools."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULE_TESTS = sorted((ROOT / "tests/content/alerts").glob("*.yml"))


def _promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)


def _alert_names() -> set[str]:
    groups = yaml.safe_load((ROOT / "alerts.yml").read_text())["groups"]
    return {rule["alert"] for group in groups for rule in group["rules"]}


def test_prometheus_accepts_every_rule_without_a_lint_warning() -> None:
    checked = _promtool("check", "rules", "--lint=all", ROOT / "alerts.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_alerts_fire_and_resolve_when_they_should(file: Path) -> None:
    tested = _promtool("test", "rules", file)

    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_a_unit_test_in_which_it_fires() -> None:
    fired = {
        case["alertname"]
        for file in RULE_TESTS
        for test in yaml.safe_load(file.read_text())["tests"]
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }

    assert fired == _alert_names()


def test_every_alert_says_whose_it_is_how_grave_and_what_its_value_is() -> None:
    groups = yaml.safe_load((ROOT / "alerts.yml").read_text())["groups"]
    lacking = {
        rule["alert"]: missing
        for group in groups
        for rule in group["rules"]
        if (
            missing := {
                *({"system", "team", "severity", "ops_event"} - rule["labels"].keys()),
                *({"summary", "description", "runbook_url"} - rule["annotations"].keys()),
                *(() if "$value" in rule["annotations"].get("description", "") else ("$value",)),
            }
        )
    }

    assert lacking == {}


def test_every_alert_links_to_a_runbook_file_that_exists() -> None:
    linked = re.findall(r"runbook_url: (\S+)", (ROOT / "alerts.yml").read_text())

    assert len(linked) == len(_alert_names())
    assert [path for path in linked if not (ROOT / path).is_file()] == []
