"""A real Alertmanager on loopback, started once for all tests of a process, and a fake that passes its contract."""

import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

import httpx
import pytest

from bot.core.errors import CountersignError
from bot.core.ports import Silenced
from bot.core.quoting import promql
from tests.kit.loopback import loopback
from tests.kit.waiting import eventually

_CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@pytest.fixture(scope="session")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one that tells nobody anything."""
    if shutil.which("prometheus-alertmanager") is None:
        pytest.skip("needs Alertmanager")
    folder = tmp_path_factory.mktemp("alertmanager")
    config = folder / "alertmanager.yml"
    config.write_text(_CONFIG)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus-alertmanager",
                f"--config.file={config}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address={address}",
                "--cluster.listen-address=",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            assert eventually(lambda: _is_ready(address), within=20), (folder / "log").read_text()[-2000:]
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(20)


def _is_ready(address: str) -> bool:
    try:
        return loopback.get(f"http://{address}/-/ready", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


@dataclass
class FakeSilencer:
    """Alertmanager's silences in memory. `fails` is raised by the next calls, after their effect if `effective`."""

    held: dict[str, Silenced] = field(default_factory=dict)
    fails: list[CountersignError] = field(default_factory=list)
    is_effective: bool = False
    made: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def silences(self, *, timeout: float) -> tuple[Silenced, ...]:
        if self.fails and not self.is_effective:
            raise self.fails.pop(0)
        return tuple(self.held.values())

    def silence(
        self,
        matchers: Mapping[str, str],
        *,
        since: datetime,
        until: datetime,
        created_by: str,
        comment: str,
        timeout: float,
    ) -> str:
        number = f"number-{next(self.numbers)}"
        self.made += 1
        self.held[number] = Silenced(
            number=number,
            is_over=False,
            matchers=tuple(f"{name}={promql(value)}" for name, value in matchers.items()),
            created_by=created_by,
            comment=comment,
            ends_at=until,
        )
        if self.fails:
            raise self.fails.pop(0)
        return number

    def end_silence(self, number: str, *, timeout: float) -> None:
        if number in self.held:
            self.held[number] = replace(self.held[number], is_over=True)
        if self.fails:
            raise self.fails.pop(0)
