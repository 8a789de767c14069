"""What a runbook asks: the identifiers it works on, its questions, and what their answers mean."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from bot.core.duration import Duration
from bot.core.expression import Expression
from bot.core.model import Frozen
from bot.core.regex import compiled
from bot.core.template import Template
from bot.steps import HttpGet, Promql, Read, SqlRead, StripeGet
from bot.steps.step import Name

ActionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]


def _compiles(pattern: str) -> str:
    compiled(pattern)
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression that a whole value must match."""


def one_of(model: Frozen, *fields: str) -> object:
    """The one of these fields that is given. Raises ValueError unless it is exactly one."""
    given = [getattr(model, field) for field in fields if getattr(model, field) is not None]
    if len(given) != 1:
        raise ValueError("give exactly one of " + ", ".join(f"{field}:" for field in fields))
    return given[0]


class Param(Frozen):
    """An identifier the runbook works on: from labels, a slash command, or a default."""

    source: Expression | None = Field(alias="from", default=None, description="labels.tenant, option.tenant …")
    pattern: Pattern = Field(default=r"[A-Za-z0-9_.:-]{1,128}", description="a whole value must match this")
    default: Expression | None = Field(default=None, description="an expression, where `from` gives nothing")
    about: str | None = Field(default=None, description="what it is, for who types it")


class Question(Frozen):
    """A read-only diagnostic step; its answer is evidence under `id`."""

    id: Name = Field(description="its name in expressions")
    title: str | None = Field(default=None, description="its heading in the thread")
    promql: Promql | None = Field(default=None, description="ask Prometheus")
    sql: SqlRead | None = Field(default=None, description="ask a database")
    stripe: StripeGet | None = Field(default=None, description="ask Stripe")
    http: HttpGet | None = Field(default=None, description="ask a host")
    when: Expression | None = Field(default=None, description="ask only if this holds; otherwise it says why not")
    timeout: Duration | None = Field(default=None, description="how long it may take, instead of the resource's own")

    @model_validator(mode="after")
    def _one_step(self) -> "Question":
        one_of(self, "promql", "sql", "stripe", "http")
        return self

    @property
    def step(self) -> Read:
        step = self.promql or self.sql or self.stripe or self.http
        assert step is not None
        return step


class Conclusion(Frozen):
    """Pure: shown when it holds."""

    when: Expression = Field(description="over the evidence; what cannot be judged is said, never taken for clean")
    say: Template = Field(description="the sentence that is shown when it holds")
    suggest: tuple[ActionId, ...] = Field(default=(), description="actions it speaks for")
    warn_against: tuple[ActionId, ...] = Field(
        default=(), description="actions it speaks against; this outweighs every suggestion"
    )
    good: bool = Field(
        default=False, description="true: good news. A digest where nothing else holds is closed by itself"
    )
