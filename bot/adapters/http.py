"""A host's HTTP API through httpx: no redirects, a deadline and a size for the whole reply, only JSON is parsed."""

import json
import ssl
import time
from collections.abc import Mapping
from functools import cache
from typing import cast

import httpx

from bot.core.errors import CountersignError, Refused, TimedOut, Unavailable, Unknown
from bot.core.ports import HttpCall, HttpReply, Json

_LARGEST = 2 * 1024 * 1024  # bytes of a reply that are read
_REQUEST_IDS = ("x-request-id", "request-id", "cf-ray")


class HttpApi:
    """The Http port over one base address; `headers` carry its credentials. Errors name it by `name`."""

    def __init__(
        self,
        url: str,
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
        ceiling: float | None = None,
    ) -> None:
        self._name = name
        self._ceiling = ceiling
        base = url.rstrip("/")
        common = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "countersign"}
        auth = httpx.BasicAuth(*basic) if basic else None
        # Many servers close a connection that was idle for five seconds; one that we would use then would break.
        idle = httpx.Limits(keepalive_expiry=2)
        # A read may try to connect once more. A write never does, and takes a fresh connection, so that a host which
        # closed an idle one cannot leave us not knowing.
        self._reads = httpx.Client(
            base_url=base,
            headers={**common, **(headers or {})},
            auth=auth,
            transport=httpx.HTTPTransport(verify=_certificates(), retries=1, limits=idle),
        )
        self._writes = httpx.Client(
            base_url=base,
            headers={**common, **(headers or {}), "Connection": "close"},
            auth=auth,
            transport=httpx.HTTPTransport(
                verify=_certificates(), retries=0, limits=httpx.Limits(max_keepalive_connections=0)
            ),
        )

    def send(self, call: HttpCall, *, timeout: float) -> HttpReply:
        """Any status is a reply. Raises Unknown for a write that was sent and not answered."""
        seconds = min(timeout, self._ceiling) if self._ceiling else timeout
        is_read = call.is_read
        try:
            return self._sent(call, self._reads if is_read else self._writes, seconds)
        except (httpx.ConnectError, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Unavailable(self._name, "no connection") from error
        except httpx.ConnectTimeout as error:
            raise TimedOut(self._name, seconds) from error
        except httpx.LocalProtocolError as error:
            raise Refused(self._name, "the request cannot be sent; look at its headers") from error
        except (httpx.TimeoutException, _Late) as error:
            raise _lost(TimedOut(self._name, seconds), is_read=is_read) from error
        except httpx.HTTPError as error:
            why = f"the connection broke ({type(error).__name__})"
            raise _lost(Unavailable(self._name, why), is_read=is_read) from error

    def close(self) -> None:
        self._reads.close()
        self._writes.close()

    def _sent(self, call: HttpCall, client: httpx.Client, seconds: float) -> HttpReply:
        until = time.monotonic() + seconds
        with client.stream(
            call.method,
            call.path,
            params=dict(call.query) or None,
            json=call.json,
            headers=dict(call.headers),
            timeout=seconds,
        ) as response:
            body = self._read(response, until) if call.is_read else _kept(response, until)
        request_id = next((response.headers[name] for name in _REQUEST_IDS if name in response.headers), None)
        return HttpReply(status=response.status_code, body=body, request_id=request_id)

    def _read(self, response: httpx.Response, until: float) -> Json:
        try:
            return _body(response, until)
        except _TooLarge as error:
            raise Refused(self._name, f"its reply is larger than {_LARGEST // 1024 // 1024} MiB") from error


def _kept(response: httpx.Response, until: float) -> Json:
    """The reply to a write: its status says what happened, so a body that cannot be read is none."""
    try:
        return _body(response, until)
    except (httpx.HTTPError, _Late, _TooLarge):
        return None


def _body(response: httpx.Response, until: float) -> Json:
    read = bytearray()
    for chunk in response.iter_bytes():
        read += chunk
        if len(read) > _LARGEST:
            raise _TooLarge
        if time.monotonic() > until:  # httpx bounds each read, not the whole
            raise _Late
    try:
        return cast(Json, json.loads(read)) if read else None
    except (ValueError, RecursionError):
        return None


class _TooLarge(Exception):
    """The reply is more than we are willing to hold."""


@cache
def _certificates() -> ssl.SSLContext:
    """What every client trusts; reading it takes longer than most calls."""
    return httpx.create_ssl_context()


class _Late(Exception):
    """The reply was still coming in when its time was over."""


def _lost(error: Unavailable, *, is_read: bool) -> CountersignError:
    return error if is_read else Unknown(error.what, error.why)
