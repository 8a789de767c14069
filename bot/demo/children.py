"""Processes the demonstration starts, and ends again in the opposite order."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from bot.core.errors import Unavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Children:
    """A stack of processes. Leaving the block ends all of them, the youngest first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._children:
            _end(self._children.pop().process)

    def start(self, name: str, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Child:
        """Start one, its output kept in a log of its own, in a session of its own so that Ctrl-C reaches us alone."""
        log = self._logs / f"{name}.log"
        with log.open("ab") as output:  # one that is started again goes on where it was
            process = subprocess.Popen(  # noqa: S603 - our own argument lists
                list(argv),
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child = Child(name=name, process=process, log=log)
        self._children.append(child)
        return child

    def ended(self) -> Child | None:
        """One that ended by itself, if any did."""
        return next((child for child in self._children if child.process.poll() is not None), None)

    def wait_until_ready(
        self,
        child: Child,
        url: str,
        *,
        within: float,
        accept: Callable[[httpx.Response], bool] = lambda r: r.is_success,
    ) -> None:
        """Poll `url` until it answers well. Raises Unavailable with the end of its log when it does not."""
        deadline = time.monotonic() + within
        # One client for all of it: each new one would read every root certificate first.
        with httpx.Client(timeout=2, trust_env=False) as client:
            while time.monotonic() < deadline:
                if child.process.poll() is not None:
                    raise Unavailable(child.name, f"it ended with {child.process.returncode}:\n{_tail(child.log)}")
                try:
                    if accept(client.get(url)):
                        return
                except httpx.HTTPError:
                    pass
                time.sleep(0.05)
        raise Unavailable(child.name, f"{url} did not answer within {within:.0f} s:\n{_tail(child.log)}")


def _end(process: subprocess.Popen[bytes], patience: float = 10) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(patience)


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
