"""Folders of content: loaded whole or not at all, and never lost while a newer state of them is wrong."""

import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.adapters.files import Library, check, load
from bot.core.errors import ContentErrors
from tests.kit.samples import DATA


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DATA / "good", tmp_path, dirs_exist_ok=True)
    return tmp_path


def _library(folder: Path, kept: Mapping[str, Mapping[str, str]] | None = None) -> Library:
    return Library(rules=folder / "rules", runbooks=folder / "runbooks", stored=(kept or {}).get)


def _change(folder: Path, old: str, new: str) -> None:
    file = folder / "runbooks/shop/late-orders.yml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_library_begins_with_what_is_in_the_folders(folder: Path) -> None:
    library = _library(folder)

    assert library.current.runbooks["shop/late-orders"].title == "Orders are late"


def test_a_reload_takes_what_has_changed(folder: Path) -> None:
    library = _library(folder)
    before = library.current
    _change(folder, "title: Orders are late", "title: Orders are very late")

    after = library.reload()

    assert library.current is after
    assert after.runbooks["shop/late-orders"].title == "Orders are very late"
    assert after.revision != before.revision


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("title: Orders are late", "title: [", id="not-yaml"),
        pytest.param("risk: low", "risk: lwo", id="not-a-runbook"),
        pytest.param("option.most", "option.mots", id="a-name-that-is-not-there"),
    ],
)
def test_a_bad_file_leaves_the_last_good_content_at_work(folder: Path, old: str, new: str) -> None:
    library = _library(folder)
    good = library.current
    _change(folder, old, new)

    with pytest.raises(ContentErrors) as caught:
        library.reload()

    assert library.current is good
    assert {finding.file for finding in caught.value.findings} == {str(folder / "runbooks/shop/late-orders.yml")}


@pytest.mark.parametrize("gone", ["rules", "runbooks"])
def test_a_folder_that_has_gone_leaves_the_last_good_content_at_work(folder: Path, gone: str) -> None:
    library = _library(folder)
    good = library.current
    shutil.rmtree(folder / gone)

    with pytest.raises(ContentErrors, match="no content files"):
        library.reload()

    assert library.current is good


def test_a_mended_file_is_taken_at_the_next_reload(folder: Path) -> None:
    library = _library(folder)
    _change(folder, "risk: low", "risk: lwo")
    with pytest.raises(ContentErrors):
        library.reload()
    _change(folder, "risk: lwo", "risk: high")

    after = library.reload()

    assert after.runbooks["shop/late-orders"].actions[0].risk == "high"


def test_a_library_does_not_begin_with_bad_content(folder: Path) -> None:
    _change(folder, "risk: low", "risk: lwo")

    with pytest.raises(ContentErrors, match="did you mean low"):
        _library(folder)


def test_a_restart_with_bad_content_begins_with_the_latest_that_was_good(folder: Path) -> None:
    good = _library(folder).current
    _change(folder, "risk: low", "risk: lwo")

    library = Library(rules=folder / "rules", runbooks=folder / "runbooks", latest=lambda: good.files)

    assert library.current.revision == good.revision
    assert [finding.where for finding in library.findings] == ["actions.0.risk"]


def test_findings_are_those_of_the_last_reading(folder: Path) -> None:
    library = _library(folder)
    _change(folder, "risk: low", "risk: lwo")
    with pytest.raises(ContentErrors):
        library.reload()
    wrong = library.findings
    _change(folder, "risk: lwo", "risk: low")
    library.reload()

    assert len(wrong) == 1
    assert library.findings == ()


def test_a_run_in_flight_keeps_its_own_revision(folder: Path) -> None:
    library = _library(folder)
    begun_with = library.current.revision
    _change(folder, "title: Orders are late", "title: Orders are very late")
    library.reload()

    assert library.at(begun_with).runbooks["shop/late-orders"].title == "Orders are late"


def test_a_revision_older_than_this_process_comes_from_the_store(folder: Path) -> None:
    old = _library(folder).current
    _change(folder, "title: Orders are late", "title: Orders are very late")
    library = _library(folder, kept={old.revision: old.files})

    assert library.at(old.revision).runbooks["shop/late-orders"].title == "Orders are late"
    assert library.at(old.revision) is library.at(old.revision)


def test_a_revision_that_nobody_kept_is_an_error(folder: Path) -> None:
    with pytest.raises(LookupError, match="revision abc"):
        _library(folder).at("abc")


def test_old_revisions_are_forgotten_but_never_the_current_one(folder: Path) -> None:
    library = _library(folder)
    revisions = [library.current.revision]
    for number in range(40):
        _change(folder, f"within: 1{number}m" if number else "within: 10m", f"within: 1{number + 1}m")
        revisions.append(library.reload().revision)

    with pytest.raises(LookupError):
        library.at(revisions[0])
    assert library.at(revisions[-1]) is library.current


def test_many_threads_may_read_and_reload_at_once(folder: Path) -> None:
    library = _library(folder)

    def work(number: int) -> str:
        return library.reload().revision if number % 2 else library.at(library.current.revision).revision

    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(work, range(40)))

    assert seen == {library.current.revision}


def test_a_file_that_is_not_text_is_a_finding(folder: Path) -> None:
    (folder / "rules/shop.yml").write_bytes(b"\xff\xfe")

    with pytest.raises(ContentErrors, match="cannot be read"):
        load(rules=folder / "rules", runbooks=folder / "runbooks")


def test_a_file_that_would_be_overlooked_is_a_finding(folder: Path) -> None:
    shutil.copy(folder / "rules/shop.yml", folder / "rules/market.yaml")

    with pytest.raises(ContentErrors, match=r"market\.yaml:1: is not read: name it \.yml"):
        load(rules=folder / "rules", runbooks=folder / "runbooks")


def test_check_tells_everything_by_the_path_it_was_given(folder: Path) -> None:
    _change(folder, "risk: low", "risk: lwo")
    (folder / "alerts.yml").unlink()

    found = check(rules=folder / "rules", runbooks=folder / "runbooks", alerts=folder / "alerts.yml")

    assert [finding.file for finding in found] == [
        str(folder / "alerts.yml"),
        str(folder / "runbooks/shop/late-orders.yml"),
    ]


def test_check_of_good_content_finds_nothing(folder: Path) -> None:
    assert check(rules=folder / "rules", runbooks=folder / "runbooks", alerts=folder / "alerts.yml") == []
