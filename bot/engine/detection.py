"""What differs between installations and can be asked: `options: {schema: auto}` is found out, never guessed."""

from typing import Final

from pydantic import Field, model_validator

from bot.core.errors import CountersignError, ExpressionError, NotInstalled
from bot.core.evidence import Answer
from bot.core.expression import Expression
from bot.core.facts import facts
from bot.core.model import Frozen
from bot.core.template import Template
from bot.steps import HttpGet, HttpSend, Promql, SqlRead, StripeGet
from bot.steps.step import Call, Scope

AUTO: Final = "auto"

Option = str | int | float | bool
"""The value of an option."""


class Detection(Frozen):
    """How the value of an `auto` option is found out: a question, and an expression over its `answer`."""

    sql: SqlRead | None = Field(default=None, description="ask a database, such as its information_schema")
    http: HttpSend | HttpGet | None = Field(
        default=None, description="ask a host: a GET, or a call that changes nothing and says harmless: true"
    )
    stripe: StripeGet | None = Field(default=None, description="ask Stripe")
    promql: Promql | None = Field(default=None, description="ask Prometheus")
    value: Expression = Field(
        default=Expression("answer.value"), description="over `answer` and `option`: a text, a number, true or false"
    )
    absent: Option | None = Field(default=None, description="the value where the host says that it has no such route")
    todo: Template | None = Field(
        default=None, description="what to set where it is another than the file says, or none; over `answer`"
    )

    @property
    def step(self) -> SqlRead | HttpGet | HttpSend | StripeGet | Promql:
        step = self.sql or self.http or self.stripe or self.promql
        assert step is not None  # the validator below
        return step

    @model_validator(mode="after")
    def _one_step(self) -> "Detection":
        if sum(step is not None for step in (self.sql, self.http, self.stripe, self.promql)) != 1:
            raise ValueError("give exactly one of sql:, http:, stripe:, promql:")
        if isinstance(self.http, HttpSend) and not self.http.harmless:
            raise ValueError("finding out must not change anything: a call that is no GET says harmless: true")
        return self

    def ask(self, call: Call) -> Answer | CountersignError:
        """What it is answered. An error of ours is an answer too, for it may say that there is no such route."""
        try:
            return self.step.run(call, key=None) if isinstance(self.step, HttpSend) else self.step.run(call)
        except CountersignError as error:
            return error

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

    def advice(self, outcome: Answer | CountersignError, scope: Scope) -> str:
        """What to set, in the file's own words; nothing where it has none for this outcome."""
        if self.todo is None or isinstance(outcome, CountersignError):
            return ""
        try:
            return self.todo.render({**scope, "answer": facts(outcome)})
        except ExpressionError:
            return ""
