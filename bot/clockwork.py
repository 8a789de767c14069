"""Everything that happens by itself, put together: what the clock calls, and how often is `bot.schedule`'s to say."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta

from bot.adapters.cron import Cron
from bot.adapters.own_door import OwnDoor
from bot.content import Content
from bot.desk.desk import Desk
from bot.jobs.acquaintance import Acquaintance
from bot.jobs.announcing import Announcer
from bot.jobs.canary import Canary
from bot.jobs.checkpoint import Checkpoints
from bot.jobs.incidents.lost import Lost
from bot.jobs.incidents.silences_seen import SilencesSeen
from bot.jobs.incidents.silencing import Notes
from bot.jobs.incidents.storms import Storms
from bot.jobs.means import Means
from bot.jobs.requests.execute import Execute
from bot.jobs.retention import Retention
from bot.jobs.sweep import Sweep
from bot.jobs.timed.detect import Detector
from bot.jobs.timed.due import Due
from bot.jobs.timed.quiet import Quiet
from bot.schedule import Schedule
from bot.settings import Settings
from bot.slack_door import homes_of
from bot.store.database import Database
from bot.store.work import Clock


def schedule_of(
    stack: ExitStack,
    settings: Settings,
    *,
    means: Means,
    desk: Desk,
    content: Content,
    cron: Cron,
    adopt: Callable[[str], int],
    execute: Execute,
    announcer: Announcer,
    storms: Storms,
    notes: Notes,
) -> Schedule:
    """The schedule of this replica, not yet started."""
    database, now = means.database, means.now
    return Schedule(
        database=database,
        replica=settings.replica,
        incarnation=means.incarnation,
        sweep=Sweep(means, execute),
        adopt=adopt,
        checkpoint=Checkpoints(
            database=database,
            enqueue=means.enqueue,
            new_id=means.new_id,
            now=now,
            channel=settings.fallback_channel,
            hour=settings.checkpoint_hour,
        ),
        people=Acquaintance(
            database=database, directory=desk.directory, systems=lambda: content.current().systems, now=now
        ),
        remind=announcer.remind,
        storms=storms.look,
        lost=Lost(database=database, alertmanager=means.alerting, now=now),
        retention=Retention(
            database=database, keep=timedelta(days=settings.keep_days) if settings.keep_days else None, now=now
        ),
        silences=SilencesSeen(notes, alertmanager=means.silencer, new_id=means.new_id),
        clockwork=(
            homes_of(settings, desk),
            Due(means, catalog=content.current, cron=cron),
            Detector(database=database, catalog=content.written, resources=means.resources, now=now),
            Quiet(means, catalog=content.current),
            *_canary(stack, settings, database, now=now),
        ),
        now=now,
    )


def _canary(stack: ExitStack, settings: Settings, database: Database, *, now: Clock) -> Sequence[Canary]:
    """Nothing where it is switched off."""
    if settings.canary_minutes == 0:
        return ()
    url = str(settings.canary_url) if settings.canary_url else settings.self_url
    token = settings.webhook_token.get_secret_value() if settings.webhook_token else None
    door = OwnDoor(url, token=token)
    stack.callback(door.close)
    every = timedelta(minutes=settings.canary_minutes)
    has_slack = settings.slack_bot_token is not None
    return (Canary(database=database, door=door, every=every, has_slack=has_slack, now=now),)
