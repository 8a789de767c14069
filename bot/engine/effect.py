"""What an action touches and does: its targets, preview, deeds and batches, and what proves that it worked."""

from datetime import timedelta

from pydantic import Field, model_validator

from bot.core.duration import Duration
from bot.core.expression import Expression
from bot.core.model import Frozen
from bot.core.template import Template
from bot.engine.question import Question, one_of
from bot.steps import CommandRun, HttpGet, HttpSend, Read, SqlChange, SqlRead, StripeGet, StripePost, Write
from bot.steps.step import Name


class Preview(Frozen):
    """What would happen, asked without touching anything."""

    http: HttpSend | HttpGet | None = Field(default=None, description="a GET, or a call that says harmless: true")
    sql: SqlRead | None = Field(default=None, description="a SELECT")
    stripe: StripeGet | None = Field(default=None, description="a GET")
    command: CommandRun | None = Field(
        default=None, description="a dry run of the host's command, which says harmless: true"
    )
    say: Template | None = Field(default=None, description="one sentence over `preview` and `targets`")

    @model_validator(mode="after")
    def _harmless(self) -> "Preview":
        step = one_of(self, "http", "sql", "stripe", "command")
        if isinstance(step, HttpSend | CommandRun) and not step.harmless:
            raise ValueError("a preview must not change anything: a dry run says harmless: true")
        return self

    @property
    def step(self) -> Read | HttpSend | CommandRun:
        step = self.http or self.sql or self.stripe or self.command
        assert step is not None
        return step


class Targets(Frozen):
    """Exactly what would be touched; part of the digest."""

    ids: Expression | None = Field(default=None, description="one id or a list, from inputs, params or evidence")
    sql: SqlRead | None = Field(default=None, description="a SELECT with one row for each target")
    http: HttpGet | None = Field(default=None, description="a GET with one row for each target")
    stripe: StripeGet | None = Field(default=None, description="a GET with one row for each target")
    id: Name = Field(default="id", description="the column that names a target")
    may_shrink: bool = Field(
        default=False,
        description="run even if some targets have gone since the approval; never with others than approved",
    )

    @model_validator(mode="after")
    def _one_source(self) -> "Targets":
        one_of(self, "ids", "sql", "http", "stripe")
        return self


class Deed(Frozen):
    """One write of an action."""

    http: HttpSend | None = Field(default=None, description="call a host")
    sql: SqlChange | None = Field(default=None, description="change rows of a database")
    stripe: StripePost | None = Field(default=None, description="change an object at Stripe")
    command: CommandRun | None = Field(default=None, description="run the host's command")
    each: bool = Field(default=False, description="once per target (`target` is its id), instead of once")

    @model_validator(mode="after")
    def _one_step(self) -> "Deed":
        one_of(self, "http", "sql", "stripe", "command")
        return self

    @property
    def step(self) -> Write:
        step = self.http or self.sql or self.stripe or self.command
        assert step is not None
        return step


class Probe(Frozen):
    """Asks the target whether an execution with no answer took effect."""

    http: HttpGet | None = Field(default=None, description="a GET")
    sql: SqlRead | None = Field(default=None, description="a SELECT")
    stripe: StripeGet | None = Field(default=None, description="a GET")
    took_effect: Expression = Field(description="over `probe`: true it did, false it did not")

    @model_validator(mode="after")
    def _one_step(self) -> "Probe":
        one_of(self, "http", "sql", "stripe")
        return self

    @property
    def step(self) -> Read:
        step = self.http or self.sql or self.stripe
        assert step is not None
        return step


class Verify(Frozen):
    """Mandatory for every action: what must hold afterwards, asked again and again until it does."""

    ask: tuple[Question, ...] = Field(
        default=(), description="questions of its own, beside those of diagnose: it names"
    )
    until: Expression = Field(description="what must hold once it worked, over questions asked afresh")
    every: Duration = Field(description="how long to wait between two looks")
    within: Duration = Field(description="when to give up: the execution is then not verified")
    goal: str | None = Field(
        default=None, min_length=8, max_length=200, description="the same in plain words, for the card: Afterwards: …"
    )


class Batches(Frozen):
    """Targets are taken a few at a time, and what was done is checked before more is."""

    canary: int = Field(default=1, ge=1, le=100, description="how many targets go first, alone")
    size: int = Field(default=10, ge=1, le=1000, description="how many targets each later batch has")
    ask: tuple[Question, ...] = Field(
        default=(), description="questions of its own, beside those of diagnose: it names"
    )
    check: Expression = Field(
        description="what must hold before the next batch, over questions asked afresh, and `so_far`, the targets done"
    )
    every: Duration = Field(default=timedelta(seconds=5), description="how long to wait before each look")
    within: Duration = Field(
        default=timedelta(minutes=2), description="when to give up: it ends there, and the rest is not tried"
    )


class LeavesOut(Frozen):
    """What somebody might expect among the targets and is not, with the reason for each."""

    sql: SqlRead | None = Field(default=None, description="a SELECT with one row for each, or one for each reason")
    http: HttpGet | None = Field(default=None, description="a GET with one row for each")
    stripe: StripeGet | None = Field(default=None, description="a GET with one row for each")
    reason: Name = Field(default="reason", description="the column that says why, in a word or a few")
    count: Name | None = Field(default=None, description="the column that says how many; each row is one without it")

    @model_validator(mode="after")
    def _one_step(self) -> "LeavesOut":
        one_of(self, "sql", "http", "stripe")
        return self

    @property
    def step(self) -> Read:
        step = self.sql or self.http or self.stripe
        assert step is not None
        return step
