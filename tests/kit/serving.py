"""`countersign serve` as a process of its own, to be killed and stopped by tests."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.kit.ingest import ROOT, TOKEN
from tests.kit.loopback import loopback
from tests.kit.waiting import eventually


class Bot:
    """The process, on an address of its own and without any system's variables."""

    def __init__(self, database_url: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self.log = folder / f"bot-{self.address.rpartition(':')[2]}.log"
        environ = {
            "PATH": os.environ["PATH"],
            "COUNTERSIGN_DATABASE_URL": database_url,
            "COUNTERSIGN_LISTEN": self.address,
            "COUNTERSIGN_WEBHOOK_TOKEN": TOKEN,
            "COUNTERSIGN_REPLICA": self.address.replace(":", "-"),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve"], cwd=ROOT, env=environ, stdout=log, stderr=log
            )

    def is_up(self) -> bool:
        with suppress(httpx.TransportError):
            return loopback.get(f"http://{self.address}/healthz", timeout=2).is_success
        return False

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


@contextmanager
def bot(database_url: str, folder: Path) -> Iterator[Bot]:
    running = Bot(database_url, folder)
    try:
        assert eventually(lambda: running.is_up() or running.process.poll() is not None)
        assert running.is_up(), running.log.read_text()
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()
