"""Processes that a benchmark starts, and waits for until they answer."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.kit.waiting import eventually


@contextmanager
def answering(
    command: Sequence[str], log: Path, ready: str, *, environ: Mapping[str, str] | None = None, cwd: Path
) -> Iterator[None]:
    """The process until the block ends, from when `ready` answers 2xx on."""
    with log.open("wb") as out, subprocess.Popen(command, cwd=cwd, env=environ, stdout=out, stderr=out) as process:
        try:
            assert eventually(lambda: process.poll() is not None or _answers(ready), within=150), log.read_text()[
                -2000:
            ]
            assert process.poll() is None, log.read_text()[-2000:]
            yield
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.HTTPError:
        return False
