"""Builds a running bot from settings in one straight function, which registers for stopping whatever it starts."""

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot.adapters.cron import Cron
from bot.adapters.resources import Connections
from bot.adapters.slack import Slack
from bot.clockwork import schedule_of
from bot.content import Content
from bot.desk.desk import Desk
from bot.engine.catalog import Catalog
from bot.jobs.announcing import Announcer
from bot.jobs.delivery.deliver import Deliver
from bot.jobs.delivery.outcomes import Outcomes
from bot.jobs.delivery.pictures import Pictures
from bot.jobs.durable import Durable, Handlers
from bot.jobs.incidents.diagnose import Diagnoser
from bot.jobs.incidents.fold import Fold
from bot.jobs.incidents.silencing import Notes, Silencing
from bot.jobs.incidents.snapshots import Snapshots
from bot.jobs.incidents.storms import Storms
from bot.jobs.inquiry import Inquiry
from bot.jobs.means import Means
from bot.jobs.requests.execute import Execute
from bot.jobs.requests.expire import expire
from bot.jobs.requests.prepare import prepare
from bot.jobs.requests.resuming import lapse
from bot.jobs.requests.verify import verify
from bot.jobs.timed.check import Checker
from bot.metrics.own import Metrics
from bot.metrics.stock import Stock
from bot.parts import CONCURRENCY, desk_of, means_of, new_id, now, slack_client
from bot.settings import Settings
from bot.slack_door import slack_door
from bot.starting import our_own, refuse_writing_readers, tell_of_codes
from bot.store import checks, deliveries
from bot.store.database import Database
from bot.store.deliveries import Delivery
from bot.store.stock import stock
from bot.web.alertmanager import AlertmanagerDoor
from bot.web.app import asgi
from bot.web.auth import Gate
from bot.web.body import Bodies
from bot.web.committer import Committer
from bot.web.console.access import Access
from bot.web.console.api import Api
from bot.web.console.pages import Pages
from bot.web.health import Health

log = logging.getLogger(__name__)

_DRAIN = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bot:
    """A running bot: its web application, and what a SIGHUP does."""

    web: Starlette
    reload: Callable[[], None]


@contextmanager
def running(settings: Settings, environ: Mapping[str, str]) -> Iterator[Bot]:
    """A bot at work until the block is left. Raises SettingsError, ContentErrors or Unavailable if it cannot start."""
    with ExitStack() as stack:
        database = our_own(stack, settings)
        content = Content(settings, database=database, now=now)
        connections = Connections(
            {"COUNTERSIGN_SELF_URL": settings.self_url, **environ}, trust_readers=settings.allow_writable_reads
        )
        stack.callback(connections.close)
        refuse_writing_readers(connections, content.current(), allowed=settings.allow_writable_reads)

        metrics = Metrics()
        counted = partial(_stock, database, content.current, has_slack=settings.slack_bot_token is not None)
        metrics.watch(counted, content=content.revision)
        client = slack_client(settings, watch=metrics.slack_call)
        workspace = Slack(client)

        handlers: dict[str, Callable[..., None]] = {}
        durable = Durable(database=database, replica=settings.replica, handlers=handlers, concurrency=CONCURRENCY)
        means = means_of(
            stack, settings, database=database, content=content, connections=connections, enqueue=durable.enqueue
        )
        show = means.show
        desk = desk_of(settings, means, revision=content.revision)
        tell_of_codes(desk, content.current())
        diagnoser = Diagnoser(
            database=database,
            contents=content.at,
            resources=connections.of,
            asker=means.asker,
            show=show,
            now=now,
            done=metrics.diagnosed,
        )
        execute = Execute(means)
        handlers |= _handlers(means, diagnoser=diagnoser, execute=execute)
        storms = Storms(
            database=database,
            show=show,
            new_id=new_id,
            above=settings.storm_above,
            now=now,
        )
        handlers["deliver"] = Deliver(
            database=database,
            workspace=workspace,
            picture=Pictures(database=database, contents=content.at),
            enqueue=durable.enqueue,
            now=now,
            outcomes=Outcomes(
                database=database,
                workspace=workspace,
                enqueue=durable.enqueue,
                now=now,
                new_id=new_id,
                fallback=settings.fallback_channel,
                metrics=metrics,
            ),
            catch_up=storms.catch_up,
        )

        announcer = Announcer(means, catalog=content.current)
        handlers["announce_switch"] = announcer

        notes = Notes(database=database, enqueue=durable.enqueue, show=show, now=now)
        handlers["silence"] = Silencing(notes, alertmanager=means.silencer)

        cron = Cron(hurry=settings.hurry_checks)
        handlers["check"] = Checker(
            database=database, catalog=content.current, resources=connections.of, cron=cron, now=now
        )
        metrics.watch_checks(partial(_checked, database), systems=lambda: content.current().systems, now=now)

        schedule = schedule_of(
            stack,
            settings,
            means=means,
            desk=desk,
            content=content,
            cron=cron,
            adopt=durable.adopt,
            execute=execute,
            announcer=announcer,
            storms=storms,
            notes=notes,
        )
        schedule.start()
        stack.callback(schedule.stop)
        durable.start()
        stack.callback(durable.stop, _DRAIN)

        snapshots = Snapshots(
            catalog=content.current,
            enqueue=durable.enqueue,
            show=show,
            new_id=new_id,
            fallback=settings.fallback_channel,
        )
        fold = Fold(database=database, snapshots=snapshots, storms=storms, metrics=metrics, now=now)
        fold.start()
        stack.callback(fold.stop, _DRAIN)
        committer = Committer(partial(_commit, database, fold.wake), done=metrics.committed)
        committer.start()
        stack.callback(committer.stop, _DRAIN)

        door = AlertmanagerDoor(
            gate=Gate(token=settings.webhook_token, signing_secret=settings.webhook_hmac_secret, now=now),
            bodies=Bodies(),
            committer=committer,
            metrics=metrics,
            now=now,
        )
        slack = slack_door(stack, settings, desk=desk, inquiry=Inquiry(means=means, revision=content.revision))
        metrics.watch_sockets(slack.sockets)
        health = Health(
            stock=counted,
            content=content.revision,
            findings=lambda: content.findings,
            metrics=metrics,
            sockets=slack.sockets,
        )
        web = asgi(alertmanager=door, health=health, slack=slack.routes, console=_console(settings, desk))
        yield Bot(web=web, reload=content.reload)


def _console(settings: Settings, desk: Desk) -> Sequence[BaseRoute]:
    access = Access(token=settings.console_token, key=secrets.token_bytes(32), now=now)
    return (*Api(desk=desk, access=access).routes(), *Pages(desk=desk, access=access).routes())


def _handlers(means: Means, *, diagnoser: Diagnoser, execute: Execute) -> Handlers:
    return {
        "diagnose": diagnoser.diagnose,
        "prepare": partial(prepare, means),
        "expire": partial(expire, means),
        "execute": execute,
        "resume": execute.resume,
        "lapse": partial(lapse, means),
        "verify": partial(verify, means),
    }


def _commit(database: Database, wake: Callable[[int], None], batch: Sequence[Delivery]) -> Sequence[int]:
    with database.one_statement() as conn:
        numbers = deliveries.add(conn, batch)
    wake(len(numbers))
    return numbers


def _checked(database: Database) -> Sequence[checks.Result]:
    with database.read() as conn:
        return checks.every(conn)


def _stock(database: Database, catalog: Callable[[], Catalog], *, has_slack: bool) -> Stock:
    with database.read() as conn:
        return stock(conn, now(), has_slack=has_slack, systems=catalog().systems.values())
