"""The content files of each revision that an incident or request was made with."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.store.database import insert_new
from bot.store.tables import content_revisions


def keep(conn: Connection, *, revision: str, files: Mapping[str, str], now: datetime) -> None:
    """Keeps the files (name to text) of a revision that is at work from now on."""
    if not insert_new(conn, content_revisions, {"revision": revision, "files": dict(files), "loaded_at": now}):
        # It has been at work before: a return to it makes it the latest again.
        conn.execute(update(content_revisions).where(content_revisions.c.revision == revision).values(loaded_at=now))


def files(conn: Connection, revision: str) -> Mapping[str, str] | None:
    """The files of a revision; None when it was never kept."""
    kept: Mapping[str, str] | None = conn.scalar(
        select(content_revisions.c.files).where(content_revisions.c.revision == revision)
    )
    return kept


def latest(conn: Connection) -> Mapping[str, str] | None:
    """The files that were kept last; None when there never were any."""
    kept: Mapping[str, str] | None = conn.scalar(
        select(content_revisions.c.files).order_by(content_revisions.c.loaded_at.desc()).limit(1)
    )
    return kept
