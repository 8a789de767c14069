"""Waiting for what another thread or process does, with a deadline instead of a guess."""

import time
from collections.abc import Callable


def eventually(is_so: Callable[[], object], *, within: float = 10.0) -> bool:
    """Asks until the answer is true; False after `within` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.005)
    return bool(is_so())
