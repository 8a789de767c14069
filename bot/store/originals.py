"""What an undo sees of the request that it takes back."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from bot.core.errors import BadInput
from bot.core.evidence import Answer, Cell
from bot.core.facts import rows_of
from bot.engine.execution import DeedDone, Done, Planned, plan
from bot.engine.runbook import Runbook
from bot.steps import SqlChange
from bot.store import executions, requests


def original_seen(conn: Connection, runbook: Runbook, original_id: str) -> Mapping[str, object]:
    """What it touched, and the rows as they were before it. Raises BadInput when it was not carried out.

    `ids` are those of the rows that SQL changed, or of the targets that were called one by one and done; where neither
    is known, all that were claimed.
    """
    original, claimed = requests.get(conn, original_id), executions.get(conn, original_id)
    action = runbook.action(original.action) if original else None
    if original is None or claimed is None or action is None:
        raise BadInput("what this takes back was not carried out")
    deeds = executions.deeds_of(conn, original_id)
    snapshots = _snapshots(plan(action, claimed.targets.ids), deeds)
    touched = [row_id for row_id, _ in snapshots] or _done_one_by_one(deeds) or claimed.targets.ids
    return {
        "request_id": original.id,
        "ids": list(dict.fromkeys(touched)),
        "rows": [row for _, row in snapshots],
        "inputs": original.inputs,
    }


def _snapshots(calls: Sequence[Planned], deeds: Sequence[DeedDone]) -> list[tuple[str, Mapping[str, Cell]]]:
    """The rows that SQL changed, each with its id, as they were before."""
    steps = {planned.number: planned.deed.step for planned in calls}
    found: list[tuple[str, Mapping[str, Cell]]] = []
    for deed in deeds:
        step = steps.get(deed.number)
        if isinstance(step, SqlChange) and isinstance(deed.evidence, Answer):
            found.extend((str(row[step.id]), row) for row in rows_of(deed.evidence.table) if step.id in row)
    return found


def _done_one_by_one(deeds: Sequence[DeedDone]) -> list[str]:
    return [deed.target for deed in deeds if deed.target is not None and deed.state is Done.SUCCEEDED]
