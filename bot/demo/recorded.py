"""Recorded webhooks, posted with today's times and names while something is broken in the local world."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Self, TypeAlias

import httpx
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel, ConfigDict

_NEVER = "0001-01-01T00:00:00Z"

Labels: TypeAlias = frozenset[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Series:
    """The gauge an alert is about: each of its series above a threshold, as alerts.yml has it, is one alert."""

    path: str
    metric: str
    above: float


# An alert that names something, such as an invoice, names what is broken now and not what was broken when it was
# recorded. The others are about counters without names, and fire for as long as their scenario runs.
_SERIES = {
    "usage-drift": _Series(path="/hosts/stripemeter-worker/metrics", metric="reconciliation_diff_pct", above=0.005),
    "suppress-invoice-email": _Series(path="/hosts/adventive/metrics", metric="adventive_invoice_undelivered", above=0),
}


class Recorded:
    """Posts the webhook a real Alertmanager sent for a scenario, whenever what it would tell has changed."""

    def __init__(self, *, world: str, bot: str, token: str) -> None:
        self._world = httpx.Client(base_url=world, timeout=5)
        self._bot = httpx.Client(base_url=bot, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        self._since: dict[str, dict[Labels, datetime]] = {}

    def look(self) -> None:
        """Compare what is broken now with what was, and post what changed."""
        for scenario in self._world.get("/world/scenarios").raise_for_status().json():
            if not _is_recorded(scenario["id"]):
                continue  # only some of what can be broken has been recorded; the rest needs Prometheus
            self._tell(scenario["id"], self._broken(scenario["id"]) if scenario["running"] else ())

    def _broken(self, scenario: str) -> Sequence[Labels]:
        series = _SERIES.get(scenario)
        if series is None:
            return (frozenset(),)
        page = self._world.get(series.path).raise_for_status().text
        return [
            frozenset(sample.labels.items())
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == series.metric and sample.value > series.above
        ]

    def _tell(self, scenario: str, broken: Sequence[Labels]) -> None:
        now, before = datetime.now(UTC), self._since.get(scenario, {})
        firing = {labels: before.get(labels, now) for labels in broken}
        if firing.keys() == before.keys():
            return
        ended = {labels: since for labels, since in before.items() if labels not in firing}
        recorded = _Webhook.model_validate_json(_recording(scenario))
        alerts = [recorded.alerts[0].about(labels, since, ended=None) for labels, since in firing.items()]
        alerts += [recorded.alerts[0].about(labels, since, ended=now) for labels, since in ended.items()]
        body = recorded.telling(alerts, status="firing" if firing else "resolved")
        self._bot.post("/alertmanager", json=body.model_dump()).raise_for_status()
        self._since[scenario] = firing


class _Alert(BaseModel):
    """An alert of a webhook, as far as it is changed here."""

    model_config = ConfigDict(extra="allow", frozen=True)
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str  # noqa: N815 - Alertmanager's words, here and below
    endsAt: str  # noqa: N815
    generatorURL: str  # noqa: N815
    fingerprint: str

    def about(self, labels: Labels, since: datetime, *, ended: datetime | None) -> Self:
        """The alert with these labels instead of its own, also where its annotations name them."""
        here = self.labels | dict(labels)
        return self.model_copy(
            update={
                "status": "resolved" if ended else "firing",
                "labels": here,
                "annotations": {name: self._renamed(text, here) for name, text in self.annotations.items()},
                "startsAt": since.isoformat(),
                "endsAt": ended.isoformat() if ended else _NEVER,
                "generatorURL": "",  # there is no Prometheus to look at
                "fingerprint": hashlib.sha256(json.dumps(here, sort_keys=True).encode()).hexdigest()[:16],
            }
        )

    def _renamed(self, text: str, here: Mapping[str, str]) -> str:
        for name, value in self.labels.items():
            text = text.replace(value, here[name])
        return text


class _Webhook(BaseModel):
    """A recorded body, as far as it is changed here."""

    model_config = ConfigDict(extra="allow", frozen=True)
    status: str
    alerts: list[_Alert]
    commonLabels: dict[str, str]  # noqa: N815
    commonAnnotations: dict[str, str]  # noqa: N815
    externalURL: str  # noqa: N815

    def telling(self, alerts: Sequence[_Alert], *, status: str) -> Self:
        """The body with these alerts instead of its own."""
        return self.model_copy(
            update={
                "status": status,
                "alerts": list(alerts),
                "commonLabels": _shared([alert.labels for alert in alerts]),
                "commonAnnotations": _shared([alert.annotations for alert in alerts]),
                "externalURL": "",  # nor an Alertmanager
            }
        )


def _recording(scenario: str) -> str:
    return (resources.files("bot.demo") / "webhooks" / f"{scenario}.json").read_text()


def _is_recorded(scenario: str) -> bool:
    return (resources.files("bot.demo") / "webhooks" / f"{scenario}.json").is_file()


def _shared(each: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """What all of them say alike."""
    return dict(set.intersection(*(set(one.items()) for one in each)))
