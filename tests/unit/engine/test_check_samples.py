"""Each mistake that content can hold is found where it is, and said in words that mend it."""

import pytest

from tests.kit.samples import DATA, Sample, bad, findings, good


def test_the_good_sample_has_no_finding() -> None:
    assert [str(finding) for finding in findings(good())] == []


@pytest.mark.parametrize("sample", [pytest.param(each, id=each.name) for each in bad()])
def test_a_mistake_is_found_with_file_and_line(sample: Sample) -> None:
    found = [str(finding) for finding in findings(sample.files)]

    assert sorted(found) == sorted(sample.expected)


def test_every_sample_expects_something() -> None:
    silent = [sample.name for sample in bad() if not sample.expected]

    assert silent == []


def test_every_sample_is_one_change_of_the_good_content() -> None:
    unchanged = [sample.name for sample in bad() if sample.files.items() <= good().items()]

    assert unchanged == []


def test_the_mistakes_of_all_files_are_told_at_once() -> None:
    files = good()
    files["rules/shop.yml"] = files["rules/shop.yml"].replace("title: The shop\n", "tilte: The shop\n")
    files["runbooks/shop/late-orders.yml"] = files["runbooks/shop/late-orders.yml"].replace("risk: low", "risk: lwo")
    files["alerts.yml"] = files["alerts.yml"].replace("severity: warning, ", "")

    found = {finding.file for finding in findings(files)}

    assert found == {"rules/shop.yml", "runbooks/shop/late-orders.yml", "alerts.yml"}


def test_a_broken_runbook_is_not_also_called_missing() -> None:
    files = good()
    files["runbooks/shop/late-orders.yml"] = "title: [\n"

    found = findings(files)

    assert [finding.file for finding in found] == ["runbooks/shop/late-orders.yml"]


def test_a_runbook_of_a_system_without_rules_is_found() -> None:
    files = good() | {"runbooks/market/late-orders.yml": good()["runbooks/shop/late-orders.yml"]}

    found = [str(finding) for finding in findings(files)]

    assert found == [
        "runbooks/market/late-orders.yml:1: there is no rules/market.yml, so nothing says where market is asked"
    ]


def test_the_shipped_content_has_no_finding() -> None:
    root = DATA.parent.parent
    files = {
        path.relative_to(root).as_posix(): path.read_text()
        for path in [*root.glob("rules/*.yml"), *root.glob("runbooks/*/*.yml"), root / "alerts.yml"]
    }

    assert [str(finding) for finding in findings(files)] == []
