"""Messages as rows: what each should say, and what Slack shows. A message behind its revision is to be delivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select, update

from bot.core.ports import Json
from bot.store.database import insert_new
from bot.store.tables import messages
from bot.store.work import Job, Queue


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message, as its row says it."""

    id: str
    subject: str
    incident_id: str | None
    channel: str
    thread_of: str | None
    revision: int
    text: str
    blocks: Sequence[dict[str, Json]]
    image_title: str | None  # set for a picture, which is uploaded into the thread instead of posted
    sent_revision: int
    slack_channel: str | None
    slack_ts: str | None
    sending_since: datetime | None
    unsure_since: datetime | None
    unsure_until: datetime | None
    attempts: int
    next_attempt_at: datetime | None
    error: str | None
    created_at: datetime
    changed_at: datetime
    behind_since: datetime | None
    meant_for: str | None  # the channel it should have gone to, where Slack would not take it
    storm_id: str | None  # while set it is not sent: a storm message stands for it


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """What has not reached Slack: how many messages, since when the oldest, and the latest trouble."""

    count: int
    oldest: datetime | None
    error: str | None


def delivery(message: Message) -> Job:
    """The job that brings Slack to this revision."""
    return Job(
        queue=Queue.DELIVER,
        handler="deliver",
        id=f"deliver:{message.channel}:{message.id}:{message.revision}",
        args=(message.channel,),
        partition=message.channel,
    )


def hold(
    conn: Connection,
    *,
    subject: str,
    message_id: str,
    incident_id: str | None,
    channel: str,
    thread_of: str | None,
    now: datetime,
    image_title: str | None = None,
) -> Message:
    """The message about this subject, locked until the transaction ends; an empty one (revision 0) if it is new.

    Lock first, then read what it is to say: of two changes at once, the later then sees the earlier. A new one goes
    where its thread is, and waits as that does.
    """
    root = conn.execute(select(messages).where(messages.c.id == thread_of)).first() if thread_of else None
    insert_new(
        conn,
        messages,
        {
            "id": message_id,
            "subject": subject,
            "incident_id": incident_id,
            "channel": root.channel if root else channel,
            "meant_for": root.meant_for if root else None,
            "storm_id": root.storm_id if root else None,
            "thread_of": thread_of,
            "revision": 0,
            "text": "",
            "blocks": [],
            "image_title": image_title,
            "created_at": now,
            "changed_at": now,
        },
    )
    row = conn.execute(select(messages).where(messages.c.subject == subject).with_for_update()).one()
    return message_of(row)


def by_subject(conn: Connection, subject: str) -> Message | None:
    """The message about a subject; None while there is none."""
    row = conn.execute(select(messages).where(messages.c.subject == subject)).first()
    return message_of(row) if row else None


def say(
    conn: Connection, message: Message, *, text: str, blocks: Sequence[dict[str, Json]], now: datetime
) -> Message | None:
    """Gives the message its new words; None when they are the old ones. The caller holds it."""
    if message.revision > 0 and message.text == text and list(message.blocks) == list(blocks):
        return None
    row = conn.execute(
        update(messages)
        .where(messages.c.id == message.id)
        .values(
            text=text,
            blocks=list(blocks),
            revision=messages.c.revision + 1,
            changed_at=now,
            behind_since=_behind_since(now),
        )
        .returning(messages)
    ).one()
    return message_of(row)


def resend(conn: Connection, subject: str, now: datetime) -> Message | None:
    """Has the message sent again as it stands, for somebody saw an old one; None when there is no such message."""
    row = conn.execute(
        update(messages)
        .where(messages.c.subject == subject)
        .values(revision=messages.c.revision + 1, changed_at=now, behind_since=_behind_since(now))
        .returning(messages)
    ).first()
    return message_of(row) if row else None


def channel_id(conn: Connection, channel: str) -> str | None:
    """The id Slack gave for a channel name when something was posted there; None while nothing was."""
    query = select(messages.c.slack_channel).where(messages.c.channel == channel, messages.c.slack_channel.is_not(None))
    found: str | None = conn.scalar(query.limit(1))
    return found


def backlog(conn: Connection) -> Backlog:
    """How far Slack is behind."""
    since = func.coalesce(messages.c.behind_since, messages.c.changed_at)
    count, oldest = conn.execute(select(func.count(), func.min(since)).where(is_behind())).one()
    trouble = select(messages.c.error).where(is_behind(), messages.c.error.is_not(None))
    error: str | None = conn.scalar(trouble.order_by(messages.c.changed_at).limit(1))
    return Backlog(count=count, oldest=oldest, error=error)


def otherwise(conn: Connection, *, since: datetime) -> Mapping[str, int]:
    """How many messages changed since then Slack shows more simply or elsewhere than meant, by its word for why."""
    query = select(messages.c.error, func.count()).where(
        messages.c.error.is_not(None), messages.c.sent_revision == messages.c.revision, messages.c.changed_at > since
    )
    rows = conn.execute(query.group_by(messages.c.error).order_by(messages.c.error))
    return {str(error): count for error, count in rows}


def _behind_since(now: datetime) -> ColumnElement[datetime]:
    """One that was behind already has been so for longer."""
    return case((messages.c.sent_revision < messages.c.revision, messages.c.behind_since), else_=now)


def is_behind() -> ColumnElement[bool]:
    """Whether Slack should show something else than it does; what a storm message stands for need not be shown."""
    return and_(messages.c.sent_revision < messages.c.revision, messages.c.storm_id.is_(None))


def message_of(row: Row[tuple[object, ...]]) -> Message:
    """A row of the table as a message."""
    kept = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Message(**{name: kept[name] for name in Message.__slots__})
