"""Configuration of the demonstration's Prometheus and Alertmanager, around the shipped alerts.yml."""

import re
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import yaml

from bot.core.quoting import duration

PROMETHEUS = "prometheus"
ALERTMANAGER = "prometheus-alertmanager"
_RANGE = re.compile(r"(?P<before>\[|offset )(?P<length>\d+[smhdw])")
_FOR = re.compile(r"^(?P<before>\s+for: )(?P<length>\d+[smhdw])$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scrape:
    """One target: where its metrics are."""

    job: str
    address: str
    path: str


def missing() -> tuple[str, ...]:
    """The Debian packages whose program is not here."""
    return tuple(package for package in (PROMETHEUS, ALERTMANAGER) if shutil.which(package) is None)


def hurried(rules: str, *, longest: timedelta) -> str:
    """The rules with every window at most `longest` and every `for` at most 2 s, so that nobody need wait a day.

    >>> hurried('increase(x[1d]) unless x offset 10m', longest=timedelta(seconds=30))
    'increase(x[30s]) unless x offset 30s'
    """
    shorter = _RANGE.sub(lambda found: found["before"] + _at_most(found["length"], longest), rules)
    return _FOR.sub(lambda found: found["before"] + _at_most(found["length"], timedelta(seconds=2)), shorter)


def _at_most(length: str, limit: timedelta) -> str:
    return length if duration(length) <= limit else f"{int(limit.total_seconds())}s"


def write_rules(folder: Path, rules: str) -> None:
    """Write the rules that prometheus.yml names."""
    (folder / "alerts.yml").write_text(rules)


def write_prometheus(folder: Path, *, targets: tuple[Scrape, ...], alertmanager: str) -> Path:
    """Write prometheus.yml into `folder`, without rules yet; return it."""
    write_rules(folder, "groups: []\n")
    return _write(
        folder / "prometheus.yml",
        {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["alerts.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
            "scrape_configs": [
                {
                    "job_name": target.job,
                    "metrics_path": target.path,
                    "static_configs": [{"targets": [target.address]}],
                }
                for target in targets
            ],
        },
    )


def write_alertmanager(folder: Path, *, webhook: str, token: str, example: str) -> Path:
    """Write alertmanager.yml into `folder`: the example's inhibition, and one group per alert."""
    return _write(
        folder / "alertmanager.yml",
        {
            "route": {
                "receiver": "countersign",
                "group_by": ["system", "alertname"],
                "group_wait": "1s",
                "group_interval": "2s",
                "repeat_interval": "1h",
            },
            "receivers": [
                {
                    "name": "countersign",
                    "webhook_configs": [
                        {
                            "url": webhook,
                            "send_resolved": True,
                            # A redirect would turn the POST into a GET and lose the alert.
                            "http_config": {"authorization": {"credentials": token}, "follow_redirects": False},
                        }
                    ],
                }
            ],
            "inhibit_rules": yaml.safe_load(example)["inhibit_rules"],
        },
    )


def _write(path: Path, document: object) -> Path:
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path
