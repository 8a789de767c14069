"""How what people do in Slack reaches the bot: by signed HTTP, or over Socket Mode where an app token is set."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from slack_bolt import App
from slack_sdk import WebClient
from starlette.routing import BaseRoute

from bot.adapters.installation import Installation
from bot.adapters.response_urls import ResponseUrls
from bot.adapters.slack import Slack
from bot.adapters.slack_calls import web_client
from bot.desk.desk import Desk
from bot.jobs.inquiry import Inquiry
from bot.metrics.stock import Sockets
from bot.parts import PERSON_WAITS, slack_client
from bot.settings import Settings
from bot.slack.homes import Homes
from bot.slack.listeners import Around, bolt_app
from bot.web.slack import slack_routes
from bot.web.socket_client import SocketConnection
from bot.web.sockets import Watchdog

_LISTENERS = 16  # clicks under way at once; each may wait for Slack's directory
_DRAIN = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class SlackDoor:
    """Routes for HTTP, or what to ask about the connections of Socket Mode; neither while Slack is not configured."""

    routes: Sequence[BaseRoute] = ()
    sockets: Callable[[], Sockets] | None = None


def homes_of(settings: Settings, desk: Desk) -> Homes:
    """The Homes of the app: the door publishes them, and so does the schedule; rows say which are true."""
    return Homes(desk=desk, slack=Slack(slack_client(settings, timeout=PERSON_WAITS)))


def slack_door(stack: ExitStack, settings: Settings, *, desk: Desk, inquiry: Inquiry) -> SlackDoor:
    """Build it, and start what it needs."""
    client = slack_client(settings, timeout=PERSON_WAITS)
    if settings.slack_app_token is not None:
        app = _app(stack, settings, client, desk=desk, inquiry=inquiry, signing_secret=None)
        return SlackDoor(sockets=_sockets(stack, settings, app))
    if settings.slack_signing_secret is None:
        return SlackDoor()
    secret = settings.slack_signing_secret.get_secret_value()
    app = _app(stack, settings, client, desk=desk, inquiry=inquiry, signing_secret=secret)
    return SlackDoor(routes=slack_routes(app, executor=_threads(stack, "slack-dispatch", _LISTENERS)))


def _app(
    stack: ExitStack,
    settings: Settings,
    client: WebClient,
    *,
    desk: Desk,
    inquiry: Inquiry,
    signing_secret: str | None,
) -> App:
    return bolt_app(
        signing_secret=signing_secret,
        bot_token=settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else "",
        desk=desk,
        around=Around(
            reply=Slack(client),
            telling=Slack(client),
            urls=ResponseUrls(api_url=str(settings.slack_api_url)),
            inquiry=inquiry,
            home=Installation(client, allowed=settings.slack_teams),
            homes=homes_of(settings, desk),
        ),
        executor=_threads(stack, "slack-listen", 2 * _LISTENERS),
    )


def _sockets(stack: ExitStack, settings: Settings, app: App) -> Callable[[], Sockets]:
    assert settings.slack_app_token is not None
    token = settings.slack_app_token.get_secret_value()
    web = web_client(token=token, base_url=str(settings.slack_api_url))
    watchdog = Watchdog(lambda: SocketConnection(app, app_token=token, web=web), clock=time.monotonic)
    watchdog.start()
    stack.callback(watchdog.stop, _DRAIN)
    return watchdog.state


def _threads(stack: ExitStack, name: str, count: int) -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(count, thread_name_prefix=name)
    stack.callback(pool.shutdown)
    return pool
