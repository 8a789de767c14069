"""Alertmanager's API v2: which alerts somebody has silenced, and the silences themselves."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from bot.adapters.http import HttpApi
from bot.core.errors import CountersignError, Refused, Unavailable, Unknown
from bot.core.ports import HttpCall, HttpReply, Json, Silenced
from bot.core.quoting import moment, promql

_NAME = "Alertmanager"
_OPERATORS = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}


class Alertmanager:
    """Implements `bot.core.ports.Silences`, `Alerting` and `Silencer`.

    What is inhibited by another alert is not silenced: nobody decided that.
    """

    def __init__(self, url: str) -> None:
        self._api = HttpApi(url, name=_NAME)

    def silenced(self, fingerprints: frozenset[str], *, timeout: float) -> Mapping[str, bool]:
        """Of those that it has: whether each is silenced."""
        if not fingerprints:
            return {}
        alerts = self._list("/api/v2/alerts", timeout)
        return {fingerprint: is_it for fingerprint, is_it in _said(alerts) if fingerprint in fingerprints}

    def since(self, *, timeout: float) -> datetime:
        """When it was started."""
        try:
            reply = self._api.send(HttpCall(method="GET", path="/api/v2/status"), timeout=timeout)
        except CountersignError as error:
            raise Unavailable(_NAME, str(error)) from error
        match reply:
            case HttpReply(status=200, body={"uptime": str() as began}):
                return moment(began)
        raise Unavailable(_NAME, f"HTTP {reply.status}, and no moment of its start")

    def silences(self, *, timeout: float) -> Sequence[Silenced]:
        """All it has, those that ended lately included; entries of another shape are passed over."""
        return tuple(_silences(self._list("/api/v2/silences", timeout)))

    def silence(
        self,
        matchers: Mapping[str, str],
        *,
        since: datetime,
        until: datetime,
        created_by: str,
        comment: str,
        timeout: float,
    ) -> str:
        """Make one. Raises Refused when Alertmanager says no, Unknown when it may have been made."""
        wanted: list[Json] = [
            {"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in matchers.items()
        ]
        body: Json = {
            "matchers": wanted,
            "startsAt": _stamp(since),
            "endsAt": _stamp(until),
            "createdBy": created_by,
            "comment": comment,
        }
        reply = self._api.send(HttpCall(method="POST", path="/api/v2/silences", json=body), timeout=timeout)
        match reply:
            case HttpReply(status=200, body={"silenceID": str() as number}):
                return number
        raise _no(reply)

    def end_silence(self, number: str, *, timeout: float) -> None:
        """End it now; one that has ended, or is not there, has ended."""
        call = HttpCall(method="DELETE", path=f"/api/v2/silence/{quote(number, safe='')}")
        reply = self._api.send(call, timeout=timeout)
        if reply.status not in {200, 404} and not _has_ended(reply):
            raise _no(reply)

    def close(self) -> None:
        self._api.close()

    def _list(self, path: str, timeout: float) -> list[Json]:
        try:
            reply = self._api.send(HttpCall(method="GET", path=path), timeout=timeout)
        except CountersignError as error:
            raise Unavailable(_NAME, str(error)) from error
        if reply.status != 200 or not isinstance(reply.body, list):
            raise Unavailable(_NAME, f"HTTP {reply.status}, and no list")
        return reply.body


def _said(alerts: list[Json]) -> Iterator[tuple[str, bool]]:
    for alert in alerts:
        match alert:
            case {"fingerprint": str() as fingerprint, "status": {"silencedBy": list() as silences}}:
                yield fingerprint, bool(silences)


def _silences(told: list[Json]) -> Iterator[Silenced]:
    for each in told:
        match each:
            case {
                "id": str() as number,
                "status": {"state": str() as state},
                "matchers": list() as matchers,
                "createdBy": str() as created_by,
                "comment": str() as comment,
                "endsAt": str() as ends_at,
            }:
                yield Silenced(
                    number=number,
                    is_over=state == "expired",
                    matchers=tuple(map(_matcher, matchers)),
                    created_by=created_by,
                    comment=comment,
                    ends_at=moment(ends_at),
                )


def _matcher(told: Json) -> str:
    match told:
        case {"name": str() as name, "value": str() as value, "isRegex": bool() as is_regex, **rest}:
            # Before 0.22 there was no negation, and no word for it.
            return f"{name}{_OPERATORS[rest.get('isEqual', True) is True, is_regex]}{promql(value)}"
    return ""  # it matches nothing here


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _has_ended(reply: HttpReply) -> bool:
    """Whether a 500 only says that there is nothing to end; so older releases spell what newer ones answer with 404."""
    return isinstance(reply.body, str) and ("not found" in reply.body or "expired" in reply.body)


def _no(reply: HttpReply) -> CountersignError:
    said = reply.body if isinstance(reply.body, str) else ""
    if reply.status >= 500:
        return Unknown(_NAME, f"HTTP {reply.status}")
    return Refused(_NAME, said[:200] or f"HTTP {reply.status}", status=reply.status)
