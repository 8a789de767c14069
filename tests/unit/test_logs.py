"""Nothing private is logged, however it gets into a record, and nothing is printed but by way of the log."""

import asyncio
import io
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from bot.logs import levels_of
from bot.settings import Settings
from tests.kit.logs import captured


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    with captured() as stream:
        yield stream


LOG = logging.getLogger("bot.test")


def test_a_line_has_time_level_logger_event_and_fields(out: io.StringIO) -> None:
    LOG.warning("deed.done", extra={"run": "r1", "note": 'two "words"', "ids": ["a", "b"], "of": None})

    head, _, rest = out.getvalue().partition(" ")
    assert head.endswith("Z")
    assert rest == 'WARNING bot.test deed.done run=r1 note="two \\"words\\"" ids=a,b of=None\n'


@pytest.mark.parametrize("secret", ["sk_live_abcdefgh1234", "jane@example.com", "whsec_abcdefgh1234"])
def test_a_secret_is_masked_in_message_arguments_and_fields(out: io.StringIO, secret: str) -> None:
    LOG.warning(f"a {secret}")
    LOG.warning("b %s", secret)
    LOG.warning("c", extra={"key": secret})
    LOG.warning("d", extra={"tried": [secret]})

    assert secret not in out.getvalue()
    assert out.getvalue().count("[") == 4


def test_a_field_that_is_named_for_a_secret_is_masked_whatever_it_holds(out: io.StringIO) -> None:
    LOG.warning("started", extra={"password": "hunter2", "error": "no route\nto host"})

    assert out.getvalue().endswith('started password=[secret] error="no route\\nto host"\n')


def test_a_secret_is_masked_in_the_text_of_an_exception_and_of_its_cause(out: io.StringIO) -> None:
    error = RuntimeError("key sk_live_abcdefgh1234")
    error.__cause__ = ValueError("could not connect to postgresql://bot:hunter2@db/app")

    LOG.error("it.broke", exc_info=error)

    assert "hunter2" not in out.getvalue()
    assert "sk_live" not in out.getvalue()
    assert "\n  | RuntimeError: key [secret]\n" in out.getvalue()


def test_a_secret_that_an_escape_would_hide_is_masked(out: io.StringIO) -> None:
    LOG.warning("sent", extra={"body": '{"email": "zoë@exämple.com",\n"password": "hunter2"}'})

    assert "exämple" not in out.getvalue()
    assert "hunter2" not in out.getvalue()


def test_a_value_with_a_line_break_stays_on_its_line(out: io.StringIO) -> None:
    LOG.warning("asked", extra={"by": "x\n2026-11-20T10:00:00.000Z ERROR root forged"})

    assert out.getvalue().count("\n") == 1


def test_a_trace_with_a_line_break_in_its_text_cannot_forge_a_line(out: io.StringIO) -> None:
    LOG.error("it.broke", exc_info=ValueError("x\n2026-11-20T10:00:00.000Z ERROR root forged"))

    assert all(line.startswith("  | ") for line in out.getvalue().splitlines()[1:])


def test_a_long_trace_keeps_its_beginning_and_its_end(out: io.StringIO) -> None:
    LOG.error("it.broke", exc_info=ValueError("x" * 100_000 + " and then it broke"))

    assert len(out.getvalue()) < 25_000
    assert "ValueError: xxx" in out.getvalue()
    assert out.getvalue().endswith("and then it broke\n")


def test_arguments_that_do_not_fit_still_make_a_line() -> None:
    with captured() as out:  # inside the test, where the handler of pytest, which would raise, is set aside too
        LOG.warning("%d of them", "two")

    assert "%d of them" in out.getvalue()


def test_a_line_that_cannot_be_made_is_said_to_be_lost_without_what_it_held(
    out: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("sk_live_abcdefgh1234")

    LOG.warning("asked", extra={"by": Broken()})

    assert "log.lost at=" in out.getvalue()
    assert "sk_live" not in out.getvalue() + capsys.readouterr().err


def test_libraries_tell_of_warnings_only_unless_asked(out: io.StringIO) -> None:
    for name in ("httpx", "stripe", "slack_sdk", "apscheduler.scheduler", "urllib3", "alembic"):
        logging.getLogger(name).info("GET https://host/?token=abc")
        logging.getLogger(name).warning("broken")
    logging.getLogger("slack_bolt.App").warning("Unhandled request {'type': 'block_actions'}")
    LOG.info("our own")

    assert "GET" not in out.getvalue()
    assert "Unhandled" not in out.getvalue()
    assert out.getvalue().count("broken") == 6
    assert "INFO bot.test our own" in out.getvalue()


def test_a_library_that_is_asked_to_tell_more_is_masked_all_the_same() -> None:
    with captured(levels=levels_of("httpx=info")) as out:
        logging.getLogger("httpx").info("GET https://bot:pw@host/?token=abc")

    assert out.getvalue().endswith("httpx GET https://host/[link]\n")


def test_warnings_go_to_the_log(out: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("for jane@example.com", stacklevel=1)

    assert "py.warnings" in out.getvalue()
    assert "jane" not in out.getvalue()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_is_told_masked(out: io.StringIO) -> None:
    def die() -> None:
        raise ValueError("sk_live_abcdefgh1234")

    thread = threading.Thread(target=die, name="worker")
    thread.start()
    thread.join()

    assert "thread.died thread_name=worker" in out.getvalue()
    assert "sk_live" not in out.getvalue()


def test_what_nobody_awaits_is_told_masked(out: io.StringIO) -> None:
    def die() -> None:
        raise ValueError("sk_live_abcdefgh1234")

    async def main() -> None:
        asyncio.get_running_loop().call_soon(die)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(main())

    assert "ERROR asyncio" in out.getvalue()
    assert "ValueError: [secret]" in out.getvalue()


def test_an_exception_that_ends_the_process_is_told_masked() -> None:
    program = "from bot import logs; logs.set_up(); raise ValueError('sk_live_abcdefgh1234')"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == 1
    assert "CRITICAL bot.logs program.broke\n  | Traceback" in ended.stderr
    assert "ValueError: [secret]" in ended.stderr
    assert "raise" not in ended.stderr.replace("raise ValueError", "")


@pytest.mark.parametrize("text", ["httpx", "httpx=LOUD", "=INFO", "httpx INFO", "httpx=INFO;bot=INFO"])
def test_levels_that_cannot_be_read_are_said_to_be_wrong(text: str) -> None:
    with pytest.raises(ValueError, match="LOGGER=LEVEL"):
        Settings(log=text)
