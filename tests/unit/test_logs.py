"""Nothing private is logged, however it gets into a record."""

import io
import logging
from collections.abc import Iterator

import pytest

from bot.logs import Masked, set_up


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Masked())
    log = logging.getLogger("countersign.test")
    log.addHandler(handler)
    log.propagate = False
    yield stream
    log.removeHandler(handler)


LOG = logging.getLogger("countersign.test")


def test_a_line_has_time_level_logger_event_and_fields(out: io.StringIO) -> None:
    LOG.warning("deed.done", extra={"run": "r1", "note": "two words"})

    head, _, rest = out.getvalue().partition(" ")
    assert head.endswith("Z")
    assert rest == 'WARNING countersign.test deed.done run=r1 note="two words"\n'


@pytest.mark.parametrize("secret", ["sk_live_abcdefgh1234", "jane@example.com", "whsec_abcdefgh1234"])
def test_a_secret_is_masked_in_message_arguments_and_fields(out: io.StringIO, secret: str) -> None:
    LOG.warning(f"a {secret}")
    LOG.warning("b %s", secret)
    LOG.warning("c", extra={"key": secret})

    assert secret not in out.getvalue()
    assert out.getvalue().count("[") == 3


def test_a_secret_is_masked_in_the_text_of_an_exception_and_of_its_cause(out: io.StringIO) -> None:
    try:
        try:
            raise ValueError("could not connect to postgresql://bot:hunter2@db/app")  # noqa: TRY301 - the exception is what is tested
        except ValueError as error:
            raise RuntimeError("key sk_live_abcdefgh1234") from error
    except RuntimeError:
        LOG.exception("it.broke")

    assert "hunter2" not in out.getvalue()
    assert "sk_live" not in out.getvalue()
    assert "RuntimeError: key [secret]" in out.getvalue()


def test_a_value_with_a_line_break_stays_on_its_line(out: io.StringIO) -> None:
    LOG.warning("asked", extra={"by": "x\n2026-11-20T10:00:00.000Z ERROR root forged"})

    assert out.getvalue().count("\n") == 1


def test_arguments_that_do_not_fit_still_make_a_line() -> None:
    record = logging.makeLogRecord({"msg": "%d of them, %s", "args": ("two",)})

    line = Masked().format(record)

    assert "%d of them, %s ('two',)" in line


def test_set_up_leaves_one_handler_that_masks() -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    try:
        set_up(stream=stream)
        logging.getLogger("some.library").error("token=abc123def")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(capture=False)

    assert "abc123def" not in stream.getvalue()
    assert "token=[secret]" in stream.getvalue()
