"""Charts: deterministic pictures whose words went through egress."""

import struct
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.adapters.charts import labels, png
from bot.core.evidence import Series, Shown

START = 1_700_000_000.0


def line(*values: float, step: float = 90.0, **names: str) -> Series:
    return Series(labels=names, points=tuple((START + step * n, value) for n, value in enumerate(values)))


LINES = (line(0.001, 0.002, 0.02, tenant="a", job="m"), line(0.004, 0.003, 0.001, tenant="b", job="m"))
ALERT = datetime.fromtimestamp(START + 100, UTC)


def test_a_chart_is_a_png_of_1600_by_600_pixels() -> None:
    picture = png(LINES, title="Drift by item", shown=Shown.RATIO, alert_at=ALERT)

    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (1600, 600)


def test_the_same_numbers_give_the_same_bytes_in_any_thread() -> None:
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda _: png(LINES, title="Drift", shown=Shown.RATIO, alert_at=ALERT), range(4)))

    assert len(set(pictures)) == 1


@pytest.mark.parametrize(
    "series",
    [
        pytest.param((), id="no series"),
        pytest.param((line(),), id="a series without points"),
        pytest.param((line(3.0),), id="one point"),
        pytest.param((line(0.0, 0.0),), id="a flat zero"),
        pytest.param((line(-5.0, 1e308),), id="beyond all bounds"),
        pytest.param(tuple(line(float(n), 1.0, n=str(n)) for n in range(8)), id="as many as there are"),
        pytest.param((line(1.0, 2.0, _hidden="x"), line(1.0, 3.0, _hidden="y $a$")), id="odd labels"),
    ],
)
def test_any_series_can_be_drawn(series: tuple[Series, ...]) -> None:
    assert png(series, title="Price in $ and $", shown=Shown.NUMBER).startswith(b"\x89PNG")


@pytest.mark.parametrize("shown", list(Shown))
def test_a_value_of_any_class_can_be_drawn(shown: Shown) -> None:
    assert png(LINES, title="Drift", shown=shown).startswith(b"\x89PNG")


def test_what_the_picture_shows_changes_with_the_numbers_the_title_and_the_alert() -> None:
    pictures = [
        png(LINES, title="Drift", shown=Shown.RATIO),
        png(LINES[:1], title="Drift", shown=Shown.RATIO),
        png(LINES, title="Lag", shown=Shown.RATIO),
        png(LINES, title="Drift", shown=Shown.COUNT),
        png(LINES, title="Drift", shown=Shown.RATIO, alert_at=ALERT),
        png((line(1.0, 1.0, 1.0, 1.0),), title="Drift", shown=Shown.RATIO),
        png(
            (Series(labels={}, points=((START, 1.0), (START + 90, 1.0), (START + 270, 1.0))),),
            title="Drift",
            shown=Shown.RATIO,
        ),
    ]

    assert all(one != other for one, other in pairwise(pictures))
    assert len(set(pictures)) == len(pictures)


def test_a_legend_names_what_tells_the_lines_apart() -> None:
    assert labels(LINES) == ("tenant=a", "tenant=b")
    assert labels(LINES[:1]) == ("",)


def test_a_legend_is_masked_and_kept_short() -> None:
    told = labels((line(1.0, who="jane.doe@customer.example"), line(1.0, who="x" * 100 + " y")))

    assert "jane.doe" not in told[0]
    assert len(told[1]) <= 60


def test_a_title_is_masked() -> None:
    masked = png(LINES, title="Drift of jane.doe@customer.example", shown=Shown.RATIO)
    other = png(LINES, title="Drift of john.roe@customer.example", shown=Shown.RATIO)

    assert masked == other


@pytest.mark.parametrize("hours", [-30, 3], ids=["long-before", "after"])
def test_an_alert_outside_the_lines_time_leaves_the_picture_as_it_is(hours: int) -> None:
    alert_at = datetime.fromtimestamp(START, UTC) + timedelta(hours=hours)

    drawn = png([line(1, 2)], title="x", shown=Shown.COUNT, alert_at=alert_at)

    assert drawn == png([line(1, 2)], title="x", shown=Shown.COUNT)
