"""The content files of each revision that an incident or request was made with."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from bot.store.database import insert_new
from bot.store.tables import content_revisions


def keep(conn: Connection, *, revision: str, files: Mapping[str, str], now: datetime) -> None:
    """Keeps the files (name to text) of a revision; one that is kept already stays as it is."""
    insert_new(conn, content_revisions, {"revision": revision, "files": dict(files), "loaded_at": now})


def files(conn: Connection, revision: str) -> Mapping[str, str] | None:
    """The files of a revision; None when it was never kept."""
    kept: Mapping[str, str] | None = conn.scalar(
        select(content_revisions.c.files).where(content_revisions.c.revision == revision)
    )
    return kept
