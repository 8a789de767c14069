"""Logs: one line per event, `event key=value`, and nothing private in any of them, stack traces included."""

import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from bot.core.egress import mask

Levels = Mapping[str, int]
"""Level by logger name."""

_QUIET: Levels = {
    "": logging.WARNING,  # below that, libraries print addresses with their queries, and bodies
    "slack_bolt": logging.ERROR,  # its warnings quote requests that nobody takes
}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_LONGEST_VALUE = 1_000
_LONGEST_TRACE = 20_000
_BARE = re.compile(r'[^\s"=]+')
_QUOTE, _ESCAPED_QUOTE = '"', '\\"'
_LEVEL = re.compile(r"(?P<logger>[A-Za-z_][\w.]*)=(?P<level>[A-Za-z]+)")

log = logging.getLogger(__name__)


class Masked(logging.Formatter):
    """`2026-11-20T10:00:00.000Z INFO bot.jobs deed.done run=… action=…`; the lines of a trace begin with `  | `.

    Each value is masked as it is, and then the finished text again: so neither an argument, an `extra` field nor the
    text of an exception that a library chained can slip past, whether by its own look or by its name.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = f"{at} {record.levelname} {record.name}"
        line = " ".join([_shown(_message(record)), *_fields(record)])
        return f"{head} {mask(line)}{_indented(self._trace(record))}"

    def _trace(self, record: logging.LogRecord) -> str:
        parts = [self.formatException(record.exc_info)] if record.exc_info and record.exc_info[0] else []
        if record.stack_info:
            parts.append(self.formatStack(record.stack_info))
        return "\n".join(parts)


def set_up(*, ours: int = logging.INFO, levels: Levels | None = None, stream: TextIO | None = None) -> None:
    """Send all that is logged, warned of or raised uncaught to one masking handler; the program calls it once.

    `ours` is this program's level, and libraries tell of warnings only; `levels` says otherwise for single loggers.
    """
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(Masked())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for name, level in {**_QUIET, "bot": ours, **(levels or {})}.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)
    sys.excepthook = _on_uncaught
    threading.excepthook = _on_dead_thread
    sys.unraisablehook = _on_unraisable


def levels_of(text: str) -> Levels:
    """Read `httpx=INFO,bot=DEBUG`. Raises ValueError that says which part is wrong.

    >>> levels_of("httpx=INFO, bot=debug")
    {'httpx': 20, 'bot': 10}
    """
    return dict(_level_of(part.strip()) for part in text.split(",") if part.strip())


def _level_of(part: str) -> tuple[str, int]:
    found = _LEVEL.fullmatch(part)
    level = logging.getLevelNamesMapping().get(found["level"].upper()) if found else None
    if found is None or level is None:
        raise ValueError("write LOGGER=LEVEL, as in httpx=INFO,bot=DEBUG")
    return found["logger"], level


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to its stream."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Say where a line was lost; the library itself would print the record as it is, unmasked."""
        try:
            self.stream.write(f"{record.levelname} {record.name} log.lost at={record.pathname}:{record.lineno}\n")
        except OSError:
            return  # nobody reads us any more


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # a library's arguments do not fit its text: still a line, not a crash
        return f"{record.msg} {record.args!r}"


def _fields(record: logging.LogRecord) -> Iterator[str]:
    for name, value in vars(record).items():
        if name not in _STANDARD:
            text = _shown(value if isinstance(value, str) else _listed(value))
            yield f"{name}={text}" if _BARE.fullmatch(text) else f'{name}="{text.replace(_QUOTE, _ESCAPED_QUOTE)}"'


def _listed(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _shown(text: str) -> str:
    """Masked, on one line that nobody can continue with one of their own making, and not too long."""
    return _clipped(_one_line(mask(text)), _LONGEST_VALUE)


def _one_line(text: str) -> str:
    return text.replace("\\", "\\\\").translate(_ESCAPED) if not text.isprintable() else text


def _indented(trace: str) -> str:
    lines = _clipped(mask(trace), _LONGEST_TRACE).split("\n") if trace else []
    return "".join(f"\n  | {_one_line(line)}" for line in lines)


def _clipped(text: str, longest: int) -> str:
    """The middle goes: what happened stands first or, in a trace, last."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"


def _on_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("program.broke", exc_info=(kind, error, trace))


def _on_dead_thread(died: threading.ExceptHookArgs) -> None:
    if died.exc_value is None or issubclass(died.exc_type, SystemExit):
        return
    name = died.thread.name if died.thread else "unknown"
    met = (died.exc_type, died.exc_value, died.exc_traceback)
    log.critical("thread.died", extra={"thread_name": name}, exc_info=met)


def _on_unraisable(met: "sys.UnraisableHookArgs") -> None:
    if met.exc_value is not None:
        log.error("cleanup.broke", exc_info=(met.exc_type, met.exc_value, met.exc_traceback))


_ESCAPED = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))} | {
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
