"""Waiting for what another thread or process does, with a deadline instead of a guess."""

import time
from collections.abc import Callable, Iterator

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
