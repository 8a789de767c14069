"""What differs between installations and can be asked: `options: {schema: auto}` is found out, never guessed."""

from typing import Final

from pydantic import Field, model_validator

from bot.core.errors import CountersignError, ExpressionError, NotInstalled
from bot.core.evidence import Answer
from bot.core.expression import Expression
from bot.core.facts import facts
from bot.core.model import Frozen
from bot.steps import HttpGet, Promql, SqlRead, StripeGet
from bot.steps.step import Scope

AUTO: Final = "auto"

Option = str | int | float | bool
"""The value of an option."""


class Detection(Frozen):
    """How the value of an `auto` option is found out: a question, and an expression over its `answer`."""

    sql: SqlRead | None = Field(default=None, description="ask a database, such as its information_schema")
    http: HttpGet | None = Field(default=None, description="ask a host")
    stripe: StripeGet | None = Field(default=None, description="ask Stripe")
    promql: Promql | None = Field(default=None, description="ask Prometheus")
    value: Expression = Field(
        default=Expression("answer.value"), description="over `answer` and `option`: a text, a number, true or false"
    )
    absent: Option | None = Field(default=None, description="the value where the host says that it has no such route")

    @property
    def step(self) -> SqlRead | HttpGet | StripeGet | Promql:
        step = self.sql or self.http or self.stripe or self.promql
        assert step is not None  # the validator below
        return step

    @model_validator(mode="after")
    def _one_step(self) -> "Detection":
        if sum(step is not None for step in (self.sql, self.http, self.stripe, self.promql)) != 1:
            raise ValueError("give exactly one of sql:, http:, stripe:, promql:")
        return self

    def read(self, outcome: Answer | CountersignError, scope: Scope) -> Option:
        """The value that an answer means. Raises CountersignError when it means none."""
        match outcome:
            case NotInstalled() if self.absent is not None:
                return self.absent
            case CountersignError():
                raise outcome
        value = self.value.value({**scope, "answer": facts(outcome)})
        if not isinstance(value, str | int | float | bool) or value == "":
            raise ExpressionError(f"{self.value.source!r} gives no text, number or flag")
        return value
