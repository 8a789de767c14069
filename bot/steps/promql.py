"""Ask Prometheus: an instant query, and the same over time where a chart is wanted."""

import math
from collections.abc import Sequence
from datetime import timedelta

from pydantic import Field

from bot.core.duration import Duration
from bot.core.errors import Refused, Unavailable
from bot.core.evidence import Answer, Cell, Column, Series, Shown, Table
from bot.core.model import Frozen
from bot.core.ports import Metrics, Sample
from bot.core.template import Template
from bot.steps.cells import cell
from bot.steps.step import Call, ResourceName

_POINTS = 120  # of one line in a chart
_LINES = 8  # in one chart; more cannot be told apart


class Promql(Frozen):
    """`promql: {at: metrics, query: …, chart: 3h}`."""

    at: ResourceName = Field(description="a prometheus resource of the system")
    query: Template = Field(description="PromQL; put every inserted value through `| promql`")
    chart: Duration | None = Field(default=None, description="also draw the last this-long as a chart")
    value: Shown = Field(default=Shown.NUMBER, description="the class of the value: ratio, count, seconds …")
    limit: int = Field(default=20, ge=1, le=200, description="at most this many series")

    def run(self, call: Call) -> Answer:
        """One row per series, greatest value first: its labels as columns, then `value`."""
        metrics = call.resources.metrics(self.at)
        query = self.query.render(call.scope)
        samples = metrics.instant(query, at=None, timeout=call.timeout)
        return Answer(table=self._table(samples), series=self._series(metrics, query, call))

    def _table(self, samples: Sequence[Sample]) -> Table:
        names = sorted({name for sample in samples for name in sample.labels} - {"__name__", "value"})
        kept = sorted(samples, key=_greatest_first)[: self.limit]
        return Table(
            columns=(*(Column(name=name, shown=Shown.TEXT) for name in names), Column(name="value", shown=self.value)),
            rows=tuple((*(sample.labels.get(name) for name in names), self._value(sample.value)) for sample in kept),
            cut=len(samples) > self.limit,
        )

    def _value(self, number: float) -> Cell:
        # increase() extrapolates, so even a count of whole things comes with a fraction.
        whole = self.value is Shown.COUNT and math.isfinite(number)
        return cell(round(number) if whole else number, shown=self.value, name="value")

    def _series(self, metrics: Metrics, query: str, call: Call) -> tuple[Series, ...]:
        if self.chart is None:
            return ()
        step = timedelta(seconds=max(1, math.ceil(self.chart.total_seconds() / _POINTS)))
        try:
            lines = metrics.range(query, start=call.now - self.chart, end=call.now, step=step, timeout=call.timeout)
        except (Refused, Unavailable):
            return ()  # the numbers stand without their picture
        return tuple(sorted(lines, key=_highest_last_point_first)[:_LINES])


def _greatest_first(sample: Sample) -> tuple[bool, float, list[tuple[str, str]]]:
    return math.isnan(sample.value), -sample.value, sorted(sample.labels.items())


def _highest_last_point_first(line: Series) -> tuple[float, list[tuple[str, str]]]:
    return -line.points[-1][1] if line.points else math.inf, sorted(line.labels.items())
