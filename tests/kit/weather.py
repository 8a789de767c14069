"""From webhooks to a local workspace, on a clock that a test moves: many incidents, and what people see of them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import yaml

from bot.core.ports import Json
from bot.desk import Declined, Done, open_thread
from bot.engine.catalog import parse
from bot.jobs.incidents.fold import Fold
from bot.jobs.incidents.snapshots import Snapshots
from bot.jobs.incidents.storms import Storms
from bot.metrics.own import Metrics
from bot.slack.present import Presenter
from bot.store import deliveries
from bot.store.deliveries import Delivery, Source
from tests.kit.slack import CHANNEL, Room, deliverer

SYSTEM = {
    "system": "ledger",
    "title": "Ledger",
    "match": ['system="ledger"'],
    "channel": CHANNEL,
    "approvers": {"oncall": {"users": ["U0ANA"]}},
    "resources": {"host": {"http": "env:LEDGER_URL"}},
    "rules": [{"event": "ledger.account.behind", "runbook": "ledger/behind", "split_by": ["account"]}],
}
RUNBOOK = {
    "title": "Account is behind",
    "diagnose": [{"id": "ready", "http": {"at": "host", "get": "/ready", "show": {"status": "status"}}}],
    "conclude": [{"when": 'ready.status == "ok"', "say": "It is ready."}],
}


@dataclass
class Weather(Room):
    """A room whose messages come from incidents: one for each `account` of a webhook."""

    started: dict[str, datetime] = field(default_factory=dict)  # when each account's alert began

    def __post_init__(self) -> None:
        super().__post_init__()
        files = {"rules/ledger.yml": yaml.safe_dump(SYSTEM), "runbooks/ledger/behind.yml": yaml.safe_dump(RUNBOOK)}
        self.catalog = parse(files).catalog
        self.show = Presenter(contents=lambda _: self.catalog, enqueue=self.enqueue, new_id=self.new_id)
        self.storms = Storms(
            database=self.database,
            show=self.show,
            new_id=self.new_id,
            above=10,
            now=lambda: self.at,
        )
        self.deliver = deliverer(
            self.database,
            self.slack,
            picture=self.picture,
            enqueue=self.enqueue,
            now=lambda: self.at,
            catch_up=self.storms.catch_up,
        )
        snapshots = Snapshots(
            catalog=lambda: self.catalog,
            enqueue=self.enqueue,
            show=self.show,
            new_id=self.new_id,
            fallback=CHANNEL,
        )
        self.fold = Fold(
            database=self.database, snapshots=snapshots, storms=self.storms, metrics=Metrics(), now=lambda: self.at
        )

    def new_id(self) -> str:
        return f"00000000-0000-4000-8000-{next(self.numbers):012d}"

    def alert(self, accounts: Iterable[str], *, status: str = "firing", severity: str = "warning") -> None:
        """One webhook with an alert of each account, folded."""
        alerts = [self._alert(account, status=status, severity=severity) for account in accounts]
        body = {
            "version": "4",
            "receiver": "bot",
            "status": status,
            "groupKey": '{}:{alertname="AccountBehind"}',
            "groupLabels": {},
            "commonLabels": {},
            "commonAnnotations": {},
            "externalURL": "http://alertmanager.example",
            "truncatedAlerts": 0,
            "alerts": alerts,
        }
        delivery = Delivery(source=Source.ALERTMANAGER, received_at=self.at, body=json.dumps(body).encode())
        with self.database.begin() as conn:
            deliveries.add(conn, [delivery])
        while not self.fold.turn().is_done:
            pass

    def live(self, seconds: int) -> None:
        """What the jobs and the schedule do meanwhile: deliver each second, look at storms each five."""
        for second in range(seconds):
            self.send()
            if second % 5 == 0:
                self.storms.look()
            self.pass_time(1)
        self.send()

    def open_thread(self, incident_id: str) -> Done | Declined:
        """As a click on the storm's message does."""
        return open_thread(_Desk(self), person="U0ANA", incident_id=incident_id)  # type: ignore[arg-type]

    def headlines(self) -> list[str]:
        """The first line of each root in the channel."""
        return [each["blocks"][0]["text"]["text"] for each in self.roots()]

    def _alert(self, account: str, *, status: str, severity: str) -> dict[str, Json]:
        began = self.started.setdefault(account, self.at)
        if status == "resolved":
            del self.started[account]
        return _alert(account, severity=severity, began=began, ended=self.at if status == "resolved" else None)


class _Desk:
    """As much of a desk as opening a thread needs."""

    def __init__(self, weather: Weather) -> None:
        self.database, self.show, self.enqueue = weather.database, weather.show, weather.enqueue
        self.now = lambda: weather.at


def _alert(account: str, *, severity: str, began: datetime, ended: datetime | None) -> dict[str, Json]:
    return {
        "status": "resolved" if ended else "firing",
        "labels": {
            "alertname": "AccountBehind",
            "system": "ledger",
            "ops_event": "ledger.account.behind",
            "severity": severity,
            "account": account,
        },
        "annotations": {"summary": f"Account {account} is behind"},
        "startsAt": began.isoformat(),
        "endsAt": ended.isoformat() if ended else "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": account.encode().hex()[:16],
    }
