"""One Socket Mode connection, through the SDK's own client and Bolt's handler."""

import logging
from functools import partial

from slack_bolt import App
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.adapters.slack_calls import translated
from bot.core.errors import Unavailable
from bot.web.sockets import is_hello, is_payload

_PING_EVERY = 5.0  # seconds; the client gives a connection up after four pings without an answer
_AT_ONCE = 16  # payloads under way over one connection; each may wait for an answer


class SocketConnection:
    """Implements `bot.web.sockets.Connection`: what comes in goes to the app, and its answer acknowledges it."""

    def __init__(self, app: App, *, app_token: str, web: WebClient, ping_every: float = _PING_EVERY) -> None:
        """Connects. Raises one of our errors when Slack gives no address, or does not take the connection."""
        quiet = logging.getLogger("bot.web.sockets.sdk")
        quiet.setLevel(logging.CRITICAL)  # it logs payloads
        self._heard = 0
        self._events = 0
        self._greeted_session: str | None = None
        self._client = SocketModeClient(
            app_token=app_token,
            web_client=web,
            logger=quiet,
            ping_interval=ping_every,
            concurrency=_AT_ONCE,
            on_message_listeners=[self._on_message],
        )
        self._client.socket_mode_request_listeners.append(partial(_handle, app))
        try:
            self._connect()
        except BaseException:
            self._client.close()
            raise

    def heard(self) -> int:
        session = self._client.current_session
        pong = session.last_ping_pong_time if session is not None else None
        return hash((self._heard, pong))

    def events(self) -> int:
        return self._events

    def has_greeted(self) -> bool:
        return self._greeted_session is not None and self._greeted_session == self._client.session_id()

    def is_connected(self) -> bool:
        return bool(self._client.is_connected())

    def close(self) -> None:
        self._client.close()

    def _connect(self) -> None:
        with translated():
            self._client.connect()
        if not self._client.is_connected():
            raise Unavailable("slack", "the Socket Mode connection could not be opened")

    def _on_message(self, message: str) -> None:
        self._heard += 1
        if is_hello(message):
            self._greeted_session = self._client.session_id()
        elif is_payload(message):
            self._events += 1


def _handle(app: App, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
    answer = run_bolt_app(app, request)
    send_response(client, request, answer, 0.0)
