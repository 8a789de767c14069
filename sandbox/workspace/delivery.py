"""Brings a payload to the bot, by signed HTTP or over Socket Mode, and says what became of it."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlencode

import httpx

from sandbox.workspace.config import Config
from sandbox.workspace.jsontype import JsonObject

Kind = Literal["interactive", "slash_commands", "events_api"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the bot answered. `error` is None, operation_timeout, dispatch_failed or not_connected.

    `body` is the JSON object it sent, or {"text": …} for plain text, or {} for nothing.
    """

    error: str | None = None
    reason: str = ""
    status: int | None = None
    body: JsonObject | None = None
    no_retry: bool = False

    @property
    def ok(self) -> bool:
        return self.error is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """Which repetition of an event this is, and why there is one."""

    number: int
    reason: str


class Transport(Protocol):
    async def send(self, kind: Kind, payload: JsonObject, *, retry: Retry | None = None) -> Answer:
        """Deliver one payload and wait for the answer no longer than the app is given."""


def sign(body: str, *, secret: str, timestamp: int) -> str:
    """Slack's v0 signature of a request body."""
    basis = f"v0:{timestamp}:{body}".encode()
    return f"v0={hmac.new(secret.encode(), basis, hashlib.sha256).hexdigest()}"


class HttpTransport:
    """Posts to {bot}/slack/events with Slack's signature headers."""

    def __init__(self, *, config: Config, now: Callable[[], float]) -> None:
        self._config = config
        self._now = now
        # trust_env is off: a proxy of the machine must never see loopback traffic, which knows no TLS either. The
        # deadline is asyncio's, below.
        self._client = httpx.AsyncClient(timeout=None, trust_env=False, verify=False)

    async def send(self, kind: Kind, payload: JsonObject, *, retry: Retry | None = None) -> Answer:
        body, content_type = _encode(kind, payload)
        timestamp = int(self._now())
        headers = {
            "content-type": content_type,
            "user-agent": "Slackbot 1.0 (local workspace)",
            "x-slack-request-timestamp": str(timestamp),
            "x-slack-signature": sign(body, secret=self._config.signing_secret, timestamp=timestamp),
        }
        if retry is not None:
            headers |= {"x-slack-retry-num": str(retry.number), "x-slack-retry-reason": retry.reason}
        try:
            async with asyncio.timeout(self._config.answer_within):
                response = await self._client.post(
                    f"{self._config.bot}/slack/events", content=body.encode(), headers=headers
                )
        except TimeoutError:
            return Answer(error="operation_timeout", reason="http_timeout")
        except httpx.HTTPError:
            return Answer(error="dispatch_failed", reason="connection_failed")
        return _read(response)

    async def close(self) -> None:
        await self._client.aclose()


def _encode(kind: Kind, payload: JsonObject) -> tuple[str, str]:
    match kind:
        case "events_api":
            return json.dumps(payload), "application/json"
        case "interactive":
            return urlencode({"payload": json.dumps(payload)}), "application/x-www-form-urlencoded"
        case "slash_commands":
            return urlencode(payload), "application/x-www-form-urlencoded"


def _read(response: httpx.Response) -> Answer:
    no_retry = response.headers.get("x-slack-no-retry") == "1"
    if not response.is_success:
        return Answer(error="dispatch_failed", reason="http_error", status=response.status_code, no_retry=no_retry)
    return Answer(status=response.status_code, body=_body(response), no_retry=no_retry)


def _body(response: httpx.Response) -> JsonObject:
    if not response.text.strip():
        return {}
    if "json" in response.headers.get("content-type", ""):
        try:
            body = response.json()
        except ValueError:
            return {"text": response.text}
        return body if isinstance(body, dict) else {"text": response.text}
    return {"text": response.text}
