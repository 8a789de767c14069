"""A catalog is one revision of all content; its schema tells editors the same as the loader."""

from collections.abc import Iterator, Mapping
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import ContentErrors
from bot.core.ports import Json
from bot.engine.catalog import Kind, parse, restore, revision_of, schema
from bot.engine.check import checked, content
from tests.kit.samples import ALERTS, good

FILES = {name: text for name, text in good().items() if name != ALERTS}


def test_a_catalog_holds_systems_and_runbooks_by_name() -> None:
    catalog = checked(FILES)

    assert list(catalog.systems) == ["shop"]
    assert list(catalog.runbooks) == ["shop/late-orders"]
    assert catalog.files == FILES


def test_a_revision_names_exactly_this_content() -> None:
    changed = {**FILES, "rules/shop.yml": FILES["rules/shop.yml"] + "# a remark\n"}
    renamed = {name.replace("late-orders", "late"): text for name, text in FILES.items()}

    assert len({revision_of(FILES), revision_of(changed), revision_of(renamed)}) == 3
    assert checked(FILES).revision == revision_of(FILES)


def test_a_revision_does_not_depend_on_line_ends_or_the_order_of_files() -> None:
    elsewhere = {name: text.replace("\n", "\r\n") for name, text in reversed(FILES.items())}

    assert revision_of(elsewhere) == revision_of(FILES)


def test_a_kept_revision_is_read_even_if_it_would_not_pass_todays_checks() -> None:
    kept = {**FILES, "rules/shop.yml": FILES["rules/shop.yml"].replace("  most: 10", "  fewest: 10")}

    with pytest.raises(ContentErrors, match=r"option\.most is not there"):
        checked(kept)

    assert restore(kept).revision == revision_of(kept)


@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_file_cut_anywhere_is_content_or_findings(name: str, data: st.DataObject) -> None:
    text = FILES[name]
    cut = data.draw(st.integers(0, len(text)))

    parsed = parse({**FILES, name: text[:cut]})

    assert all(finding.file in FILES and finding.line >= 1 for finding in content(parsed))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_field_of_a_schema_is_described(kind: Kind) -> None:
    undescribed = [name for name, field in _fields(schema(kind)) if "description" not in field]

    assert undescribed == []


@pytest.mark.parametrize("kind", get_args(Kind))
def test_a_schema_refuses_unknown_fields(kind: Kind) -> None:
    made = schema(kind)
    models = [made, *_mapping(made["$defs"]).values()]

    loose = [_mapping(model)["title"] for model in models if "properties" in _mapping(model)]
    closed = [_mapping(model)["title"] for model in models if _mapping(model).get("additionalProperties") is False]

    assert loose == closed


def _fields(made: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for title, model in {"": made, **_mapping(made["$defs"])}.items():
        for name, field in _mapping(_mapping(model).get("properties", {})).items():
            yield f"{title}.{name}", _mapping(field)


def _mapping(value: Json) -> Mapping[str, Json]:
    assert isinstance(value, Mapping)
    return value
