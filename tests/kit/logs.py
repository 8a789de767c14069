"""Borrowing the process's logging, and giving it back as it was."""

import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bot import logs
from bot.logs import Levels


@contextmanager
def captured(*, levels: Levels | None = None) -> Iterator[io.StringIO]:
    """What the program would print on standard error, for the length of the block."""
    root = logging.getLogger()
    handlers, before = root.handlers[:], {name: logging.getLogger(name).level for name in _touched(levels)}
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    stream = io.StringIO()
    try:
        logs.set_up(levels=levels, stream=stream)
        yield stream
    finally:
        root.handlers[:] = handlers
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
        logging.captureWarnings(capture=False)
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


def _touched(levels: Levels | None) -> set[str]:
    return {"", "bot", "slack_bolt", *(levels or {})}
