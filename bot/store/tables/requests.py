"""Requests for an action, the votes on them, and what became of them."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from bot.store.tables.base import Document, Moment, metadata

requests = Table(
    "requests",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("incident_id", ForeignKey("incidents.id"), nullable=False),
    Column("system", String(64), nullable=False),
    Column("runbook", String(200), nullable=False),
    Column("action", String(64), nullable=False),
    Column("content", String(64), nullable=False),
    Column("original_id", ForeignKey("requests.id")),  # the executed request that this one undoes
    Column("requester", String(64), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("reason", Text),
    Column("params", Document, nullable=False),
    Column("inputs", Document, nullable=False),
    Column("targets", Document, nullable=False),
    Column("preview", Document),
    Column("digest", String(64)),  # none while the preview is being made
    Column("state", String(16), nullable=False),  # bot.engine.request.State
    Column("needs", Integer, nullable=False),  # how many approvals
    Column("expires_at", Moment),
    Column("settled_at", Moment),
    Column("note", Text),  # why it ended as it did
    Column("alert", String(16)),  # resolved | silenced, once a voter was told so
    Index("ix_requests_state", "state", "expires_at"),
)

votes = Table(
    "votes",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),
    Column("person", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("choice", String(16), nullable=False),  # bot.engine.approval.Choice
    Column("reason", Text),
    Column("at", Moment, nullable=False),
    Column("is_typed", Boolean, nullable=False, default=False),  # the action's phrase was typed
    Column("is_proven", Boolean, nullable=False, default=False, server_default=false()),  # a one-time code was given
)

reviews = Table(  # of what one person did alone, by break-glass
    "reviews",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)

executions = Table(
    "executions",
    metadata,
    Column("request_id", ForeignKey("requests.id"), primary_key=True),  # the claim
    Column("key", String(64), nullable=False, unique=True),  # idempotency key, derived from the request
    Column("targets", Document, nullable=False),  # what is touched: the approved targets, or those left of them
    Column("state", String(16), nullable=False),  # bot.engine.execution.State
    Column("replica", String(128), nullable=False),
    Column("incarnation", String(36), nullable=False),  # the process that claimed it
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("verify_until", Moment),
    Column("verified_at", Moment),
    Column("outcome", Text),
    Column("check_until", Moment),  # while it waits for the check between two batches
    Column("stopped_by", String(64)),
    Column("stopped_at", Moment),
    Column("resumed_at", Moment),  # when people let it go on
    Column("resumed_after", Integer),  # the number of the last call that was behind it then
)

deeds = Table(
    "deeds",
    metadata,
    Column("request_id", ForeignKey("executions.request_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("target", String(200)),
    Column("state", String(16), nullable=False),  # started | succeeded | failed | unknown
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("evidence", Document),
    Column("error", Text),
)
