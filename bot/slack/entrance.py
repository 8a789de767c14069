"""What Slack sends is looked at once: only from our workspace, and nothing a second time."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from slack_bolt import BoltContext, BoltRequest, BoltResponse

from bot.core.errors import CountersignError
from bot.store import audit, interactions
from bot.store.database import Database
from bot.store.work import Clock

log = logging.getLogger(__name__)

_LONGEST = 200  # as the column is


class Home(Protocol):
    """Which workspace is ours; see `bot.adapters.installation.Installation`."""

    def is_ours(self, *, team: str | None, enterprise: str | None) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrance:
    """A middleware that runs after the signature was found good; over Socket Mode there is none to check.

    Somebody who captured a request can send it again, but not sign it again: its signature comes a second time, and
    that is refused. Slack signs its own retries anew, each with its own time: those are answered, and ignored. The
    header that names a retry is not signed, so nothing rests on it.
    """

    database: Database
    home: Home
    now: Clock

    def __call__(
        self, request: BoltRequest, body: dict[str, Any], context: BoltContext, next_: Callable[[], None]
    ) -> BoltResponse | None:
        refused = self._from_elsewhere(context) or self._again(request, body)
        if refused is not None:
            return refused
        next_()
        return None

    def _from_elsewhere(self, context: BoltContext) -> BoltResponse | None:
        team, enterprise = context.team_id, context.enterprise_id
        try:
            is_ours = self.home.is_ours(team=team, enterprise=enterprise)
        except CountersignError as error:  # not knowing means no, for now: Slack sends events again
            log.warning("slack.home_unknown", extra={"error": str(error)})
            return BoltResponse(status=503, body="it cannot be told now which workspace this comes from")
        if is_ours:
            return None
        self._note_stranger(team or enterprise or "unknown", by=context.user_id)
        return BoltResponse(status=403, body="this app serves another workspace")

    def _note_stranger(self, team: str, *, by: str | None) -> None:
        """Once a day for each workspace: whoever is refused must not be able to fill the record."""
        now = self.now()
        log.warning("slack.from_elsewhere", extra={"team": team[:_LONGEST], "person": by})
        with self.database.begin() as conn:
            if interactions.first_time(conn, f"elsewhere:{team[:64]}:{now:%Y-%m-%d}", now):
                data = {"team": team[:64]}
                audit.append(conn, kind="slack.refused_workspace", actor=by or "unknown", now=now, data=data)

    def _again(self, request: BoltRequest, body: dict[str, Any]) -> BoltResponse | None:
        signature = next(iter(request.headers.get("x-slack-signature", ())), "")
        now = self.now()
        with self.database.begin() as conn:
            is_captured = bool(signature) and not interactions.first_time(conn, f"signed:{signature}"[:_LONGEST], now)
            is_repeated = is_captured or not interactions.first_time(conn, _id(body), now)
        if is_captured:
            log.warning("slack.replayed", extra={"interaction": _id(body)})
            return BoltResponse(status=401, body="this request was received before")
        if is_repeated:
            log.info("slack.repeated", extra={"interaction": _id(body)})
            return BoltResponse(status=200, body="")
        return None


def _id(body: dict[str, Any]) -> str:
    """The event's own id; a click or a command has none, but a trigger that is issued once."""
    named = body.get("event_id")
    return str(named or hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest())[:_LONGEST]
