"""Keeps the Homes that people look at true: published when opened, and again when what they show has changed."""

import logging
import time
from typing import Any, Protocol

from slack_bolt import Ack, App

from bot.core.canonical import sha256
from bot.core.errors import CountersignError
from bot.core.ports import Json
from bot.desk import Desk
from bot.slack.answering import Reply
from bot.slack.blocks.home import home
from bot.slack.home_view import home_view
from bot.slack.text import Safe
from bot.store import homes as rows

log = logging.getLogger(__name__)

_LOOK_EVERY = 10.0  # seconds
_MOST = 50  # Homes looked at in one go


class Publishing(Protocol):
    """See `bot.adapters.slack.Slack`."""

    def publish_home(self, user: str, *, view: dict[str, Json]) -> None: ...


class Homes:
    """One for each replica; a row decides which of them looks."""

    def __init__(self, *, desk: Desk, slack: Publishing) -> None:
        self._desk = desk
        self._slack = slack
        self._look_at = 0.0

    def __call__(self) -> None:
        """Refresh those that were opened lately; cheap while nothing changed, for then Slack is not called."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + _LOOK_EVERY
        self.refresh_all()

    def refresh_all(self) -> None:
        now = self._desk.now()
        with self._desk.database.read() as conn:
            due = rows.due(conn, now)[:_MOST]
        for person in due:
            with self._desk.database.begin() as conn:
                is_ours = rows.take(conn, person, now)
            if is_ours:
                self.refresh(person)

    def opened(self, person: str) -> None:
        """Somebody looks at their Home now."""
        with self._desk.database.begin() as conn:
            rows.opened(conn, person, self._desk.now())
        self.refresh(person)

    def refresh(self, person: str, *, notice: Safe | None = None) -> None:
        """Publish it if it shows something else than it should; with a notice in any case."""
        view = home_view(self._desk, person)
        digest = sha256(home(view))
        with self._desk.database.read() as conn:
            is_true = rows.shows(conn, person) == digest
        if is_true and notice is None:
            return
        try:
            self._slack.publish_home(person, view=home(view, notice=notice))
        except CountersignError as error:
            log.warning("home.not_published", extra={"person": person, "error": str(error)})
            return
        with self._desk.database.begin() as conn:
            rows.shown(conn, person, digest)

    def listen(self, app: App) -> None:
        """Register for its opening."""

        def on_opened(ack: Ack, event: dict[str, Any]) -> None:
            ack()
            if event.get("tab") == "home" and event.get("user"):
                self.opened(str(event["user"]))

        app.event("app_home_opened")(on_opened)


class Everywhere:
    """A Reply that tells people where they are: in a channel, or, where there is none, in their Home."""

    def __init__(self, reply: Reply, homes: Homes) -> None:
        self._reply = reply
        self._homes = homes

    def tell(self, *, channel: str, user: str, text: str, thread_ts: str | None) -> None:
        if channel:
            self._reply.tell(channel=channel, user=user, text=text, thread_ts=thread_ts)
        else:
            self._homes.refresh(user, notice=Safe(text))

    def open_view(self, *, trigger_id: str, view: dict[str, Json]) -> str:
        return self._reply.open_view(trigger_id=trigger_id, view=view)

    def update_view(self, view_id: str, *, view: dict[str, Json]) -> None:
        self._reply.update_view(view_id, view=view)
