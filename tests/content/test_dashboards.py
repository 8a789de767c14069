"""grafana/: made from its sources, and what Grafana's own types say a dashboard is."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DASHBOARDS = sorted((ROOT / "grafana/dashboards").glob("*.json"))

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm; `make check` insists on it")


def types(*files: Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"PATH": path} if path else {})}
    command = [str(ROOT / "tools/check-dashboards"), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)


def test_the_files_are_what_their_sources_say() -> None:
    command = [sys.executable, str(ROOT / "tools/dashboards.py"), "--check"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)

    assert made.returncode == 0, made.stdout + made.stderr
    assert {file.stem for file in DASHBOARDS} == {"overview", "accrue", "stripemeter", "adventive", "aivo", "bot"}


@needs_npm
def test_grafanas_types_take_them_and_refuse_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    document = json.loads(DASHBOARDS[0].read_text())
    document["panels"][1]["titel"] = document["panels"][1].pop("title")
    document["templating"]["list"][0]["type"] = "datasourze"
    wrong.write_text(json.dumps(document, indent=2))

    good, bad = types(), types(wrong)

    assert good.returncode == 0, good.stderr
    assert bad.returncode == 1
    assert "titel" in bad.stderr
    assert "datasourze" in bad.stderr


def test_without_npm_it_is_said_that_nothing_was_checked(tmp_path: Path) -> None:
    for program in ("bash", "dirname", "sha256sum", "cut"):
        (tmp_path / program).symlink_to(str(shutil.which(program)))

    checked = types(path=str(tmp_path))

    assert checked.returncode == 2
    assert "npm is not installed, so the dashboards were NOT held against Grafana's types" in checked.stderr


def test_the_lock_of_the_types_names_versions_and_hashes_and_no_address() -> None:
    text = (ROOT / "tools/grafana-types/package-lock.json").read_text()
    packages = {name: each for name, each in json.loads(text)["packages"].items() if name}

    assert "://" not in text
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())


def test_no_uid_of_a_data_source_is_fixed() -> None:
    provisioned = yaml.safe_load((ROOT / "grafana/provisioning/datasources/countersign.yml").read_text())
    provider = yaml.safe_load((ROOT / "grafana/provisioning/dashboards/countersign.yml").read_text())

    assert all("uid" not in source for source in provisioned["datasources"])
    assert provider["providers"][0]["type"] == "file"


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_it_leads_to_threads_and_runbooks_and_marks_incidents(file: Path) -> None:
    document = json.loads(file.read_text())
    text = file.read_text()

    assert {mark["name"] for mark in document["annotations"]["list"]} == {"Alerts", "Incidents opened"}
    assert "${console}" in text
    assert "app_redirect?channel=${__data.fields.channel}" in text
    assert "${repository}/runbooks/" in text


def test_the_bots_dashboard_shows_the_canary_with_the_threshold_of_its_alert() -> None:
    document = json.loads((ROOT / "grafana/dashboards/bot.json").read_text())
    [panel] = [
        each
        for each in document["panels"]
        if any("countersign_canary_last_success" in target["expr"] for target in each.get("targets", []))
    ]

    assert 900 in [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert [link["url"] for link in panel["links"]] == ["${repository}/runbooks/countersign/canary-stale.yml"]


def test_every_runbook_that_a_panel_links_to_is_there() -> None:
    links = {
        link["url"].removeprefix("${repository}/")
        for file in DASHBOARDS
        for panel in json.loads(file.read_text())["panels"]
        for link in panel.get("links", [])
    }

    assert links
    assert {link for link in links if not (ROOT / link).is_file()} == set()
