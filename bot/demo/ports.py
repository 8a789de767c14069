"""Free loopback ports: the wonted one where it is free, any other where it is not, kept from others who look, too."""

import fcntl
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self


class Ports:
    """Picks ports, and keeps them for as long as the block lasts: between picking and binding nobody else takes one."""

    def __init__(self) -> None:
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def pick(self, wanted: int) -> int:
        """`wanted`, or a port the system picks when it is in use."""
        port = wanted
        while not (found := _free(port)) or not self._keep(found):
            port = 0
        return found

    def _keep(self, port: int) -> bool:
        """A locked file says so to every other demo of this machine; the system lets go of it, however we end."""
        try:
            lock = self._held.enter_context(_lock_of(port).open("a"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _lock_of(port: int) -> Path:
    return Path(tempfile.gettempdir()) / f"countersign-port-{port}.lock"


def _free(port: int) -> int | None:
    """This port, any for 0; None when somebody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
