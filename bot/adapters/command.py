"""A host's release command as a child process: an argument list, a small environment, a deadline that kills."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from bot.core.errors import NotInstalled, Unavailable, Unknown
from bot.core.ports import Exit

_KEPT = 64 * 1024  # bytes of output that are kept: the last ones, for the result is on the last line
_TICK = 0.05  # seconds between looks at whether it has ended
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


class ReleaseCommand:
    """The Command port. `program` is the program with its fixed arguments; of `environ` only harmless names go on."""

    def __init__(
        self, program: Sequence[str], *, name: str, environ: Mapping[str, str], ceiling: float | None = None
    ) -> None:
        self._program = tuple(program)
        self._name = name
        self._environ = {key: environ[key] for key in _PASSED_ON if key in environ}
        self._ceiling = ceiling

    def run(self, arguments: Sequence[str], *, timeout: float) -> Exit:
        """Run it to its end. Raises Unknown when it had to be killed, NotInstalled when it does not start."""
        seconds = min(timeout, self._ceiling) if self._ceiling else timeout
        try:
            child = subprocess.Popen(  # noqa: S603 - the program is the rules file's, and there is no shell
                [*self._program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
            raise NotInstalled(self._name, f"{self._program[0]} cannot be run ({type(error).__name__})") from error
        except (OSError, ValueError) as error:
            raise Unavailable(self._name, f"{self._program[0]} did not start ({type(error).__name__})") from error
        try:
            output = _output(child, until=time.monotonic() + seconds)
        finally:
            _end(child)
        if output is None:
            raise Unknown(self._name, f"it did not end within {seconds:g} s and was killed")
        return Exit(code=child.returncode, output=output.decode("utf-8", "replace"))

    def close(self) -> None:
        """Nothing is kept between runs."""


def _output(child: "subprocess.Popen[bytes]", *, until: float) -> bytes | None:
    """What it printed (the end of it); None when it was still running at `until`."""
    assert child.stdout is not None
    kept = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while time.monotonic() < until:
            ended = child.poll() is not None
            if selector.select(0 if ended else _TICK):
                chunk = os.read(child.stdout.fileno(), 65536)
                kept = (kept + chunk)[-_KEPT:]
                if not chunk:
                    selector.unregister(child.stdout)
                    return kept if _ends(child, until=until) else None
            elif ended:
                return kept  # a grandchild may hold the pipe open; the command itself is done
    return None


def _ends(child: "subprocess.Popen[bytes]", *, until: float) -> bool:
    try:
        child.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if child.stdout is not None:
        child.stdout.close()
