"""Messages that may stand in Slack twice: posted again because an earlier post had no answer, which may come late."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from bot.store.messages import Message, message_of
from bot.store.tables import messages

CERTAIN = {"unsure_since": None, "unsure_until": None}
"""What the row of a message says of which there is no doubt."""


def is_doubtful() -> ColumnElement[bool]:
    """Whether a post of it came late, perhaps, after we had posted it once more."""
    return and_(messages.c.slack_ts.is_not(None), messages.c.unsure_until.is_not(None))


def doubtful(conn: Connection, channel: str, now: datetime) -> list[Message]:
    """What stands in Slack, and a second time by now if an earlier post of it came late."""
    query = select(messages).where(is_doubtful(), messages.c.channel == channel, messages.c.unsure_until <= now)
    return [message_of(row) for row in conn.execute(query.order_by(messages.c.unsure_until, messages.c.id))]


def doubt_at(conn: Connection, channel: str) -> datetime | None:
    """When the next of them is to be looked for; None when there is none."""
    query = select(func.min(messages.c.unsure_until)).where(is_doubtful(), messages.c.channel == channel)
    found: datetime | None = conn.scalar(query)
    return found


def certain(conn: Connection, message_id: str) -> None:
    """It stands in Slack once."""
    conn.execute(update(messages).where(messages.c.id == message_id).values(**CERTAIN))


def doubt_until(conn: Connection, message_id: str, until: datetime) -> None:
    """It could not be looked for now."""
    conn.execute(update(messages).where(messages.c.id == message_id).values(unsure_until=until))
