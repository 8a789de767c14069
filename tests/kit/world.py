"""A running local world for tests: its routes behind a real server on loopback."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from starlette.applications import Starlette

from sandbox.world import World, WorldSettings, build_world
from tests.kit.loopback import loopback

_SERIES = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class WorldControl:
    """The control API of the world at this address, in few words."""

    base: str

    def environment(self) -> dict[str, str]:
        """What the bot needs in its environment."""
        return dict(self._get("/world/env"))

    def start(self, scenario: str, **params: object) -> dict[str, Any]:
        """Start a scenario; answers the identifiers it touched."""
        details: dict[str, Any] = self._post(f"/world/scenarios/{scenario}", params)["details"]
        return details

    def scenarios(self) -> dict[str, dict[str, Any]]:
        """Every scenario by id."""
        return {entry["id"]: entry for entry in self._get("/world/scenarios")}

    def arm(self, target: str, kind: str, **more: object) -> None:
        """Switch a fault on."""
        self._post("/world/faults", {"target": target, "kind": kind, **more})

    def faults(self) -> list[dict[str, Any]]:
        """The faults still on."""
        return list(self._get("/world/faults"))

    def disarm(self) -> None:
        """Switch every fault off."""
        loopback.delete(f"{self.base}/world/faults").raise_for_status()

    def set_options(self, **options: object) -> None:
        """Change how the hosts are installed."""
        loopback.put(f"{self.base}/world/options", json=options).raise_for_status()

    def effects(self, system: str | None = None, action: str | None = None) -> list[dict[str, Any]]:
        """What happened at the hosts, oldest first."""
        wanted = {name: value for name, value in (("system", system), ("action", action)) if value}
        return list(self._get("/world/effects", wanted))

    def private(self) -> list[str]:
        """The planted values that must never leave the bot."""
        return list(self._get("/world/private"))

    def leaked(self, text: str) -> list[str]:
        """The planted private values that this text holds."""
        return [value for value in self.private() if value in text]

    def reset(self) -> None:
        """Begin again."""
        self._post("/world/reset", {})

    def metric(self, path: str, name: str, **labels: str) -> float | None:
        """The present value of one series of a metrics page."""
        body = loopback.get(f"{self.base}{path}").raise_for_status().text
        # Read by hand: prometheus_client's parser renames counters that lack the suffix `_total`.
        for line in body.splitlines():
            found = _SERIES.match(line)
            if (
                found
                and found["name"] == name
                and labels.items() <= dict(_LABEL.findall(found["labels"] or "")).items()
            ):
                return float(found["value"])
        return None

    def _get(self, path: str, params: dict[str, str] | None = None) -> Any:
        return loopback.get(f"{self.base}{path}", params=params).raise_for_status().json()

    def _post(self, path: str, body: object) -> Any:
        return loopback.post(f"{self.base}{path}", json=body).raise_for_status().json()


@dataclass(frozen=True, slots=True)
class RunningWorld(WorldControl):
    """A world in this process, and the object behind its address."""

    world: World


@contextmanager
def running_world(state_dir: Path) -> Iterator[RunningWorld]:
    """Start a world on a free port and stop it after."""
    world = build_world(WorldSettings(state_dir=state_dir, beat=0.1))
    try:
        world.start()
        with serving(Starlette(routes=world.routes)) as base:
            yield RunningWorld(base=base, world=world)
    finally:
        world.stop()


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve an app from a thread; answers its base URL."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            if time.monotonic() > deadline:
                raise TimeoutError("the server did not start")
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()
