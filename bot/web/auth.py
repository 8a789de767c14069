"""Who may post webhooks: a bearer token, a basic password, a signature over the body, or else this machine alone."""

import base64
import binascii
import hashlib
import hmac
import ipaddress
from datetime import timedelta

from pydantic import SecretStr
from starlette.datastructures import Headers

from bot.store.work import Clock
from bot.web.errors import Problem

SIGNATURE = "x-grafana-alerting-signature"
"""Hex HMAC-SHA256, as Grafana Alerting sends it: over the body, or over `timestamp:body` where TIMESTAMP is sent."""

TIMESTAMP = "x-grafana-alerting-timestamp"
"""Epoch seconds; a signature with a timestamp is good for five minutes."""

_FRESH = timedelta(minutes=5)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


class Gate:
    """Lets a sender in by any one of the secrets that are configured; every comparison takes constant time."""

    def __init__(self, *, token: SecretStr | None, signing_secret: SecretStr | None, now: Clock) -> None:
        self._token = token.get_secret_value().encode() if token else None
        self._signing_secret = signing_secret.get_secret_value().encode() if signing_secret else None
        self._now = now

    def admit(self, headers: Headers, *, peer: str | None) -> bool:
        """Whether the sender is in before its body is read; False when the body's signature has to tell.

        Raises Problem (401).
        """
        if self._token is None and self._signing_secret is None:
            if not is_this_machine(headers, peer):
                raise _refused("no token is configured, so only this machine may post; set COUNTERSIGN_WEBHOOK_TOKEN")
            return True
        if self._token is not None and (sent := _password(headers)) is not None:
            if hmac.compare_digest(sent, self._token):
                return True
            raise _refused("the token is not the one in COUNTERSIGN_WEBHOOK_TOKEN; correct http_config.authorization")
        if self._signing_secret is not None and SIGNATURE in headers:
            return False
        raise _refused(self._wanted())

    def verify(self, headers: Headers, body: bytes) -> None:
        """Hold the body against its signature. Raises Problem (401)."""
        assert self._signing_secret is not None
        timestamp = headers.get(TIMESTAMP)
        signed = body if timestamp is None else timestamp.encode("latin-1") + b":" + body
        expected = hmac.new(self._signing_secret, signed, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(headers[SIGNATURE].strip().lower().encode("latin-1"), expected):
            raise _refused("the signature does not match the body; use the secret in COUNTERSIGN_WEBHOOK_HMAC_SECRET")
        if timestamp is not None and not self._is_fresh(timestamp):
            raise _refused(f"{TIMESTAMP} is more than five minutes off; set the sender's clock, or send it anew")

    def _is_fresh(self, timestamp: str) -> bool:
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            return False
        return abs(self._now().timestamp() - int(timestamp)) <= _FRESH.total_seconds()

    def _wanted(self) -> str:
        ways = []
        if self._token is not None:
            ways.append("Authorization: Bearer with COUNTERSIGN_WEBHOOK_TOKEN (or basic, with it as the password)")
        if self._signing_secret is not None:
            ways.append(f"{SIGNATURE} made with COUNTERSIGN_WEBHOOK_HMAC_SECRET")
        return "no credentials: send " + ", or ".join(ways)


def _password(headers: Headers) -> bytes | None:
    """What was sent as a secret; None when no Authorization header of a known kind came, or more than one."""
    sent = headers.getlist("authorization")
    if len(sent) != 1:
        return None
    scheme, _, credentials = sent[0].partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip().encode("latin-1")
        case "basic":
            return _basic_password(credentials)
    return None


def _basic_password(credentials: str) -> bytes | None:
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    _, colon, password = decoded.partition(b":")
    return password if colon else None


def is_this_machine(headers: Headers, peer: str | None) -> bool:
    """A proxy on this machine makes every sender look local, so what was forwarded is not."""
    if peer is None or any(name in headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _refused(message: str) -> Problem:
    return Problem(401, "unauthorized", message, headers={"WWW-Authenticate": 'Bearer realm="countersign"'})
