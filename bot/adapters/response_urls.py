"""The addresses Slack gives with a command or a click, to answer there within half an hour, five times at most."""

import logging
from typing import Any
from urllib.parse import urlsplit

from slack_sdk.webhook import WebhookClient

from bot.adapters.slack import Blocks
from bot.adapters.slack_calls import translated
from bot.core.errors import Refused, Unknown

_TIMEOUT = 10  # seconds
_SLACKS = "hooks.slack.com"


class ResponseUrls:
    """Implements `bot.slack.answers.Addresses`. `api_url` tells a local workspace, whose addresses are its own."""

    def __init__(self, *, api_url: str) -> None:
        self._home = urlsplit(api_url)
        self._quiet = logging.getLogger("bot.adapters.slack.sdk")

    def answer(self, url: str, *, text: str, blocks: Blocks) -> None:
        """One more message that only the person sees."""
        self._send(url, text=text, blocks=blocks, response_type="ephemeral", replace_original=False)

    def replace(self, url: str, *, text: str, blocks: Blocks) -> None:
        """Makes the message that was clicked on say this."""
        self._send(url, text=text, blocks=blocks, response_type="ephemeral", replace_original=True)

    def say(self, url: str, *, text: str, blocks: Blocks, thread_ts: str | None) -> None:
        """A message that everybody sees, in the thread where one is named."""
        more = {"thread_ts": thread_ts} if thread_ts else {}
        self._send(url, text=text, blocks=blocks, response_type="in_channel", replace_original=False, **more)

    def _send(self, url: str, **body: Any) -> None:
        """Raises Refused, Unavailable, or Unknown when it may have been said."""
        if not self._is_slacks(url):
            raise Refused("slack", "the address to answer at is not Slack's")
        client = WebhookClient(url, timeout=_TIMEOUT, retry_handlers=[], logger=self._quiet)
        with translated():
            reply = client.send_dict({**body, "blocks": list(body["blocks"]) or None})
        if reply.status_code >= 500:
            raise Unknown("slack", f"HTTP {reply.status_code}")
        if reply.status_code != 200:
            raise Refused("slack", f"HTTP {reply.status_code}", status=reply.status_code)

    def _is_slacks(self, url: str) -> bool:
        """What is sent there must reach nobody else, whoever wrote the address."""
        parts = urlsplit(url)
        if (parts.scheme, parts.hostname) == ("https", _SLACKS):
            return True
        is_local = self._home.hostname not in {"slack.com", None}
        return is_local and (parts.scheme, parts.netloc) == (self._home.scheme, self._home.netloc)
