"""Tells people what became of a switch, has held requests start, and reminds of what is still engaged."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from sqlalchemy import Connection, select

from bot.engine.catalog import Catalog
from bot.engine.incident import State as Standing
from bot.engine.request import State
from bot.engine.switch import BOT, Kind, Switch
from bot.engine.system import System
from bot.jobs.means import Means
from bot.slack.blocks import switch as posts
from bot.slack.blocks.layout import Post
from bot.slack.switch_view import switch_view
from bot.store import audit, messages, orders, requests, switches
from bot.store.tables import incidents
from bot.store.tables import requests as request_rows

_STARTS = 100  # names for the job of one request: what was held may have been tried before


class Announcer:
    """The handler of `announce_switch`, and the look for reminders that every replica takes once a minute."""

    def __init__(self, means: Means, *, catalog: Callable[[], Catalog]) -> None:
        self._means = means
        self._catalog = catalog

    def __call__(self, switch_id: str, what: str) -> None:
        """Post what became of it, and bring up to date what it concerns, each incident in its own transaction."""
        means, systems = self._means, self._catalog().systems
        with means.database.begin() as conn:
            switch = switches.get(conn, switch_id)
            if switch is None:
                return
            if switch.kind is Kind.BOT:  # what engages a business switch has a card of its own
                self._post(conn, switch, what, _announcement(switch, what, systems), systems=systems)
        self._refresh(switch)

    def remind(self) -> None:
        """Say each reminder that is due, once over all replicas: the row decides."""
        means, systems = self._means, self._catalog().systems
        now = means.now()
        with means.database.read() as conn:
            due = [(each, which) for each in switches.engaged(conn) if (which := each.reminder(now))]
        for switch, which in due:
            with means.database.begin() as conn:
                audit.lock(conn)
                if switches.remind(conn, switch.id, which):
                    post = posts.reminder(switch_view(switch, systems), which)
                    self._post(conn, switch, which.name.lower(), post, systems=systems)
                    data = {"switch": switch.name, "id": switch.id, "reminder": which.name.lower()}
                    audit.append(conn, kind="switch.reminded", actor=audit.OURSELVES, now=now, data=data)

    def _post(self, conn: Connection, switch: Switch, what: str, post: Post, *, systems: Mapping[str, System]) -> None:
        thread = self._thread(conn, switch)
        for channel in [thread.channel] if thread else _channels(switch, systems):
            held = messages.hold(
                conn,
                subject=f"switch:{switch.id}:{what}:{channel}",
                message_id=self._means.new_id(),
                incident_id=thread.incident_id if thread else None,
                channel=channel,
                thread_of=thread.id if thread else None,
                now=self._means.now(),
            )
            said = messages.say(conn, held, text=post.text, blocks=post.blocks, now=self._means.now())
            if said is not None:
                self._means.enqueue(conn, messages.delivery(said))

    def _thread(self, conn: Connection, switch: Switch) -> messages.Message | None:
        """The root message of the incident whose action engaged it; None for a bot switch."""
        request = requests.get(conn, switch.scope) if switch.scope else None
        return messages.by_subject(conn, f"root:{request.incident_id}") if request else None

    def _refresh(self, switch: Switch) -> None:
        means = self._means
        with means.database.read() as conn:
            open_incidents = list(_open_incidents(conn, switch))
            waiting = list(_waiting(conn, switch))
        for incident_id in open_incidents:
            with means.database.begin() as conn:
                means.show.incident(conn, incident_id, means.now())
        for request_id in waiting:
            with means.database.begin() as conn:
                self._start_again(conn, switch, request_id)
                means.show.request(conn, request_id, means.now())

    def _start_again(self, conn: Connection, switch: Switch, request_id: str) -> None:
        """What waited for the release starts without waiting for the next sweep."""
        if switch.is_engaged or request_id not in {each.id for each in requests.unclaimed(conn)}:
            return
        job = orders.again(conn, orders.execute(request_id), at_most=_STARTS)
        if job is not None:
            self._means.enqueue(conn, job)


def _announcement(switch: Switch, what: str, systems: Mapping[str, System]) -> Post:
    view = switch_view(switch, systems)
    if what == "released":
        return posts.released(view, by=switch.released_by or "", reason=switch.release_reason or "")
    return posts.engaged(view)


def _channels(switch: Switch, systems: Mapping[str, System]) -> Iterable[str]:
    """Where people are told: each system's channel, once."""
    if switch.name == BOT:
        return dict.fromkeys(system.channel for system in systems.values())
    return [system.channel for system in systems.values() if system.system == switch.system]


def _open_incidents(conn: Connection, switch: Switch) -> Iterator[str]:
    query = select(incidents.c.id).where(incidents.c.state == Standing.FIRING).order_by(incidents.c.opened_at)
    yield from conn.scalars(query if switch.system is None else query.where(incidents.c.system == switch.system))


def _waiting(conn: Connection, switch: Switch) -> Iterator[str]:
    """Requests that are open, or approved and not claimed, of the systems it is about."""
    unclaimed = {each.id for each in requests.unclaimed(conn)}
    query = select(request_rows.c.id, request_rows.c.state).where(
        request_rows.c.state.in_([State.PREPARING, State.OPEN, State.APPROVED])
    )
    if switch.system is not None:
        query = query.where(request_rows.c.system == switch.system)
    for row in conn.execute(query.order_by(request_rows.c.requested_at)):
        if row.state != State.APPROVED or row.id in unclaimed:
            yield row.id
