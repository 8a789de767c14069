"""Our matchers and Alertmanager's own agree; amtool is asked (Debian: prometheus-alertmanager)."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.core.matching import Matcher
from tests.kit.matchers import ACCEPTED, REFUSED, REFUSED_BY_US, Case

AMTOOL = shutil.which("amtool")
pytestmark = pytest.mark.skipif(
    AMTOOL is None, reason="amtool is not installed: apt-get install prometheus-alertmanager"
)


def _amtool(folder: Path, matcher: str, labels: Mapping[str, str]) -> str:
    """What amtool prints: the receiver that an alert with these labels is routed to, or an error."""
    config = {
        "route": {"receiver": "other", "routes": [{"receiver": "hit", "matchers": [matcher]}]},
        "receivers": [{"name": "other"}, {"name": "hit"}],
    }
    file = folder / "alertmanager.yml"
    file.write_text(json.dumps(config))  # JSON is YAML
    command = [str(AMTOOL), "config", "routes", "test", f"--config.file={file}"]
    asked = subprocess.run(
        [*command, *(f"{name}={value}" for name, value in labels.items())],
        capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip
    return asked.stdout.strip() if asked.returncode == 0 else "error"


@pytest.mark.parametrize("case", [pytest.param(case, id=case.matcher) for case in ACCEPTED])
def test_a_matcher_means_what_it_means_to_alertmanager(case: Case, tmp_path: Path) -> None:
    routed = _amtool(tmp_path, case.matcher, case.labels)

    assert routed == ("hit" if Matcher(case.matcher).matches(case.labels) else "other")


@pytest.mark.parametrize("matcher", REFUSED)
def test_what_alertmanager_refuses_is_refused(matcher: str, tmp_path: Path) -> None:
    assert _amtool(tmp_path, matcher, {"x": "1"}) == "error"


@pytest.mark.parametrize("matcher", REFUSED_BY_US)
def test_what_its_releases_read_differently_is_refused_too(matcher: str) -> None:
    with pytest.raises(ValueError, match=r"matcher|escape|expression"):
        Matcher(matcher)
