"""`incident`: how one stands, with its buttons."""

from bot.desk import Desk
from bot.slack import incident_view, reading
from bot.slack.blocks.layout import as_json, section
from bot.slack.blocks.root import root
from bot.slack.commands import naming
from bot.slack.commands.said import Said
from bot.slack.places import thread_link
from bot.slack.request_view import request_lines
from bot.store import diagnoses


def shown(desk: Desk, wanted: str | None, *, implied: str | None) -> Said:
    """The incident's own message, as it stands now, and where its thread is. Raises Unclear."""
    with desk.database.read() as conn:
        incident = naming.incident(conn, wanted, implied=implied)
        latest = diagnoses.latest(conn, incident.id)
        newest = diagnoses.get(conn, incident.id, incident.diagnoses)
        under_way = newest if newest and not (latest and latest.number == newest.number) else None
        content = latest.content if latest else incident.content
        case = reading.case(conn, incident.id, desk.contents, diagnosis=latest, content=content)
        view = incident_view.root_view(conn, case, under_way=under_way, requests=request_lines(conn, case))
        link = thread_link(conn, incident.id)
    post = root(view)
    return Said(text=post.text, blocks=(*post.blocks, *(as_json([section(link)]) if link else ())))
