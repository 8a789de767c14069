"""Ask Stripe (GET by construction), or change one object with an idempotency key."""

from pydantic import Field

from bot.core.evidence import Answer
from bot.core.model import Frozen
from bot.core.template import PathTemplate, Value
from bot.steps.step import Call, Name, Projected, ResourceName


class StripeGet(Frozen):
    """`stripe: {at: stripe, get: "/v1/invoices/{{ params.invoice }}", show: {status: {path: status, as: enum}}}`."""

    at: ResourceName = "stripe"
    get: PathTemplate = Field(description="path of the API, beginning with /v1/")
    query: dict[str, Value] = Field(default_factory=dict, description="query parameters")
    rows: str | None = Field(default=None, description="JMESPath to a list, for one row each (`data`)")
    show: dict[Name, str | Projected] = Field(min_length=1, description="the fields that are shown")
    limit: int = Field(default=20, ge=1, le=100)

    def run(self, call: Call) -> Answer:
        raise NotImplementedError


class StripePost(Frozen):
    """One approved change of one Stripe object; the idempotency key comes from the execution."""

    at: ResourceName = "stripe"
    post: PathTemplate = Field(description="path of the API, beginning with /v1/")
    form: dict[str, Value] = Field(default_factory=dict)
    show: dict[Name, str | Projected] = Field(default_factory=dict)

    def run(self, call: Call, *, key: str) -> Answer:
        raise NotImplementedError
