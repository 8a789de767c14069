"""Waiting for what another thread or process does, with a deadline instead of a guess."""

import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException

PATIENCE = 60.0
"""Seconds; a loaded machine takes its time, a working one never needs them."""


def eventually(is_so: Callable[[], object], *, within: float = PATIENCE) -> bool:
    """Asks until the answer is true; False after `within` seconds."""
    return any(is_so() for _ in looks(within)) or bool(is_so())


def looks(within: float) -> Iterator[None]:
    """When to look: at once and often, then less often, for looking keeps others from working."""
    began = time.monotonic()
    while (since := time.monotonic() - began) < within:
        yield
        time.sleep(min(0.005 + since / 20, 0.1))


def survives_idling(address: str, path: str, *, seconds: float = 6.0) -> bool:
    """Whether a server still answers on a connection that was idle for longer than most clients keep one."""
    connection = HTTPConnection(address, timeout=10)
    try:
        for pause in (seconds, 0.0):
            connection.request("GET", path)
            connection.getresponse().read()
            time.sleep(pause)
    except (HTTPException, ConnectionError):
        return False
    finally:
        connection.close()
    return True
