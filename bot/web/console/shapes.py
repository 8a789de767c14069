"""What the API answers, and the console and the command line show, of requests and incidents."""

from datetime import datetime

from pydantic import Field

from bot.core.model import Frozen
from bot.slack.card_views import Stage


class IncidentShown(Frozen):
    """An incident, in a line."""

    id: str
    title: str
    system: str
    severity: str
    state: str = Field(description="firing or resolved")
    started_at: datetime
    acknowledged_by: str | None


class VoteShown(Frozen):
    """One person's answer."""

    person: str
    is_approval: bool
    at: datetime
    reason: str | None


class TouchedShown(Frozen):
    """What would be touched: how many, the first of them, what they are worth, and what is left out and why.

    `details` is what else is known of a single one; `ahead` names the column where `oldest` is yet to come.
    """

    count: int
    sample: tuple[str, ...]
    details: tuple[str, ...]
    sums: tuple[str, ...]
    oldest: str | None
    ahead: str | None
    left_out: tuple[str, ...]


class GridShown(Frozen):
    """The first rows of a preview, each cell as it may be shown; `total` counts the rows there are."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


class RequestLine(Frozen):
    """A request, in a line."""

    id: str
    incident_id: str
    system: str
    label: str
    stage: Stage = Field(description="how far it is; open: it waits for approval")
    requester: str
    requested_at: datetime
    approvals: int
    needs: int = Field(description="how many approvals it takes")
    expires_at: datetime | None


class RequestShown(RequestLine):
    """A request with all that a vote is for, and what became of it."""

    title: str = Field(description="of its incident")
    about: str | None
    risk: str
    reason: str | None
    inputs: dict[str, str]
    touches: TouchedShown | None
    preview: str | None
    preview_rows: GridShown | None
    calls: tuple[str, ...] = Field(description="what will be sent or run")
    digest: str | None = Field(description="stands for all of this; a vote names it")
    approvers: tuple[str, ...] = Field(description="groups whose members may approve")
    phrase: str | None = Field(description="what an approver must type, for a severe action")
    votes: tuple[VoteShown, ...]
    note: str | None
    outcome: str | None
    verifies: str | None = Field(description="what must hold afterwards")
    goal: str | None = Field(description="the same, in words")
    undoes: str | None = Field(description="the action that takes it back; null where there is none")
    is_reversible: bool = Field(description="whether that takes back all of it")
    notices: tuple[str, ...] = Field(description="what those who vote should know besides")
    calmed: str | None = Field(description="resolved or silenced: who approves must say `anyway`")
    progress: str | None = Field(description="how many of its calls are done, while it runs")
    can_stop: bool = Field(description="it runs, and there is a call left to keep from beginning")
    can_resume: bool = Field(description="it ended with calls left; somebody may ask that those go on")
    going_on: str | None = Field(description="who asked that last, and what became of it")
    can_settle: bool = Field(description="a call has no answer, and nobody but a person can say what became of it")
    can_break_glass: bool = Field(description="one of its approvers may run it alone")
    alone: str | None = Field(description="who ran it alone")
    reviewed_by: str | None = Field(description="who countersigned that since")
    undo: str | None = Field(description="the action to ask for, to take it back now")


class Requests(Frozen):
    """A list of requests, newest first."""

    requests: tuple[RequestLine, ...]


class Incidents(Frozen):
    """A list of incidents, newest first."""

    incidents: tuple[IncidentShown, ...]
