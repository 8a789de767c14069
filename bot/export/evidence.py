"""Evidence as it may leave: each cell shown by its class, and the digest of what was really answered."""

from collections.abc import Mapping
from datetime import UTC, datetime

from bot.core.canonical import sha256
from bot.core.egress import mask, masked_field, shown
from bot.core.evidence import Answer, Evidence, Failure, Series, Table
from bot.core.ports import Json
from bot.store.diagnoses import digest

Document = dict[str, Json]


def evidence_document(evidence: Evidence) -> Document:
    """What was shown of an answer, or why there is none. Two answers are the same exactly if their digests are."""
    made = digest(evidence)
    match evidence:
        case Answer():
            return {
                "digest": made,
                "status": evidence.status,
                "provider_request_id": evidence.request_id,
                **table_document(evidence.table),
                "chart": [_line(series) for series in evidence.series],
            }
        case Failure():
            return {"digest": made, "failed": evidence.reason, "why": mask(evidence.message)}


def table_document(table: Table) -> Document:
    """A table's cells as text."""
    names = [column.name for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    return {
        "columns": [mask(name) for name in names],
        "rows": [[shown(row[column.name], column, row) for column in table.columns] for row in rows],
        "cut": table.cut,
    }


def _line(series: Series) -> Mapping[str, Json]:
    labels = {mask(name): masked_field(name, value) for name, value in sorted(series.labels.items())}
    return {"labels": labels, "points": len(series.points), "digest": sha256([list(point) for point in series.points])}


def moment(at: datetime | None) -> str | None:
    """A time in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds") if at else None
