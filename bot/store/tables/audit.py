"""The audit: append-only, each entry chained to the one before."""

from sqlalchemy import DDL, Column, Index, String, Table, Text, event

from bot.store.append_only import STATEMENTS
from bot.store.tables.base import Moment, Sequence, metadata

audit = Table(
    "audit",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(64), nullable=False),  # incident.opened, request.voted, execution.started …
    Column("actor", String(64), nullable=False),  # a Slack user id, or `countersign`
    Column("incident_id", String(36)),
    Column("request_id", String(36)),
    Column("data", Text, nullable=False),  # canonical JSON
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_incident", "incident_id"),
)
for _dialect, _statements in STATEMENTS.items():
    for _statement in _statements:
        _trigger = DDL(_statement)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        event.listen(audit, "after_create", _trigger.execute_if(dialect=_dialect))
