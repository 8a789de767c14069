"""An action of a runbook: what it is called, who may run it and when, and what it then does."""

from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from bot.core.duration import Duration
from bot.core.expression import Expression
from bot.core.model import Frozen
from bot.core.template import Template
from bot.engine.effect import Batches, Deed, LeavesOut, Preview, Probe, Targets, Verify
from bot.engine.policy import Limits, Windows
from bot.engine.question import ActionId, Pattern
from bot.steps.step import Name


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
    second_factor: bool = Field(
        default=False,
        description="true: each vote takes a one-time code, in Slack too, whatever the installation asks for by risk",
    )


class Input(Frozen):
    """Asked in a modal before the request."""

    type: Literal["string", "integer", "duration", "choice", "flag", "time"] = Field(
        default="string", description="what is typed: checked before anything is asked"
    )
    label: str | None = Field(default=None, description="its heading in the modal")
    source: Expression | None = Field(alias="from", default=None, description="default taken from evidence")
    default: str | int | bool | None = Field(default=None, description="what stands there where `from` gives nothing")
    pattern: Pattern | None = Field(default=None, description="a whole text must match this")
    choices: tuple[str, ...] = Field(default=(), description="what may be chosen, for type: choice")
    optional: bool = Field(default=False, description="true: may be left empty")


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
