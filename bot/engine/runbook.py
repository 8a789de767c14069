"""A runbook: questions, conclusions, checklist, actions."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from bot.core.duration import Duration
from bot.core.expression import Expression
from bot.core.model import Frozen
from bot.core.regex import compiled
from bot.core.template import Template
from bot.steps import (
    CommandRun,
    HttpGet,
    HttpSend,
    Promql,
    Read,
    SqlChange,
    SqlRead,
    StripeGet,
    StripePost,
    Write,
)
from bot.steps.step import Name

ActionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]


def _compiles(pattern: str) -> str:
    compiled(pattern)
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression that a whole value must match."""


def _one_of(model: Frozen, *fields: str) -> object:
    given = [getattr(model, field) for field in fields if getattr(model, field) is not None]
    if len(given) != 1:
        raise ValueError("give exactly one of " + ", ".join(f"{field}:" for field in fields))
    return given[0]


class Param(Frozen):
    """An identifier the runbook works on: from labels, a slash command, or a default."""

    source: Expression | None = Field(alias="from", default=None, description="labels.tenant, option.tenant …")
    pattern: Pattern = Field(default=r"[A-Za-z0-9_.:-]{1,128}", description="a whole value must match this")
    default: Expression | None = None
    about: str | None = None


class Question(Frozen):
    """A read-only diagnostic step; its answer is evidence under `id`."""

    id: Name
    title: str | None = None
    promql: Promql | None = None
    sql: SqlRead | None = None
    stripe: StripeGet | None = None
    http: HttpGet | None = None
    when: Expression | None = Field(default=None, description="ask only if this holds; otherwise it says why not")
    timeout: Duration | None = None

    @model_validator(mode="after")
    def _one_step(self) -> "Question":
        _one_of(self, "promql", "sql", "stripe", "http")
        return self

    @property
    def step(self) -> Read:
        step = self.promql or self.sql or self.stripe or self.http
        assert step is not None
        return step


class Conclusion(Frozen):
    """Pure: shown when it holds."""

    when: Expression
    say: Template
    suggest: tuple[ActionId, ...] = ()
    warn_against: tuple[ActionId, ...] = ()


class Guard(Frozen):
    """A reason not to offer or run an action."""

    when: Expression
    say: Template


class Risk(StrEnum):
    LOW = "low"
    HIGH = "high"
    SEVERE = "severe"


class Approve(Frozen):
    by: tuple[Name, ...] = Field(min_length=1, description="groups of the rules file's approvers")
    expires: Duration


class Limits(Frozen):
    max_targets: int | None = Field(default=None, ge=1)
    per_hour: int | None = Field(default=None, ge=1)


class Input(Frozen):
    """Asked in a modal before the request."""

    type: Literal["string", "integer", "duration", "choice", "flag"] = "string"
    label: str | None = None
    source: Expression | None = Field(alias="from", default=None, description="default taken from evidence")
    default: str | int | bool | None = None
    pattern: Pattern | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False


class Preview(Frozen):
    """What would happen, asked without touching anything."""

    http: HttpSend | HttpGet | None = None
    sql: SqlRead | None = None
    stripe: StripeGet | None = None
    command: CommandRun | None = None
    say: Template | None = Field(default=None, description="one sentence over `preview` and `targets`")

    @model_validator(mode="after")
    def _harmless(self) -> "Preview":
        step = _one_of(self, "http", "sql", "stripe", "command")
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
    sql: SqlRead | None = None
    http: HttpGet | None = None
    stripe: StripeGet | None = None
    id: Name = Field(default="id", description="the column that names a target")
    may_shrink: bool = Field(
        default=False,
        description="run even if some targets have gone since the approval; never with others than approved",
    )

    @model_validator(mode="after")
    def _one_source(self) -> "Targets":
        _one_of(self, "ids", "sql", "http", "stripe")
        return self


class Deed(Frozen):
    """One write of an action."""

    http: HttpSend | None = None
    sql: SqlChange | None = None
    stripe: StripePost | None = None
    command: CommandRun | None = None
    each: bool = Field(default=False, description="once per target (`target` is its id), instead of once")

    @model_validator(mode="after")
    def _one_step(self) -> "Deed":
        _one_of(self, "http", "sql", "stripe", "command")
        return self

    @property
    def step(self) -> Write:
        step = self.http or self.sql or self.stripe or self.command
        assert step is not None
        return step


class Probe(Frozen):
    """Asks the target whether an execution with no answer took effect."""

    http: HttpGet | None = None
    sql: SqlRead | None = None
    stripe: StripeGet | None = None
    took_effect: Expression = Field(description="over `probe`: true it did, false it did not")

    @model_validator(mode="after")
    def _one_step(self) -> "Probe":
        _one_of(self, "http", "sql", "stripe")
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
    until: Expression
    every: Duration
    within: Duration


class ActionKind(StrEnum):
    REPLAY = "replay"
    RESEND = "resend"
    RECONCILE = "reconcile"
    KILL_SWITCH = "kill_switch"
    OTHER = "other"


class Action(Frozen):
    """Something an operator may run: preview, request, votes, execute, verify."""

    id: ActionId
    kind: ActionKind
    label: str = Field(max_length=60)
    about: str | None = Field(
        default=None, description="one or two sentences for the card: what it does and does not do"
    )
    when: Expression | None = Field(default=None, description="offered only if this holds (over option and evidence)")
    refuse: tuple[Guard, ...] = Field(default=(), description="reasons why it must not run now")
    inputs: dict[Name, Input] = Field(default_factory=dict)
    risk: Risk
    approve: Approve
    limits: Limits = Limits()
    preview: Preview | None = None
    targets: Targets
    do: tuple[Deed, ...] = Field(min_length=1)
    probe: Probe | None = None
    verify: Verify
    instead: tuple[ActionId, ...] = Field(default=(), description="offered when the target says it is not installed")
    undo: ActionId | None = Field(default=None, description="the action that takes this one back; it sees `original`")
    reversible: bool = False

    @property
    def is_undo_only(self) -> bool:
        """An undo names `original` and so is offered on an executed card only."""
        return any("original" in names for names in self._names())

    def _names(self) -> list[frozenset[str]]:
        targets = self.targets.ids.names if self.targets.ids else frozenset()
        sql = self.targets.sql
        return [targets, *(param.names for param in (sql.params.values() if sql else ()))]


class Runbook(Frozen):
    """One file under runbooks/<system>/."""

    title: str
    guide: str | None = Field(default=None, description="where a human reads more")
    summary: Template | None = None
    params: dict[Name, Param] = Field(default_factory=dict)
    diagnose: tuple[Question, ...] = Field(min_length=1)
    conclude: tuple[Conclusion, ...] = ()
    checklist: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()

    def action(self, action_id: str) -> Action | None:
        return next((action for action in self.actions if action.id == action_id), None)
