"""A real Prometheus on loopback that knows some history, started once for all tests of a process."""

import socket
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.kit.loopback import loopback
from tests.kit.waiting import eventually

HOURS = 3
STEP = 30  # seconds between samples


def _history(now: int) -> str:
    """A steady gauge of two tenants, and one that never was a number."""
    lines = ["# TYPE drift gauge"]
    for tenant, value in (("a", "0.001"), ("b", "0.25")):
        lines += [f'drift{{tenant="{tenant}"}} {value} {at}' for at in range(now - HOURS * 3600, now + 600, STEP)]
    lines += ["# TYPE undefined gauge"]
    lines += [f"undefined NaN {at}" for at in range(now - 600, now + 600, STEP)]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one that holds the last hours of `drift{tenant=a|b}` and `undefined`, and some minutes to come."""
    folder = tmp_path_factory.mktemp("prometheus")
    data, samples, config = folder / "data", folder / "samples.om", folder / "prometheus.yml"
    samples.write_text(_history(int(time.time())))
    config.write_text("scrape_configs: []\n")
    _run("promtool", "tsdb", "create-blocks-from", "openmetrics", str(samples), str(data))
    address = f"127.0.0.1:{_free_port()}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={data}",
                "--storage.tsdb.retention.time=10y",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            assert eventually(lambda: _is_ready(address)), (folder / "log").read_text()[-2000:]
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(20)


def _is_ready(address: str) -> bool:
    try:
        return loopback.get(f"http://{address}/-/ready", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
