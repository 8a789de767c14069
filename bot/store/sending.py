"""Sending messages as rows: taking one up, noting what came of it, and having one sent anew or elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, update

from bot.core.place import Place
from bot.store.doubts import CERTAIN
from bot.store.messages import Message, is_behind, message_of
from bot.store.tables import incidents, messages

SETTLE = timedelta(seconds=3)
"""How long a call that was under way when its sender died may still reach Slack."""

_ANEW = {"slack_ts": None, "sent_revision": 0, "sending_since": None, "next_attempt_at": None, **CERTAIN}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """A message taken up for sending, as of `since`.

    `unsure_since`: from then on an earlier attempt may have posted it. `root` is where its thread begins; None for a
    root itself.
    """

    message: Message
    since: datetime
    unsure_since: datetime | None
    root: Place | None

    @property
    def is_unsure(self) -> bool:
        return self.unsure_since is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A message that may be tried now, and what decides which comes first and what it takes."""

    id: str
    subject: str
    severity: str | None  # of its incident
    is_reply: bool
    is_picture: bool
    is_posted: bool
    is_unsure: bool
    attempts: int
    behind_since: datetime
    shown_at: datetime | None


def due(conn: Connection, channel: str, now: datetime) -> list[Due]:
    """The channel's messages that may be tried now; a reply only when its root stands."""
    root = messages.alias("root")
    query = (
        select(
            messages.c.id,
            messages.c.subject,
            messages.c.thread_of,
            messages.c.image_title,
            messages.c.slack_ts,
            messages.c.sending_since,
            messages.c.unsure_since,
            messages.c.attempts,
            func.coalesce(messages.c.behind_since, messages.c.changed_at).label("behind_since"),
            messages.c.shown_at,
            incidents.c.severity,
        )
        .select_from(
            messages.outerjoin(root, messages.c.thread_of == root.c.id).outerjoin(
                incidents, messages.c.incident_id == incidents.c.id
            )
        )
        .where(
            messages.c.channel == channel,
            is_behind(),
            _may_try(now),
            or_(messages.c.thread_of.is_(None), root.c.slack_ts.is_not(None)),
        )
    )
    return [
        Due(
            id=row.id,
            subject=row.subject,
            severity=row.severity,
            is_reply=row.thread_of is not None,
            is_picture=row.image_title is not None,
            is_posted=row.slack_ts is not None,
            is_unsure=row.sending_since is not None or row.unsure_since is not None,
            attempts=row.attempts,
            behind_since=row.behind_since,
            shown_at=row.shown_at,
        )
        for row in conn.execute(query)
    ]


def wake_at(conn: Connection, channel: str) -> datetime | None:
    """When the earliest postponed message of the channel may be tried again; None when none is postponed."""
    query = select(func.min(messages.c.next_attempt_at)).where(messages.c.channel == channel, is_behind())
    found: datetime | None = conn.scalar(query)
    return found


def waiting_since(conn: Connection, channel: str) -> datetime | None:
    """Since when the oldest root of the channel waits to be posted; None when none does."""
    waits = and_(
        messages.c.channel == channel, is_behind(), messages.c.thread_of.is_(None), messages.c.slack_ts.is_(None)
    )
    found: datetime | None = conn.scalar(select(func.min(messages.c.behind_since)).where(waits))
    return found


def take(conn: Connection, message_id: str, now: datetime) -> Sending | None:
    """Notes the intent to send; None when there is nothing to send, or not now."""
    row = conn.execute(select(messages).where(messages.c.id == message_id, is_behind()).with_for_update()).first()
    if row is None:
        return None
    message = message_of(row)
    if message.sending_since is not None and now < message.sending_since + SETTLE:
        postpone(conn, message_id, until=message.sending_since + SETTLE)
        return None
    root = root_place(conn, message)
    if message.thread_of is not None and root is None:
        return None
    # The first attempt that may have posted it counts: looking no further back than the last one would miss it.
    unsure_since = (message.unsure_since if message.slack_ts is None else None) or message.sending_since
    values: dict[str, object] = {"sending_since": now, "next_attempt_at": None}
    if message.slack_ts is None:
        values["unsure_since"] = unsure_since
    conn.execute(update(messages).where(messages.c.id == message_id).values(**values))
    return Sending(message=message, since=now, unsure_since=unsure_since, root=root)


def sent(
    conn: Connection,
    sending: Sending,
    *,
    place: Place | None,
    revision: int | None = None,
    trouble: str | None = None,
    look_again_at: datetime | None = None,
) -> bool:
    """Records what Slack shows; False when another sender has taken the message up meanwhile.

    `revision` is the one it shows, where that is an older one found there. `trouble` is why it could not be shown as
    it should look. `look_again_at` is when a second post of it may have appeared, if there may be one.
    """
    shown = sending.message.revision if revision is None else revision
    since = messages.c.changed_at if revision is None else func.coalesce(messages.c.behind_since, messages.c.changed_at)
    values: dict[str, object] = {
        "sent_revision": shown,
        "sending_since": None,
        "shown_at": sending.since,
        "attempts": 0,
        "error": trouble,
        "behind_since": case((messages.c.revision > shown, since)),
    }
    if place is not None:
        values |= {"slack_channel": place.channel, "slack_ts": place.ts}
    if sending.message.slack_ts is None:
        values |= {"unsure_until": look_again_at} if look_again_at is not None else CERTAIN
    mine = and_(messages.c.id == sending.message.id, messages.c.sending_since == sending.since)
    return conn.execute(update(messages).where(mine).values(**values)).rowcount == 1


def failed(
    conn: Connection,
    sending: Sending,
    *,
    error: str,
    retry_at: datetime,
    is_unsure: bool,
    is_counted: bool,
    unsure_until: datetime | None = None,
) -> None:
    """Records an attempt that did not succeed; while it is unsure whether it did, the intent stays.

    `is_counted` where the message may be the cause: it then comes after those that never failed. `unsure_until` where
    the effect may come later than the answer that did not.
    """
    mine = and_(messages.c.id == sending.message.id, messages.c.sending_since == sending.since)
    values: dict[str, object] = {
        "error": error,
        "attempts": messages.c.attempts + int(is_counted),
        "next_attempt_at": retry_at,
    }
    if not is_unsure:
        values["sending_since"] = None
    if unsure_until is not None and sending.message.slack_ts is None:
        values["unsure_until"] = unsure_until
    conn.execute(update(messages).where(mine).values(**values))


def postpone(conn: Connection, message_id: str, *, until: datetime) -> None:
    """Leaves the message alone until then."""
    conn.execute(update(messages).where(messages.c.id == message_id).values(next_attempt_at=until))


def forget_place(conn: Connection, message_id: str, *, now: datetime) -> None:
    """Somebody deleted it in Slack: it is posted anew, and so is all of its thread, which went with it."""
    conn.execute(update(messages).where(_with_thread(message_id)).values(**_ANEW, behind_since=now))


def redirect(conn: Connection, root_id: str, *, to: str, why: str, now: datetime) -> None:
    """Slack does not take it in its channel: it and its thread are posted in another one, and say so."""
    conn.execute(
        update(messages)
        .where(_with_thread(root_id))
        .values(
            **_ANEW,
            slack_channel=None,
            channel=to,
            meant_for=func.coalesce(messages.c.meant_for, messages.c.channel),
            error=why,
            behind_since=func.coalesce(messages.c.behind_since, now),
        )
    )


def _may_try(now: datetime) -> ColumnElement[bool]:
    return or_(messages.c.next_attempt_at.is_(None), messages.c.next_attempt_at <= now)


def _with_thread(root_id: str) -> ColumnElement[bool]:
    return or_(messages.c.id == root_id, messages.c.thread_of == root_id)


def root_place(conn: Connection, message: Message) -> Place | None:
    """Where the root of its thread stands; None for a root, and while it does not."""
    if message.thread_of is None:
        return None
    query = select(messages.c.slack_channel, messages.c.slack_ts).where(messages.c.id == message.thread_of)
    row = conn.execute(query).first()
    return Place(channel=row.slack_channel, ts=row.slack_ts) if row and row.slack_ts else None
