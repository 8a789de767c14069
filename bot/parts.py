"""The parts a running bot and a single command are both built from."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

from slack_sdk import WebClient

from bot.adapters.alertmanager import Alertmanager
from bot.adapters.directory import SlackDirectory
from bot.adapters.resources import Connections
from bot.adapters.slack_calls import Watch, web_client
from bot.content import Content
from bot.core.errors import SettingsError
from bot.desk.desk import Desk
from bot.desk.remembering import Remembering
from bot.engine.one_time import Codes
from bot.engine.runbook import Risk
from bot.jobs.durable import Durable
from bot.jobs.incidents.asking import Asker
from bot.jobs.means import Means
from bot.jobs.requests.recheck import recheck
from bot.schedule import DEAD_AFTER
from bot.settings import Settings
from bot.slack.links import Elsewhere
from bot.slack.present import Presenter
from bot.store import replicas
from bot.store.database import Database
from bot.store.work import Enqueue, Queue

CONCURRENCY: Mapping[Queue, int] = {
    Queue.DIAGNOSE: 4,
    Queue.EXECUTE: 4,
    Queue.VERIFY: 2,
    Queue.DELIVER: 4,
    Queue.CHECKS: 2,
    Queue.SILENCES: 2,
}
PERSON_WAITS = 2  # seconds for a call to Slack that somebody waits for; a form must open within three


def now() -> datetime:
    """The one clock of the program."""
    return datetime.now(UTC)


def new_id() -> str:
    """The one source of ids."""
    return str(uuid4())


def open_database(settings: Settings) -> Database:
    """The bot's own database, as the settings name it."""
    return Database(settings.database_url.get_secret_value())


@contextmanager
def at_the_desk() -> Iterator[Desk]:
    """The desk for one command, as the environment says; what is ordered there is done by the replicas that run."""
    settings = Settings.read()
    with ExitStack() as stack:
        database = open_database(settings)
        stack.callback(database.close)
        if database.version() is None:
            raise SettingsError(
                "the database has no tables yet; see COUNTERSIGN_DATABASE_URL, or run countersign db upgrade"
            )
        content = Content(settings, database=database, now=now, keeps=False)
        connections = Connections(os.environ, trust_readers=settings.allow_writable_reads)
        stack.callback(connections.close)
        durable = Durable(database=database, replica=settings.replica, handlers={}, concurrency=CONCURRENCY)
        means = means_of(
            stack, settings, database=database, content=content, connections=connections, enqueue=durable.enqueue
        )
        yield desk_of(settings, means, revision=content.revision)


def means_of(
    stack: ExitStack,
    settings: Settings,
    *,
    database: Database,
    content: Content,
    connections: Connections,
    enqueue: Enqueue,
) -> Means:
    alertmanager = _alertmanager(stack, settings)
    show = Presenter(
        contents=content.at,
        enqueue=enqueue,
        new_id=new_id,
        break_glass=settings.break_glass,
        can_silence=alertmanager is not None,
        elsewhere=Elsewhere(
            grafana=str(settings.grafana_url) if settings.grafana_url else None, stripe_mode=connections.stripe_mode
        ),
    )
    return Means(
        database=database,
        enqueue=enqueue,
        show=show,
        contents=content.at,
        resources=connections.of,
        asker=Asker(now=now),
        is_alive=lambda conn, other, at: replicas.is_alive(conn, other, now=at, after=DEAD_AFTER),
        replica=settings.replica,
        incarnation=new_id(),
        silences=alertmanager,
        alerting=alertmanager,
        silencer=alertmanager,
        break_glass=settings.break_glass,
        second_factor=_second_factor(settings),
        now=now,
        new_id=new_id,
    )


def desk_of(settings: Settings, means: Means, *, revision: Callable[[], str]) -> Desk:
    slack = SlackDirectory(slack_client(settings, timeout=PERSON_WAITS))
    return Desk(
        database=means.database,
        enqueue=means.enqueue,
        show=means.show,
        directory=Remembering(slack, database=means.database, now=now),
        contents=means.contents,
        revision=revision,
        look_again=partial(recheck, means),
        break_glass=settings.break_glass,
        now=now,
        new_id=new_id,
        codes=Codes(settings.totp_key.get_secret_value().encode()) if settings.totp_key else None,
        can_silence=settings.alertmanager_url is not None,
        second_factor=_second_factor(settings),
        oldest_facts=timedelta(hours=settings.people_hours),
    )


def _second_factor(settings: Settings) -> Risk | None:
    return None if settings.second_factor == "off" else Risk(settings.second_factor)


def slack_client(settings: Settings, *, timeout: int = 10, watch: Watch | None = None) -> WebClient:
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
    return web_client(token=token, base_url=str(settings.slack_api_url), timeout=timeout, watch=watch)


def _alertmanager(stack: ExitStack, settings: Settings) -> Alertmanager | None:
    """Where alerts are silenced, and asked whether they are; nobody where no Alertmanager is configured."""
    if settings.alertmanager_url is None:
        return None
    alertmanager = Alertmanager(str(settings.alertmanager_url))
    stack.callback(alertmanager.close)
    return alertmanager
