"""Processes that a benchmark starts, and waits for until they answer."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.kit.waiting import eventually


@contextmanager
def answering(
    command: Sequence[str], log: Path, ready: str, *, environ: Mapping[str, str] | None = None, cwd: Path
) -> Iterator[None]:
    """The process until the block ends, and what it has started, from when `ready` answers 2xx on."""
    with (
        log.open("wb") as out,
        subprocess.Popen(command, cwd=cwd, env=environ, stdout=out, stderr=out, start_new_session=True) as process,
    ):
        try:
            assert eventually(lambda: process.poll() is not None or _answers(ready), within=150), log.read_text()[
                -2000:
            ]
            assert process.poll() is None, log.read_text()[-2000:]
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=15)
            with suppress(ProcessLookupError):  # Robusta's runner leaves a process of its own behind
                os.killpg(process.pid, signal.SIGKILL)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.HTTPError:
        return False
