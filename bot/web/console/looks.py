"""What the API answers with: each thing read in a transaction of its own, whose trouble is a Problem."""

from bot.desk import Desk
from bot.slack.card_views import Stage
from bot.web.console import shapes, shown, shown_incident, shown_silences, shown_switches
from bot.web.console.edge import reading
from bot.web.errors import Problem


class Looks:
    """Reads what may be shown."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def incidents(self) -> shapes.Incidents:
        """Those that fire."""
        with reading(self._desk) as conn:
            return shapes.Incidents(incidents=shown.open_incidents(conn))

    def incident(self, incident_id: str) -> shown_incident.IncidentDetail:
        """One, with what may be asked for. Raises Problem (404)."""
        with reading(self._desk) as conn:
            found = shown_incident.incident(conn, self._desk.contents, incident_id, can_silence=self._desk.can_silence)
        if found is None:
            raise Problem(404, "not_found", "There is no such incident.")
        return found

    def requests(self, stage: Stage | None) -> shapes.Requests:
        """The latest, or those that are as far as this."""
        with reading(self._desk) as conn:
            return shapes.Requests(requests=shown.lines(conn, self._desk.contents, stage=stage))

    def request(self, request_id: str) -> shapes.RequestShown:
        """One, with all that a vote is for. Raises Problem (404)."""
        desk = self._desk
        with reading(desk) as conn:
            found = shown.request(conn, desk.contents, request_id, now=desk.now(), break_glass=desk.break_glass)
        if found is None:
            raise Problem(404, "not_found", "There is no such request.")
        return found

    def undo(self, request: shapes.RequestShown) -> shown_incident.OfferShown | None:
        """The action that takes it back now, and what that asks for."""
        if request.undo is None:
            return None
        with reading(self._desk) as conn:
            return shown_incident.undo(conn, self._desk.contents, request)

    def silences(self) -> shown_silences.Silences:
        """Everything that is silent."""
        with reading(self._desk) as conn:
            return shown_silences.live(conn)

    def switches(self) -> shown_switches.Switches:
        """Every one."""
        with reading(self._desk) as conn:
            return shown_switches.switches(conn, self._desk.contents(self._desk.revision()))
