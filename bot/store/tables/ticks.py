"""Which steps of a checklist are done."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from bot.store.tables.base import Moment, metadata

ticks = Table(
    "ticks",
    metadata,
    Column("incident_id", ForeignKey("incidents.id"), primary_key=True),
    Column("item", String(16), primary_key=True),  # bot.engine.checklist.item_of
    Column("person", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("skipped", Integer),  # the first step that was open before it then
)
