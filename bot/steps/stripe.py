"""Ask Stripe (GET by construction), or change one object with an idempotency key."""

from collections.abc import Mapping

from pydantic import Field

from bot.core.evidence import Answer
from bot.core.model import Frozen
from bot.core.ports import Json
from bot.core.template import PathTemplate, Value
from bot.steps.json_values import jsonable
from bot.steps.projection import table_of
from bot.steps.reply import shown_id
from bot.steps.step import Call, JmesPath, Name, Projected, ResourceName, Scope


class StripeGet(Frozen):
    """`stripe: {at: stripe, get: "/v1/invoices/{{ params.invoice }}", show: {status: {path: status, as: enum}}}`."""

    at: ResourceName = Field(default="stripe", description="a stripe resource of the system")
    get: PathTemplate = Field(description="path of the API, beginning with /v1/")
    query: dict[str, Value] = Field(default_factory=dict, description="query parameters")
    rows: JmesPath | None = Field(default=None, description="JMESPath to a list, for one row each (`data`)")
    show: dict[Name, JmesPath | Projected] = Field(min_length=1, description="the fields that are shown")
    limit: int = Field(default=20, ge=1, le=100, description="at most this many rows")

    def run(self, call: Call) -> Answer:
        """The declared fields of an object, or of each object of a list."""
        found = call.resources.stripe_read(self.at).get(
            self.get.render(call.scope), _parameters(self.query, call.scope), timeout=call.timeout
        )
        return Answer(table=table_of(found, show=self.show, rows=self.rows, limit=self.limit))


class StripePost(Frozen):
    """One approved change of one Stripe object; the idempotency key comes from the execution."""

    at: ResourceName = Field(default="stripe", description="a stripe resource of the system, with a write key")
    post: PathTemplate = Field(description="path of the API, beginning with /v1/")
    form: dict[str, Value] = Field(default_factory=dict, description="the fields to set")
    show: dict[Name, JmesPath | Projected] = Field(
        default_factory=dict, description="the fields of the changed object that are shown"
    )

    def run(self, call: Call, *, key: str) -> Answer:
        """Change it once. Raises Unknown when it may have taken effect, another error when it certainly did not."""
        path, form = self.call(call.scope)
        changed, request_id = call.resources.stripe_write(self.at).post(
            path, form, idempotency_key=key, timeout=call.timeout
        )
        table = table_of(changed, show=self.show, rows=None, limit=1, done=True)
        return Answer(table=table, request_id=shown_id(request_id))

    def call(self, scope: Scope) -> tuple[str, Mapping[str, Json]]:
        """The path and the fields as they are sent with these values. Raises ExpressionError."""
        return self.post.render(scope), _parameters(self.form, scope)


def _parameters(values: Mapping[str, Value], scope: Scope) -> dict[str, Json]:
    return {name: jsonable(value.value(scope)) for name, value in values.items()}
