"""Draws a question's series as a PNG: the same bytes for the same numbers, readable on a light and on a dark page."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING

from bot.core.egress import mask, masked_field
from bot.core.evidence import Series, Shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (8.0, 3.0)  # inches; at this density 1600 x 600 pixels, sharp where the page shows half of that
_DENSITY = 200
_BACKGROUND, _INK, _FAINT, _ALERT = "#ffffff", "#1d1c1d", "#d5d5d8", "#c9184a"
# Okabe and Ito's colours, told apart by colour-blind people too, without the pale yellow.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f")
_LONGEST_LABEL = 60
_SHORTEST = 600.0  # seconds of an axis
_LONGEST_TITLE = 90
_TOO_GREAT = 1e100
_drawing = Lock()  # the library is not made for threads


def png(series: Sequence[Series], *, title: str, shown: Shown, alert_at: datetime | None = None) -> bytes:
    """A line per series over time (UTC), with a mark where the alert started; `shown` gives the unit.

    Titles and labels go through egress here. A gap in the points is a gap in the line.
    """
    # Half a second and 40 MB that only a chart needs.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    drawn = tuple(_drawable(line) for line in series)
    with _drawing, mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 9.0, "text.parse_math": False}):
        figure = Figure(figsize=_SIZE, dpi=_DENSITY, facecolor=_BACKGROUND, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        _frame(axes, title=title, shown=shown)
        _lines(axes, drawn)
        _alert(axes, alert_at, drawn)
        _scale(axes, drawn)
        file = BytesIO()
        canvas.print_png(file, metadata={"Software": None})  # type: ignore[no-untyped-call]  # the library names no types here
    return file.getvalue()


def labels(series: Sequence[Series]) -> tuple[str, ...]:
    """What tells each line from the others; empty texts where nothing does."""
    names = sorted({name for line in series for name in line.labels} - {"__name__"})
    telling = [name for name in names if len({line.labels.get(name) for line in series}) > 1]
    texts = (
        mask(", ".join(f"{name}={masked_field(name, line.labels[name])}" for name in telling if name in line.labels))
        for line in series
    )
    return tuple(_clipped(text, _LONGEST_LABEL) for text in texts)


def _drawable(line: Series) -> Series:
    """Without the points that no axis can hold; they are gaps."""
    return line.model_copy(update={"points": tuple(point for point in line.points if abs(point[1]) < _TOO_GREAT)})


def _frame(axes: "Axes", *, title: str, shown: Shown) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415 - as above
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415 - as above

    axes.set_facecolor(_BACKGROUND)
    axes.set_title(_clipped(mask(title), _LONGEST_TITLE), loc="left", fontsize=11, fontweight="bold", color=_INK)
    axes.set_ylabel(_UNITS[shown], color=_INK)
    axes.grid(visible=True, color=_FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(_INK)
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]  # as above
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))  # type: ignore[no-untyped-call]  # as above
    axes.set_xlabel("UTC", color=_INK)
    if shown is Shown.COUNT:  # there is no half of a thing
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    written = _TICKS.get(shown, _number)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: written(value)))


def _lines(axes: "Axes", series: Sequence[Series]) -> None:
    if not any(line.points for line in series):
        axes.text(0.5, 0.5, "no points in this window", transform=axes.transAxes, ha="center", color=_INK)
        return
    for line, label, colour in zip(series, labels(series), _COLOURS * len(series), strict=False):
        moments, values = _with_gaps(line.points)
        alone = "o" if len(line.points) < 3 else ""
        axes.plot(moments, values, color=colour, linewidth=1.6, marker=alone, markersize=4, label=_plain(label))
    if len(series) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8, labelcolor=_INK)


def _alert(axes: "Axes", alert_at: datetime | None, series: Sequence[Series]) -> None:
    """The mark, where the axis has its moment: one far outside would squeeze the lines to nothing."""
    moments = [at for line in series for at, _ in line.points]
    if alert_at is None or not moments or not min(moments) <= alert_at.timestamp() <= max(moments):
        return
    day = _days(alert_at.timestamp())
    axes.axvline(day, color=_ALERT, linewidth=1.4, linestyle="--")
    axes.annotate(
        "alert",
        xy=(day, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-3, -2),
        textcoords="offset points",
        ha="right",
        va="top",
        color=_ALERT,
        fontsize=8,
    )


def _scale(axes: "Axes", series: Sequence[Series]) -> None:
    values = [value for line in series for _, value in line.points]
    if not values:
        axes.set_yticks([])
        return
    low, high = (
        min(0.0, *values),
        max(0.0, *values),
    )  # zero is always in sight: a small wobble must not look like a cliff
    room = (high - low) * 0.08 or 1.0
    axes.set_ylim(low - (room if low < 0 else 0), high + room)
    moments = [at for line in series for at, _ in line.points]
    first, last = min(moments), max(moments)
    if last - first < _SHORTEST:
        axes.set_xlim(_days(first - _SHORTEST / 2), _days(last + _SHORTEST / 2))


def _with_gaps(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """The points, with a NaN wherever more than one and a half steps are missing."""
    step = min((later[0] - earlier[0] for earlier, later in pairwise(points)), default=0.0)
    moments: list[float] = []
    values: list[float] = []
    last = math.inf
    for at, value in points:
        if at - last > 1.5 * step:
            moments.append(_days(last + step))
            values.append(math.nan)
        moments.append(_days(at))
        values.append(value)
        last = at
    return moments, values


def _clipped(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _days(epoch: float) -> float:
    """The library counts days since 1970."""
    return epoch / 86400


def _plain(label: str) -> str:
    """The library leaves a label with a leading _ out of the legend."""
    return f" {label}" if label.startswith("_") else label


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def _percent(value: float) -> str:
    return f"{value * 100:g} %"


_UNITS: Mapping[Shown, str] = {
    **dict.fromkeys(Shown, ""),
    Shown.COUNT: "count",
    Shown.SECONDS: "seconds",
    Shown.MINOR: "minor units",
}
_TICKS: Mapping[Shown, Callable[[float], str]] = {Shown.RATIO: _percent}
