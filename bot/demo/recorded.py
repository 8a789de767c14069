"""Recorded webhooks, posted with today's times while something is broken in the local world."""

import json
from datetime import UTC, datetime
from importlib import resources

import httpx

_NEVER = "0001-01-01T00:00:00Z"


class Recorded:
    """Posts the webhook a real Alertmanager sent for a scenario, when that scenario starts and when it ends."""

    def __init__(self, *, world: str, bot: str, token: str) -> None:
        self._world = world
        self._bot = httpx.Client(base_url=bot, headers={"Authorization": f"Bearer {token}"}, timeout=10)
        self._since: dict[str, datetime] = {}

    def look(self) -> None:
        """Compare what is broken now with what was, and post what changed."""
        for scenario in httpx.get(f"{self._world}/world/scenarios", timeout=5).json():
            name, running = scenario["id"], scenario["running"]
            if running and name not in self._since:
                self._since[name] = datetime.now(UTC)
                self._post(name, started=self._since[name], ended=None)
            elif not running and name in self._since:
                self._post(name, started=self._since.pop(name), ended=datetime.now(UTC))

    def _post(self, scenario: str, *, started: datetime, ended: datetime | None) -> None:
        file = resources.files("bot.demo") / "webhooks" / f"{scenario}.json"
        if not file.is_file():
            return
        body = json.loads(file.read_text())
        body["status"] = "resolved" if ended else "firing"
        for alert in body["alerts"]:
            alert |= {
                "status": body["status"],
                "startsAt": started.isoformat(),
                "endsAt": ended.isoformat() if ended else _NEVER,
            }
        self._bot.post("/alertmanager", json=body).raise_for_status()
