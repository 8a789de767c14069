"""Content as the bot keeps it: every revision it worked by, on both databases, over restarts and bad files."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.content import Content
from bot.core.errors import ContentErrors, ExpressionError
from bot.core.expression import Expression
from bot.settings import Settings
from bot.store import detections
from bot.store.database import Database
from tests.kit.moments import NOON
from tests.kit.samples import DATA

RULES = "rules/shop.yml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DATA / "good", tmp_path / "content")
    return tmp_path / "content"


class Restarts:
    """Starts the content over and over, one minute after the other."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._settings = Settings(rules=folder / "rules", runbooks=folder / "runbooks")
        self._database = database
        self._now = NOON

    def start(self) -> Content:
        return Content(self._settings, database=self._database, now=self._tick)

    def _tick(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now


def _write(folder: Path, *, title: str) -> None:
    lines = (folder / RULES).read_text().splitlines(keepends=True)
    lines[1] = f"title: {title}\n"
    (folder / RULES).write_text("".join(lines))


def test_a_restart_with_bad_files_goes_on_with_what_was_at_work_last(folder: Path, database: Database) -> None:
    restarts = Restarts(folder, database)
    first = restarts.start()
    first_revision = first.revision()
    _write(folder, title="Another")
    first.reload()
    _write(folder, title="The shop")
    first.reload()
    _write(folder, title="[")

    second = restarts.start()

    assert second.revision() == first_revision
    assert second.findings == 1


def test_a_first_start_with_bad_files_is_refused(folder: Path, database: Database) -> None:
    _write(folder, title="[")

    with pytest.raises(ContentErrors, match=r"shop\.yml"):
        Restarts(folder, database).start()


def test_a_revision_is_found_by_a_process_that_never_loaded_it(folder: Path, database: Database) -> None:
    restarts = Restarts(folder, database)
    old = restarts.start().revision()
    _write(folder, title="Another")

    content = restarts.start()

    assert content.revision() != old
    assert content.at(old).systems["shop"].title == "The shop"


def test_a_bad_reload_is_counted_until_it_is_mended(folder: Path, database: Database) -> None:
    content = Restarts(folder, database).start()
    revision = content.revision()
    _write(folder, title="[")
    content.reload()
    wrong = content.findings
    _write(folder, title="The shop")
    content.reload()

    assert (wrong, content.findings) == (1, 0)
    assert content.revision() == revision


def test_an_option_that_is_auto_is_missing_and_says_why_until_it_is_found_out(folder: Path, database: Database) -> None:
    content = Restarts(folder, database).start()
    asks = Expression("option.returns == true")
    key = detections.key_of(content.written().systems["shop"], "returns")

    def scope() -> dict[str, object]:
        content._read_again_at = 0.0  # its pause is real time
        return {"option": content.current().systems["shop"].options}

    with pytest.raises(ExpressionError, match=r"option\.returns is auto and is not known: it has not been asked yet"):
        asks.holds(scope())
    with database.begin() as conn:
        detections.not_found(conn, key, "api is unavailable", NOON)
    with pytest.raises(ExpressionError, match="is not known: api is unavailable"):
        asks.holds(scope())
    with database.begin() as conn:
        detections.found(conn, key, True, NOON)

    assert asks.holds(scope())
    assert content.at(content.revision()).systems["shop"].options["returns"] is True
    assert content.written().systems["shop"].options["returns"] == "auto"
