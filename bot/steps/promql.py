"""Ask Prometheus: an instant query, and the same over time where a chart is wanted."""

from pydantic import Field

from bot.core.duration import Duration
from bot.core.evidence import Answer, Shown
from bot.core.model import Frozen
from bot.core.template import Template
from bot.steps.step import Call, ResourceName


class Promql(Frozen):
    """`promql: {at: metrics, query: …, chart: 3h}`."""

    at: ResourceName = Field(description="a prometheus resource of the system")
    query: Template = Field(description="PromQL; put every inserted value through `| promql`")
    chart: Duration | None = Field(default=None, description="also draw the last this-long as a chart")
    value: Shown = Field(default=Shown.NUMBER, description="the class of the value: ratio, count, seconds …")
    limit: int = Field(default=20, ge=1, le=200, description="at most this many series")

    def run(self, call: Call) -> Answer:
        raise NotImplementedError
