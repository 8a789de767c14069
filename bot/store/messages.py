"""Messages as rows: what each should say, and what Slack shows. A message behind its revision is to be delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, update

from bot.core.place import Place
from bot.core.ports import Json
from bot.store.database import insert_new
from bot.store.tables import messages
from bot.store.work import Job, Queue

_SETTLE = timedelta(seconds=3)
"""How long a call that was under way when its sender died may still reach Slack."""


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
    attempts: int
    next_attempt_at: datetime | None
    error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """A message taken up for sending, as of `since`.

    `is_unsure`: an earlier attempt may have reached Slack. `root` is where its thread begins; None for a root itself.
    """

    message: Message
    since: datetime
    is_unsure: bool
    root: Place | None


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

    Lock first, then read what it is to say: of two changes at once, the later then sees the earlier.
    """
    insert_new(
        conn,
        messages,
        {
            "id": message_id,
            "subject": subject,
            "incident_id": incident_id,
            "channel": channel,
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
    return _message(row)


def by_subject(conn: Connection, subject: str) -> Message | None:
    """The message about a subject; None while there is none."""
    row = conn.execute(select(messages).where(messages.c.subject == subject)).first()
    return _message(row) if row else None


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
        )
        .returning(messages)
    ).one()
    return _message(row)


def resend(conn: Connection, subject: str, now: datetime) -> Message | None:
    """Has the message sent again as it stands, for somebody saw an old one; None when there is no such message."""
    row = conn.execute(
        update(messages)
        .where(messages.c.subject == subject)
        .values(revision=messages.c.revision + 1, changed_at=now)
        .returning(messages)
    ).first()
    return _message(row) if row else None


def due(conn: Connection, channel: str, now: datetime) -> list[str]:
    """Ids of the channel's messages that may be tried now: those that never failed, then roots, then the oldest."""
    query = (
        select(messages.c.id)
        .where(messages.c.channel == channel, _behind(), _may_try(now))
        .order_by(messages.c.attempts, messages.c.thread_of.is_not(None), messages.c.created_at, messages.c.id)
    )
    return list(conn.scalars(query))


def wake_at(conn: Connection, channel: str) -> datetime | None:
    """When the earliest postponed message of the channel may be tried again; None when none is postponed."""
    query = select(func.min(messages.c.next_attempt_at)).where(messages.c.channel == channel, _behind())
    found: datetime | None = conn.scalar(query)
    return found


def take(conn: Connection, message_id: str, now: datetime) -> Sending | None:
    """Notes the intent to send; None when there is nothing to send, or not now."""
    row = conn.execute(select(messages).where(messages.c.id == message_id, _behind()).with_for_update()).first()
    if row is None:
        return None
    message = _message(row)
    if message.sending_since is not None and now < message.sending_since + _SETTLE:
        postpone(conn, message_id, until=message.sending_since + _SETTLE)
        return None
    root = _root_place(conn, message)
    if message.thread_of is not None and root is None:
        return None
    conn.execute(update(messages).where(messages.c.id == message_id).values(sending_since=now, next_attempt_at=None))
    return Sending(message=message, since=now, is_unsure=message.sending_since is not None, root=root)


def sent(conn: Connection, sending: Sending, *, place: Place | None, trouble: str | None = None) -> bool:
    """Records that Slack shows this revision; False when another sender has taken the message up meanwhile.

    `trouble` is why it could not be shown as it should look.
    """
    values: dict[str, object] = {
        "sent_revision": sending.message.revision,
        "sending_since": None,
        "attempts": 0,
        "error": trouble,
    }
    if place is not None:
        values |= {"slack_channel": place.channel, "slack_ts": place.ts}
    mine = and_(messages.c.id == sending.message.id, messages.c.sending_since == sending.since)
    return conn.execute(update(messages).where(mine).values(**values)).rowcount == 1


def failed(
    conn: Connection, sending: Sending, *, error: str, retry_at: datetime, is_unsure: bool, is_counted: bool
) -> None:
    """Records an attempt that did not succeed; while it is unsure whether it did, the intent stays.

    `is_counted` where the message may be the cause: it then comes after those that never failed.
    """
    mine = and_(messages.c.id == sending.message.id, messages.c.sending_since == sending.since)
    values: dict[str, object] = {
        "error": error,
        "attempts": messages.c.attempts + int(is_counted),
        "next_attempt_at": retry_at,
    }
    if not is_unsure:
        values["sending_since"] = None
    conn.execute(update(messages).where(mine).values(**values))


def postpone(conn: Connection, message_id: str, *, until: datetime) -> None:
    """Leaves the message alone until then."""
    conn.execute(update(messages).where(messages.c.id == message_id).values(next_attempt_at=until))


def postpone_channel(conn: Connection, channel: str, *, until: datetime) -> None:
    """Leaves everything unsent in the channel alone until then; Slack has asked for it."""
    earlier = or_(messages.c.next_attempt_at.is_(None), messages.c.next_attempt_at < until)
    behind = and_(messages.c.channel == channel, _behind(), earlier)
    conn.execute(update(messages).where(behind).values(next_attempt_at=until))


def forget_place(conn: Connection, message_id: str) -> None:
    """Somebody deleted it in Slack: it is posted anew, and so is all of its thread, which went with it."""
    gone = or_(messages.c.id == message_id, messages.c.thread_of == message_id)
    conn.execute(
        update(messages).where(gone).values(slack_ts=None, sent_revision=0, sending_since=None, next_attempt_at=None)
    )


def channel_id(conn: Connection, channel: str) -> str | None:
    """The id Slack gave for a channel name when something was posted there; None while nothing was."""
    query = select(messages.c.slack_channel).where(messages.c.channel == channel, messages.c.slack_channel.is_not(None))
    found: str | None = conn.scalar(query.limit(1))
    return found


def backlog(conn: Connection) -> Backlog:
    """How far Slack is behind."""
    count, oldest = conn.execute(select(func.count(), func.min(messages.c.changed_at)).where(_behind())).one()
    trouble = select(messages.c.error).where(_behind(), messages.c.error.is_not(None))
    error: str | None = conn.scalar(trouble.order_by(messages.c.changed_at).limit(1))
    return Backlog(count=count, oldest=oldest, error=error)


def _behind() -> ColumnElement[bool]:
    return messages.c.sent_revision < messages.c.revision


def _may_try(now: datetime) -> ColumnElement[bool]:
    return or_(messages.c.next_attempt_at.is_(None), messages.c.next_attempt_at <= now)


def _root_place(conn: Connection, message: Message) -> Place | None:
    if message.thread_of is None:
        return None
    query = select(messages.c.slack_channel, messages.c.slack_ts).where(messages.c.id == message.thread_of)
    row = conn.execute(query).first()
    return Place(channel=row.slack_channel, ts=row.slack_ts) if row and row.slack_ts else None


def _message(row: Row[tuple[object, ...]]) -> Message:
    kept = dict(row._mapping)  # noqa: SLF001 - the documented way to a row's names
    return Message(**{name: kept[name] for name in Message.__slots__})
