"""One incident's whole story, told with real jobs over one database: alert, diagnosis, request, vote, call, check."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import yaml

from bot.core.ports import HttpCall, HttpReply, Json
from bot.engine.catalog import Catalog, parse
from bot.jobs.incidents.diagnose import Diagnoser
from bot.jobs.incidents.fold import Fold
from bot.jobs.incidents.snapshots import Snapshots
from bot.jobs.incidents.storms import Storms
from bot.metrics.own import Metrics
from bot.store import contents, deliveries, incidents
from bot.store.database import Database
from bot.store.deliveries import Delivery, Source
from tests.kit.trust import ACTION, APPROVER, LEAD, UNDO, Host, Office


def _question(name: str, title: str, **shown: str) -> Mapping[str, Any]:
    show = {field: {"path": field, "as": shown_as} for field, shown_as in shown.items()}
    return {"id": name, "title": title, "http": {"at": "api", "get": f"/{name}", "show": show}}


SYSTEM: Mapping[str, Any] = {
    "system": "ledger",
    "title": "Ledger",
    "match": ['system="ledger"'],
    "channel": "#billing",
    "approvers": {"oncall": {"usergroup": "S0ONCALL"}, "leads": {"users": [LEAD]}},
    "resources": {"api": {"http": "env:LEDGER_URL"}},
    "rules": [{"event": "ledger.ops.dead", "alert": ['alertname="Dead"'], "runbook": "ledger/dead"}],
}
RUNBOOK: Mapping[str, Any] = {
    "title": "Dead events",
    "diagnose": [
        _question("health", "Health", status="enum"),
        _question("backlog", "Backlog", n="count"),
        _question("gone", "An old page", n="count"),
    ],
    "conclude": [
        {"when": "backlog.n > 0", "say": "{{ backlog.n }} events are dead.", "suggest": ["replay"]},
        {"when": "gone.n > 0", "say": "The old page counts them too."},
    ],
    "actions": [ACTION, UNDO],
}


class NumberedHost(Host):
    """The ledger, which gives each call that changes something a number of its own."""

    def send(self, call: HttpCall, *, timeout: float) -> HttpReply:
        reply = super().send(call, timeout=timeout)
        return replace(reply, request_id=f"req-{len(self.effects):04d}") if call.method == "POST" else reply


@dataclass
class Story(Office):
    """An office whose content is files, and whose incident comes by webhook."""

    def __post_init__(self) -> None:
        self.catalog = catalog(RUNBOOK)
        self.host = NumberedHost()
        super().__post_init__()
        diagnoser = Diagnoser(
            database=self.database,
            contents=self.contents,
            resources=self.resources,
            asker=self.means.asker,
            show=self.shown,
            now=self.now,
        )
        self.handlers = {**self.handlers, "diagnose": diagnoser.diagnose}
        snapshots = Snapshots(
            catalog=lambda: self.catalog,
            enqueue=self.enqueue,
            show=self.shown,
            new_id=self.new_id,
            fallback="#billing",
        )
        storms = Storms(
            database=self.database,
            show=self.shown,
            new_id=self.new_id,
            above=10,
            now=self.now,
        )
        self.fold = Fold(database=self.database, snapshots=snapshots, storms=storms, metrics=Metrics(), now=self.now)
        with self.database.begin() as conn:
            contents.keep(conn, revision=self.catalog.revision, files=self.catalog.files, now=self.at)

    def contents(self, revision: str) -> Any:
        return self.catalog

    def receive(self, body: bytes) -> str:
        """Take a webhook in, fold it, and have everything that follows done; the id of the incident it concerns."""
        with self.database.begin() as conn:
            deliveries.add(conn, [Delivery(source=Source.ALERTMANAGER, received_at=self.at, body=body)])
        while not self.fold.turn().is_done:
            pass
        self.work()
        with self.database.read() as conn:
            ((key, _),) = incidents.counts(conn).items()
            assert key[0] == "ledger"
            return str(conn.exec_driver_sql("SELECT id FROM incidents").scalar_one())


def tell(database: Database, *, change: Callable[[Story], None] = lambda _: None, **webhook: Any) -> tuple[Story, str]:
    """An incident that was diagnosed, replayed with approval, verified and resolved; the story and its id."""
    story = Story(database)
    change(story)
    incident_id = story.receive(notification(**webhook))
    request_id = story.ask(incident_id=incident_id, reason="customers wait; told by jane@example.com")
    story.approve(request_id, APPROVER)
    story.pass_time(timedelta(minutes=2))
    story.receive(notification(status="resolved", **webhook))
    return story, incident_id


def catalog(runbook: Mapping[str, Any]) -> Catalog:
    """Content as it comes from files."""
    return parse({"rules/ledger.yml": _yaml(SYSTEM), "runbooks/ledger/dead.yml": _yaml(runbook)}).catalog


def notification(
    *, status: str = "firing", labels: Mapping[str, str] | None = None, annotations: Mapping[str, str] | None = None
) -> bytes:
    """A webhook about one alert of the ledger."""
    alert: dict[str, Json] = {
        "status": status,
        "labels": {"alertname": "Dead", "system": "ledger", "severity": "critical", **(labels or {})},
        "annotations": {"summary": "Two events are dead", **(annotations or {})},
        "startsAt": "2026-11-21T11:50:00Z",
        "endsAt": "2026-11-21T12:01:30Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph?g0.expr=dead",
        "fingerprint": "f8cb48ba4c81cb37",
    }
    return json.dumps(
        {
            "version": "4",
            "receiver": "bot",
            "status": status,
            "groupKey": '{}:{alertname="Dead"}',
            "groupLabels": {"alertname": "Dead"},
            "commonLabels": alert["labels"],
            "commonAnnotations": alert["annotations"],
            "externalURL": "http://alertmanager.example",
            "truncatedAlerts": 0,
            "alerts": [alert],
        }
    ).encode()


def _yaml(document: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(document), sort_keys=False)
