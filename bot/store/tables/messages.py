"""What Slack should say."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from bot.store.tables.base import Document, Moment, metadata

messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("subject", String(200), nullable=False, unique=True),  # root:<incident>, evidence:<incident>:<n> …
    Column("incident_id", ForeignKey("incidents.id")),
    Column("channel", String(80), nullable=False),
    Column("thread_of", ForeignKey("messages.id")),
    Column("revision", Integer, nullable=False),  # what it should say
    Column("text", Text, nullable=False),
    Column("blocks", Document, nullable=False),
    Column("image", LargeBinary),  # a PNG that is uploaded into the thread instead of posted as blocks
    Column("image_title", Text),
    Column("sent_revision", Integer, nullable=False, default=0),  # what Slack shows
    Column("slack_channel", String(32)),
    Column("slack_ts", String(32)),
    Column("sending_since", Moment),  # intent: a post is under way, or was when we died
    Column("unsure_since", Moment),  # since when a post of it may stand in Slack that we do not know of
    Column("unsure_until", Moment),  # until then one may still appear: not posted before, looked for again after
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_attempt_at", Moment),
    Column("error", Text),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("shown_at", Moment),  # when the call began by which Slack last took it
    Column("behind_since", Moment),  # since when Slack should have shown something else than it does
    Column("meant_for", String(80)),  # the channel it should have gone to, where Slack would not take it
    Column("storm_id", String(36)),  # while set it is not sent: a storm message stands for it
    Index(
        "ix_messages_behind",
        "channel",
        sqlite_where=text("sent_revision < revision"),
        postgresql_where=text("sent_revision < revision"),
    ),
    Index(
        "ix_messages_troubled",
        "changed_at",
        sqlite_where=text("error IS NOT NULL"),
        postgresql_where=text("error IS NOT NULL"),
    ),
    Index(
        "ix_messages_unsure",
        "channel",
        sqlite_where=text("unsure_until IS NOT NULL"),
        postgresql_where=text("unsure_until IS NOT NULL"),
    ),
)
