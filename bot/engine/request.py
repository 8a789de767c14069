"""A request: an action with parameters, targets and preview frozen under a digest, on its way to be carried out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.canonical import canonical, plain, sha256
from bot.core.evidence import Answer, Evidence, Table
from bot.core.ports import Json
from bot.engine.runbook import Risk

_START_WITHIN = timedelta(minutes=10)


class State(StrEnum):
    """Where a request stands. Once approved, its execution row says the rest."""

    PREPARING = "preparing"  # guards, targets and preview are being asked
    OPEN = "open"  # frozen under its digest, waiting for votes
    APPROVED = "approved"
    REFUSED = "refused"  # a guard, a limit or a target that does not answer; the note says which
    DENIED = "denied"  # somebody voted no, or the requester withdrew it
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # what was voted on is not so any more; another request took its place


class Standing(StrEnum):
    """How the alerts of a request's incident stand."""

    FIRING = "firing"
    SILENCED = "silenced"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"  # they fire, and Alertmanager does not say whether somebody silenced them


LEADS_TO: Mapping[State, frozenset[State]] = {
    State.PREPARING: frozenset({State.OPEN, State.REFUSED}),
    State.OPEN: frozenset({State.APPROVED, State.DENIED, State.EXPIRED, State.SUPERSEDED, State.REFUSED}),
    State.APPROVED: frozenset({State.SUPERSEDED, State.REFUSED, State.EXPIRED}),
    State.REFUSED: frozenset(),
    State.DENIED: frozenset(),
    State.EXPIRED: frozenset(),
    State.SUPERSEDED: frozenset(),
}
"""Every step a request may take; an approved one leaves its state only before it is claimed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetSet:
    """Exactly what would be touched: the ids, and the rows that show them."""

    ids: tuple[str, ...]
    table: Table

    @property
    def rows(self) -> frozenset[str]:
        """The rows without their order, for comparing."""
        document = plain(self.table)
        assert isinstance(document, dict)
        return frozenset(canonical(row) for row in document["rows"])


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewShown:
    """What the people who vote are shown, and what was known when they were asked."""

    answer: Evidence | None
    say: str | None
    before: Mapping[str, Evidence]  # question id -> what it answered when the request was made
    alert: Standing = Standing.FIRING
    unusual: tuple[str, ...] = ()  # why it needs one approver more: the soft limits it goes beyond
    left_out: Answer | None = None  # what is not among the targets, and why
    warnings: tuple[str, ...] = ()  # what speaks against running it now, such as the hour


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request, as its row says it."""

    id: str
    incident_id: str
    system: str
    runbook: str
    action: str
    content: str
    original_id: str | None
    requester: str
    requested_at: datetime
    reason: str | None
    params: Mapping[str, Json]
    inputs: Mapping[str, Json]
    targets: TargetSet | None
    preview: PreviewShown | None
    digest: str | None
    state: State
    needs: int
    expires_at: datetime | None
    settled_at: datetime | None
    note: str | None
    alert: Standing | None = None  # as a voter was told last; None when nobody had to be

    @property
    def is_large(self) -> bool:
        """Whether it goes beyond what is usual for its action."""
        return self.preview is not None and bool(self.preview.unusual)

    def has_expired(self, now: datetime) -> bool:
        """Whether it is too late to vote."""
        return self.expires_at is not None and now >= self.expires_at

    def is_stale(self, now: datetime) -> bool:
        """Whether it is too late to start: past its expiry, and past the minutes an approval stays fresh."""
        if self.expires_at is None or self.settled_at is None:
            return True
        return now >= max(self.expires_at, self.settled_at + _START_WITHIN)


def needs(risk: Risk, *, is_large: bool = False) -> int:
    """How many people beside the requester must approve: one more for what goes beyond the usual."""
    return (1 if risk is Risk.LOW else 2) + is_large


def wants_reason(risk: Risk) -> bool:
    """Whether the requester must say why."""
    return risk is not Risk.LOW


def digest(request: Request, *, targets: TargetSet, preview: PreviewShown) -> str:
    """What a vote is for: all that decides what will run, in one hash. The order of the targets does not matter."""
    return sha256(
        {
            "content": request.content,
            "system": request.system,
            "runbook": request.runbook,
            "action": request.action,
            "original": request.original_id,
            "params": request.params,
            "inputs": request.inputs,
            "ids": sorted(targets.ids),
            "columns": [column.name for column in targets.table.columns],
            "rows": sorted(targets.rows),
            "preview": plain(preview.answer) if preview.answer else None,
            "left_out": plain(preview.left_out) if preview.left_out else None,
            "before": {name: plain(evidence) for name, evidence in preview.before.items()},
            "needs": request.needs,
            "alert": preview.alert,
            "unusual": list(preview.unusual),
        }
    )


def is_as_approved(request: Request) -> bool:
    """Whether the row still holds what its digest was made of."""
    if request.targets is None or request.preview is None or request.digest is None:
        return False
    return request.digest == digest(request, targets=request.targets, preview=request.preview)


_NAMED = 3  # targets that a sentence names


def changes(frozen: TargetSet, fresh: TargetSet, *, may_shrink: bool) -> str | None:
    """What is different about the targets, in a sentence; None when the approval covers them.

    Targets that have gone are covered if the action says so; a new one, or one with other values, never is.
    """
    added = sorted(set(fresh.ids) - set(frozen.ids))
    gone = sorted(set(frozen.ids) - set(fresh.ids))
    if added or (gone and not may_shrink):
        told = f"the targets changed from {len(frozen.ids)} to {len(fresh.ids)}: "
        return told + f"{_listed(added)} new, {_listed(gone)} gone"
    other = len(fresh.rows - frozen.rows)
    return f"{other} of {len(frozen.ids)} targets have other values now" if other else None


def changes_of_rest(rest: TargetSet, fresh: TargetSet, *, claimed: TargetSet) -> str | None:
    """The same for what is left of an execution: those it has dealt with may be as they like, and none may be gone."""
    dealt_with = set(claimed.ids) - set(rest.ids)
    return changes(rest, only(fresh, set(fresh.ids) - dealt_with), may_shrink=False)


def _listed(ids: Sequence[str]) -> str:
    """How many, and the first of them.

    >>> _listed(["ev_1", "ev_2", "ev_3", "ev_4"])
    '4 (ev_1, ev_2, ev_3 …)'
    """
    if not ids:
        return "0"
    return f"{len(ids)} ({', '.join(ids[:_NAMED])}{' …' if len(ids) > _NAMED else ''})"


def only(targets: TargetSet, ids: Collection[str | None]) -> TargetSet:
    """Those of the targets that are named, with their rows."""
    kept = [(each, row) for each, row in zip(targets.ids, targets.table.rows, strict=True) if each in ids]
    table = targets.table.model_copy(update={"rows": tuple(row for _, row in kept)})
    return TargetSet(ids=tuple(each for each, _ in kept), table=table)


def target_set(answer: Answer, *, id_column: str) -> TargetSet:
    """The targets a question answered. Raises ValueError when a row has no id, or the answer was cut."""
    table = answer.table
    if table.cut:
        raise ValueError(f"there are more than {len(table.rows)} targets; narrow the request")
    names = [column.name for column in table.columns]
    if id_column not in names:
        raise ValueError(f"the targets have no column {id_column!r}")
    cells = [row[names.index(id_column)] for row in table.rows]
    if any(cell is None or cell == "" for cell in cells):
        raise ValueError(f"a target has no {id_column!r}")
    ids = tuple(str(cell) for cell in cells)
    if len(set(ids)) != len(ids):
        raise ValueError(f"two targets have the same {id_column!r}")
    return TargetSet(ids=ids, table=table)
