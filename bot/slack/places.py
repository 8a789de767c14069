"""Where in Slack an incident's thread is, as a link."""

from sqlalchemy import Connection

from bot.slack.text import Safe, link
from bot.store import finding


def thread_address(conn: Connection, incident_id: str) -> str | None:
    """A web address that Slack sends on to the thread; None while there is none."""
    place = finding.place_of(conn, incident_id)
    return address(*place) if place else None


def address(channel: str, ts: str) -> str:
    return f"https://slack.com/archives/{channel}/p{ts.replace('.', '')}"


def thread_link(conn: Connection, incident_id: str) -> Safe:
    """The same as a link to click; nothing while there is no thread."""
    found = thread_address(conn, incident_id)
    return link(found, "Open its thread") if found else Safe("")
