"""A runbook: questions, conclusions, checklist, actions."""

from pydantic import Field

from bot.core.model import Frozen
from bot.core.template import Template
from bot.engine.action import Action, ActionKind, Approve, Guard, Input, Risk
from bot.engine.checklist import Checklist
from bot.engine.effect import Batches, Deed, LeavesOut, Preview, Probe, Targets, Verify
from bot.engine.question import ActionId, Conclusion, Param, Question
from bot.steps.step import Name

__all__ = [
    "Action",
    "ActionId",
    "ActionKind",
    "Approve",
    "Batches",
    "Checklist",
    "Conclusion",
    "Deed",
    "Guard",
    "Input",
    "LeavesOut",
    "Param",
    "Preview",
    "Probe",
    "Question",
    "Risk",
    "Runbook",
    "Targets",
    "Verify",
]


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
    checklist: tuple[str, ...] | Checklist = Field(
        default=(), description="what a person has to look at: a list, or steps: with ordered: true"
    )
    actions: tuple[Action, ...] = Field(default=(), description="what may be done about it")

    @property
    def points(self) -> Checklist | None:
        """The checklist, whichever way it is written."""
        if isinstance(self.checklist, Checklist):
            return self.checklist
        return Checklist(steps=self.checklist) if self.checklist else None

    def action(self, action_id: str) -> Action | None:
        return next((action for action in self.actions if action.id == action_id), None)
