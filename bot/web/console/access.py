"""Who may reach the API and the console: whoever has the token, or without one this machine alone."""

import hashlib
import hmac
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.requests import Request

from bot.store.work import Clock
from bot.web.auth import is_this_machine
from bot.web.errors import Problem

_LASTS = 12 * 60 * 60  # seconds that a sign-in is good for
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
COOKIE = "countersign"


class Access:
    """Holds no sessions: a cookie says until when it is good and is sealed, so that every replica knows it.

    `key` seals where there is no token; `nonce` makes each cookie another one.
    """

    def __init__(self, *, token: SecretStr | None, key: bytes, now: Clock) -> None:
        self._token = token.get_secret_value().encode() if token else None
        self._key = hashlib.sha256(b"countersign/console/" + (self._token or key)).digest()
        self._now = now

    def admit(self, request: Request) -> None:
        """Let a program in. Raises Problem (401)."""
        if self._token is None:
            self._admit_this_machine(request)
            return
        sent = request.headers.getlist("authorization")
        scheme, _, token = (sent[0] if len(sent) == 1 else "").partition(" ")
        if scheme.lower() != "bearer" or not self.is_token(token.strip()):
            message = "send Authorization: Bearer with the token in COUNTERSIGN_CONSOLE_TOKEN"
            raise Problem(401, "unauthorized", message, headers={"WWW-Authenticate": 'Bearer realm="countersign"'})

    def is_token(self, token: str) -> bool:
        """Whether this is the console's token, in constant time."""
        return self._token is not None and hmac.compare_digest(token.encode(), self._token)

    def is_signed_in(self, request: Request) -> bool:
        """Whether a browser may see the console. Raises Problem (401) for another machine where there is no token."""
        if self._token is None:
            self._admit_this_machine(request)
        cookie = request.cookies.get(COOKIE, "")
        until, _, _ = cookie.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) <= 12):
            return False
        sealed = cookie.rpartition(".")[0]
        return hmac.compare_digest(cookie, f"{sealed}.{self._seal(sealed)}") and int(until) > self._now().timestamp()

    def is_open(self, request: Request) -> bool:
        """Whether a browser needs no token. Raises Problem (401) for another machine where there is none."""
        if self._token is None:
            self._admit_this_machine(request)
        return self._token is None

    def cookie(self, nonce: str) -> str:
        """The value of a new cookie."""
        sealed = f"{int(self._now().timestamp()) + _LASTS}.{nonce}"
        return f"{sealed}.{self._seal(sealed)}"

    def form_seal(self, cookie: str) -> str:
        """What a form of this browser carries, and no other site can know."""
        return self._seal(f"form/{cookie}")

    def check_form(self, request: Request, sent: str) -> None:
        """Hold a submitted form against its browser. Raises Problem (403)."""
        cookie, origin = request.cookies.get(COOKIE, ""), request.headers.get("origin")
        is_ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
        if not (cookie and is_ours and hmac.compare_digest(sent.encode(), self.form_seal(cookie).encode())):
            raise Problem(403, "forged", "this form is not one of ours, or too old; open the page again")

    def _seal(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _admit_this_machine(self, request: Request) -> None:
        """The host's name is looked at, too: a page elsewhere can make its own name point at this machine."""
        peer = request.client.host if request.client else None
        named = urlsplit(f"//{request.headers.get('host', '')}").hostname
        if not is_this_machine(request.headers, peer) or named not in _LOCAL:
            message = "no token is configured, so only this machine may ask; set COUNTERSIGN_CONSOLE_TOKEN"
            raise Problem(401, "unauthorized", message)
