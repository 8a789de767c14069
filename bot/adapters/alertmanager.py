"""Alertmanager's API v2, asked which alerts somebody has silenced."""

from collections.abc import Iterator, Mapping

from bot.adapters.http import HttpApi
from bot.core.errors import CountersignError, Unavailable
from bot.core.ports import HttpCall, Json


class Alertmanager:
    """Implements `bot.core.ports.Silences`. What is inhibited by another alert is not silenced: nobody decided that."""

    def __init__(self, url: str) -> None:
        self._api = HttpApi(url, name="Alertmanager")

    def silenced(self, fingerprints: frozenset[str], *, timeout: float) -> Mapping[str, bool]:
        """Of those that it has: whether each is silenced."""
        if not fingerprints:
            return {}
        try:
            reply = self._api.send(HttpCall(method="GET", path="/api/v2/alerts"), timeout=timeout)
        except CountersignError as error:
            raise Unavailable("Alertmanager", str(error)) from error
        if reply.status != 200 or not isinstance(reply.body, list):
            raise Unavailable("Alertmanager", f"HTTP {reply.status}, and no list of alerts")
        return {fingerprint: is_it for fingerprint, is_it in _said(reply.body) if fingerprint in fingerprints}

    def close(self) -> None:
        self._api.close()


def _said(alerts: list[Json]) -> Iterator[tuple[str, bool]]:
    for alert in alerts:
        match alert:
            case {"fingerprint": str() as fingerprint, "status": {"silencedBy": list() as silences}}:
                yield fingerprint, bool(silences)
