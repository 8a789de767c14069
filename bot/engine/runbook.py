"""A runbook: questions, conclusions, checklist, actions."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from bot.core.duration import Duration
from bot.core.expression import Expression
from bot.core.model import Frozen
from bot.core.regex import compiled
from bot.core.template import Template
from bot.engine.policy import Limits, Windows
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
        _one_of(self, "promql", "sql", "stripe", "http")
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


class Guard(Frozen):
    """A reason not to offer or run an action."""

    when: Expression = Field(description="the action must not run while this holds, or while it cannot be judged")
    say: Template = Field(description="the reason, for whoever asks")


class Risk(StrEnum):
    LOW = "low"
    HIGH = "high"
    SEVERE = "severe"


class Approve(Frozen):
    by: tuple[Name, ...] = Field(min_length=1, description="groups of the rules file's approvers")
    expires: Duration = Field(description="how long a request waits for votes")


class Input(Frozen):
    """Asked in a modal before the request."""

    type: Literal["string", "integer", "duration", "choice", "flag"] = Field(
        default="string", description="what is typed: checked before anything is asked"
    )
    label: str | None = Field(default=None, description="its heading in the modal")
    source: Expression | None = Field(alias="from", default=None, description="default taken from evidence")
    default: str | int | bool | None = Field(default=None, description="what stands there where `from` gives nothing")
    pattern: Pattern | None = Field(default=None, description="a whole text must match this")
    choices: tuple[str, ...] = Field(default=(), description="what may be chosen, for type: choice")
    optional: bool = Field(default=False, description="true: may be left empty")


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
        _one_of(self, "ids", "sql", "http", "stripe")
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
        _one_of(self, "http", "sql", "stripe", "command")
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
        _one_of(self, "sql", "http", "stripe")
        return self

    @property
    def step(self) -> Read:
        step = self.sql or self.http or self.stripe
        assert step is not None
        return step


class ActionKind(StrEnum):
    REPLAY = "replay"
    RESEND = "resend"
    RECONCILE = "reconcile"
    KILL_SWITCH = "kill_switch"
    OTHER = "other"


class Action(Frozen):
    """Something an operator may run: preview, request, votes, execute, verify."""

    id: ActionId = Field(description="its name in suggest:, instead: and undo:")
    kind: ActionKind = Field(description="what sort of action it is")
    label: str = Field(max_length=60, description="what its button says")
    about: str | None = Field(
        default=None, description="one or two sentences for the card: what it does and does not do"
    )
    when: Expression | None = Field(default=None, description="offered only if this holds (over option and evidence)")
    refuse: tuple[Guard, ...] = Field(default=(), description="reasons why it must not run now")
    inputs: dict[Name, Input] = Field(default_factory=dict, description="what is asked before the request")
    risk: Risk = Field(description="low: one approver. high: two, and a reason. severe: and a typed phrase")
    approve: Approve = Field(description="who may approve, and for how long")
    phrase: str | None = Field(
        default=None,
        min_length=3,
        max_length=60,
        pattern=r"^\S(.*\S)?$",
        description="what each approver types, for risk: severe; its label if unsaid",
    )
    break_glass: bool = Field(
        default=False,
        description="true: one of its approvers may run it alone, loudly, and somebody else reviews that after",
    )
    limits: Limits = Field(default=Limits(), description="bounds that hold whoever approves")
    cool_down: Duration | None = Field(
        default=None, description="how long a target is left alone after this action has touched it"
    )
    windows: Windows | None = Field(default=None, description="when it may run, by local clocks and calendars")
    preview: Preview | None = Field(default=None, description="what would happen, shown to who votes")
    targets: Targets = Field(description="what would be touched, frozen with the request")
    leaves_out: LeavesOut | None = Field(
        default=None, description="what is not among the targets and why, shown to who votes"
    )
    do: tuple[Deed, ...] = Field(min_length=1, description="the writes, in order; the first that fails ends it")
    batches: Batches | None = Field(
        default=None, description="a few targets first, then more, with a check between; every deed says each: true"
    )
    probe: Probe | None = Field(default=None, description="where the target can be asked whether a call took effect")
    verify: Verify = Field(description="what proves that it worked")
    instead: tuple[ActionId, ...] = Field(default=(), description="offered when the target says it is not installed")
    undo: ActionId | None = Field(default=None, description="the action that takes this one back; it sees `original`")
    reversible: bool = Field(default=False, description="true: undo: takes it back")

    @property
    def typed_phrase(self) -> str | None:
        """What an approver must type; None where nothing needs to be typed."""
        return (self.phrase or self.label) if self.risk is Risk.SEVERE else None

    @property
    def sends_to_stripe(self) -> bool:
        """Whether one of its deeds leans on Stripe's idempotency keys."""
        return any(deed.stripe is not None for deed in self.do)

    @model_validator(mode="after")
    def _batched_one_by_one(self) -> "Action":
        if self.batches is not None and not all(deed.each for deed in self.do):
            raise ValueError("batches: take targets a few at a time, so every deed under do: must say each: true")
        return self

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

    title: str = Field(description="what has happened, in a few words")
    guide: str | None = Field(default=None, description="where a human reads more")
    summary: Template | None = Field(default=None, description="one sentence for the first message")
    params: dict[Name, Param] = Field(
        default_factory=dict, description="the identifiers it works on, in the order they are found"
    )
    diagnose: tuple[Question, ...] = Field(
        min_length=1, description="questions, asked side by side; one that names another's answer waits for it"
    )
    conclude: tuple[Conclusion, ...] = Field(default=(), description="what the evidence means")
    checklist: tuple[str, ...] = Field(default=(), description="what a person has to look at")
    actions: tuple[Action, ...] = Field(default=(), description="what may be done about it")

    def action(self, action_id: str) -> Action | None:
        return next((action for action in self.actions if action.id == action_id), None)
