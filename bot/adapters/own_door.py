"""The bot's own webhook endpoint, asked over HTTP like Alertmanager does."""

from collections.abc import Mapping

from bot.adapters.http import HttpApi
from bot.core.errors import Refused, Unavailable
from bot.core.ports import HttpCall, Json

_TIMEOUT = 5.0  # seconds


class OwnDoor:
    """`token` is what Alertmanager would send."""

    def __init__(self, url: str, *, token: str | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._api = HttpApi(url, name="our own door", headers=headers)

    def __call__(self, body: Mapping[str, Json]) -> None:
        """Raises Unavailable when it could not take the body, Refused when it would not."""
        call = HttpCall(method="POST", path="/alertmanager", json=dict(body))
        status = self._api.send(call, timeout=_TIMEOUT).status
        if status >= 500:
            raise Unavailable("our own door", f"HTTP {status}")
        if status >= 300:
            raise Refused("our own door", f"HTTP {status}", status=status)

    def close(self) -> None:
        self._api.close()
