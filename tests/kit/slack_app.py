"""The Slack side of the bot, whole, over HTTP: a local workspace calls it, it answers, jobs run when a test says so."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import uvicorn
from slack_bolt import App
from sqlalchemy import insert
from starlette.applications import Starlette

from bot.adapters.directory import SlackDirectory
from bot.adapters.installation import Installation
from bot.adapters.response_urls import ResponseUrls
from bot.adapters.slack import Slack
from bot.adapters.slack_calls import web_client
from bot.core.event import Status
from bot.engine.incident import Episode, Outcome, State
from bot.engine.runbook import Runbook
from bot.jobs.announcing import Announcer
from bot.jobs.delivery.pictures import Pictures
from bot.jobs.incidents.asking import Asker
from bot.jobs.incidents.diagnose import Diagnoser
from bot.jobs.inquiry import Inquiry
from bot.slack.homes import Homes
from bot.slack.listeners import Around, bolt_app
from bot.slack.present import Presenter
from bot.store import incidents
from bot.store.database import Database
from bot.store.tables import incident_alerts
from bot.store.tables import incidents as incident_rows
from bot.web.slack import slack_routes
from bot.web.socket_client import SocketConnection
from bot.web.sockets import Watchdog
from sandbox.workspace.config import Shortcut
from tests.kit.alertmanager import FakeSilencer
from tests.kit.slack import CHANNEL, CHANNEL_ID, deliverer
from tests.kit.trust import INCIDENT, INCIDENT_ROW, REVISION, SYSTEM, Office
from tests.kit.trust import runbook as ledger
from tests.kit.waiting import PATIENCE, eventually
from tests.kit.workspace import Json, RunningWorkspace, running_workspace

SHORTCUTS = (Shortcut(callback_id="run_runbook", name="Run a billing runbook on this"),)


@dataclass(frozen=True)
class SlackBot:
    """An office whose desk is reached through Slack."""

    office: Office
    workspace: RunningWorkspace
    sockets: Watchdog | None = None

    def open_incident(self, **changes: object) -> None:
        """Open the incident with one alert, order its diagnosis, and let it all reach Slack."""
        row = {**INCIDENT_ROW, "channel": CHANNEL, "labels": {"alertname": "Dead"}, **changes}
        with self.office.database.begin() as conn:
            conn.execute(insert(incident_rows).values(**row))
            conn.execute(
                insert(incident_alerts).values(
                    incident_id=INCIDENT,
                    fingerprint="f1",
                    starts_at=row["started_at"],
                    status="firing",
                    labels=row["labels"],
                    annotations={"summary": "Two events are dead"},
                    generator_url="http://prometheus.example/graph",
                    seen_at=row["started_at"],
                )
            )
            incidents.order_diagnosis(conn, self.office.enqueue, INCIDENT, content=REVISION, now=self.office.at)
            self.office.means.show.incident(conn, INCIDENT, self.office.at)
        self.office.work()

    def resolve(self) -> None:
        """End its alert, as a webhook would."""
        with self.office.database.begin() as conn:
            incident = incidents.locked(conn, INCIDENT)
            assert incident is not None
            before = Episode(incident=incident, alerts=incidents.alerts_of(conn, INCIDENT))
            ended = {
                identity: replace(each, status=Status.RESOLVED, ends_at=self.office.at)
                for identity, each in before.alerts.items()
            }
            after = replace(incident, state=State.RESOLVED, resolved_at=self.office.at)
            incidents.save(conn, Outcome(before=before, after=Episode(incident=after, alerts=ended)))
            self.office.means.show.incident(conn, INCIDENT, self.office.at)
        self.office.work()

    def root(self) -> Json:
        """The root message, as the channel shows it."""
        roots = [
            each
            for each in self.workspace.control.messages(CHANNEL_ID)
            if each.get("bot_id") and not each.get("is_ephemeral")
        ]
        own = [each for each in roots if INCIDENT in str(each.get("blocks"))] or roots  # a switch is told there, too
        assert len(own) == 1, f"{len(own)} root messages"
        return own[0]

    def replies(self) -> list[Json]:
        """The thread, without what only one person sees."""
        return [each for each in self.root()["replies"] if not each.get("is_ephemeral")]

    def card(self) -> Json:
        """The newest card in the thread."""
        return [each for each in self.replies() if "request" in blocks_of(each) or "Asked by" in blocks_of(each)][-1]

    def told(self, user: str) -> list[str]:
        """What only this person was told, in the channel or the thread."""
        seen = self.workspace.control.messages(CHANNEL_ID, user=user)
        return [each["text"] for root in seen for each in (root, *root.get("replies", [])) if each.get("is_ephemeral")]

    def shows(self, words: str, *, within: float = PATIENCE) -> bool:
        """Whether the thread comes to say this; jobs run meanwhile."""

        def is_so() -> bool:
            self.office.work()
            return any(words in blocks_of(each) for each in (self.root(), *self.replies()))

        return eventually(is_so, within=within)


def blocks_of(message: Json) -> str:
    """All the words of a message."""
    return "\n".join([message["text"], *_texts(message.get("blocks", []))])


def _texts(part: Any) -> Iterator[str]:
    match part:
        case {"text": str() as text}:
            yield text
        case dict():
            for inner in part.values():
                yield from _texts(inner)
        case list():
            for inner in part:
                yield from _texts(inner)


@contextmanager
def running_slack_bot(
    database: Database, *, runbook: Runbook | None = None, socket_mode: bool = False
) -> Iterator[SlackBot]:
    """Workspace and bot, each on its port, until the block ends; with `socket_mode` the bot has no port."""
    with ExitStack() as stack:
        listener = socket.create_server(("127.0.0.1", 0))
        stack.callback(listener.close)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        workspace = stack.enter_context(running_workspace(bot=address, shortcuts=SHORTCUTS, socket_mode=socket_mode))
        client = web_client(token=workspace.config.bot_token, base_url=workspace.api, timeout=30)
        office = _office(database, client, runbook or ledger())
        sockets = _serve(stack, listener, office, Slack(client), workspace)
        yield SlackBot(office=office, workspace=workspace, sockets=sockets)


def _office(database: Database, client: Any, runbook: Runbook) -> Office:
    office = Office(database, runbook=runbook, directory=cast(Any, SlackDirectory(client)), silencer=FakeSilencer())
    office.system = SYSTEM.model_copy(update={"channel": CHANNEL})
    show = Presenter(contents=office.contents, enqueue=office.enqueue, new_id=office.new_id, can_silence=True)
    office.shown = cast(Any, show)
    office.__post_init__()
    diagnoser = Diagnoser(
        database=database,
        contents=office.contents,
        resources=office.resources,
        asker=Asker(now=office.now),
        show=show,
        now=office.now,
    )
    deliver = deliverer(
        database,
        Slack(client),
        picture=Pictures(database=database, contents=office.contents),
        enqueue=office.enqueue,
        now=office.now,
    )
    announcer = Announcer(office.means, catalog=lambda: cast(Any, office.contents(REVISION)))
    office.handlers = {
        **office.handlers,
        "announce_switch": announcer,
        "deliver": deliver,
        "diagnose": diagnoser.diagnose,
    }
    return office


def _serve(
    stack: ExitStack, listener: socket.socket, office: Office, slack: Slack, workspace: RunningWorkspace
) -> Watchdog | None:
    listening, dispatching = ThreadPoolExecutor(8), ThreadPoolExecutor(8)
    stack.callback(listening.shutdown)
    stack.callback(dispatching.shutdown)
    homes = Homes(desk=office.desk, slack=slack)
    app = bolt_app(
        signing_secret=None if workspace.config.socket_mode else workspace.config.signing_secret,
        bot_token=workspace.config.bot_token,
        desk=office.desk,
        around=Around(
            reply=slack,
            telling=slack,
            urls=ResponseUrls(api_url=workspace.api),
            inquiry=Inquiry(means=office.means, revision=lambda: REVISION),
            homes=homes,
            home=Installation(web_client(token=workspace.config.bot_token, base_url=workspace.api, timeout=30)),
        ),
        executor=listening,
    )
    if workspace.config.socket_mode:
        return _connect(stack, app, workspace)
    web = Starlette(routes=list(slack_routes(app, executor=dispatching)))
    server = uvicorn.Server(uvicorn.Config(web, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    stack.callback(thread.join, 10)
    stack.callback(setattr, server, "should_exit", True)
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    return None


def _connect(stack: ExitStack, app: App, workspace: RunningWorkspace) -> Watchdog:
    """Two connections, looked after ten times a second."""
    token = workspace.config.app_token
    web = web_client(token=token, base_url=workspace.api, timeout=5)
    watchdog = Watchdog(
        lambda: SocketConnection(app, app_token=token, web=web, ping_every=0.5),
        clock=time.monotonic,
        look_every=0.1,
        hello_within=2.0,
    )
    watchdog.start()
    stack.callback(watchdog.stop, timedelta(seconds=10))
    return watchdog
