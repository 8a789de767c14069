"""One-time codes (RFC 6238) of people who vote: each secret is derived when it is needed, and none is kept."""

import base64
import hashlib
import hmac
from datetime import datetime

import pyotp

from bot.engine.runbook import Action, Risk

_LENGTH = 30  # seconds of a time step
_SKEW = 1  # steps that a person's clock may be off, either way
_DIGITS = 6
_ISSUER = "Countersign"


class Codes:
    """The codes of everybody, by one key of the installation.

    An enrolment is a person and a number: enrolling anew counts on, so that the old secret is of no use any more.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def uri(self, person: str, number: int) -> str:
        """What an authenticator app takes: `otpauth://totp/…`. It holds the secret, so it is shown once and to them."""
        return self._totp(person, number).provisioning_uri(name=person, issuer_name=_ISSUER)

    def steps(self, person: str, number: int, code: str, now: datetime) -> tuple[int, ...]:
        """The time steps about now, oldest first, whose code this is; none when it is wrong. Takes constant time."""
        typed = code.replace(" ", "")
        if not (typed.isascii() and typed.isdigit() and len(typed) == _DIGITS):
            return ()
        totp, at = self._totp(person, number), step(now)
        near = range(at - _SKEW, at + _SKEW + 1)
        return tuple([each for each in near if hmac.compare_digest(totp.generate_otp(each), typed)])

    def _totp(self, person: str, number: int) -> pyotp.TOTP:
        name = f"countersign/totp/{person}/{number}".encode()
        secret = hmac.new(self._key, name, hashlib.sha256).digest()[:20]  # as long as RFC 4226 recommends
        return pyotp.TOTP(base64.b32encode(secret).decode(), digits=_DIGITS, interval=_LENGTH)


def step(at: datetime) -> int:
    """The number of the time step that holds this moment."""
    return int(at.timestamp()) // _LENGTH


_FROM = (Risk.LOW, Risk.HIGH, Risk.SEVERE)


def wants_code(action: Action, *, second_factor: Risk | None) -> bool:
    """Whether a vote for this action needs a one-time code: its runbook says so, or the installation by risk."""
    return action.approve.second_factor or (second_factor is not None and is_at_least(action.risk, second_factor))


def is_at_least(risk: Risk, least: Risk) -> bool:
    """Whether an action of this risk is as grave as `least`."""
    return _FROM.index(risk) >= _FROM.index(least)
