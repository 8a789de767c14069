"""A fake Mailgun: an event log by domain and the suppression lists, with recipients in the data as in the real one."""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Literal, TypeAlias

from starlette.routing import BaseRoute

from sandbox.world.http import Answer, Call, Obj, Work, route
from sandbox.world.ids import Ids

DOMAIN = "notify.adventive.com"
LISTS = ("bounces", "unsubscribes", "complaints")
ListName: TypeAlias = Literal["bounces", "unsubscribes", "complaints"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """One message handed over for sending."""

    to: str
    subject: str
    template: str
    invoice_id: str


class Mailgun:
    """Keeps events and suppressions; sending to a suppressed address fails as it does at Mailgun."""

    def __init__(self, *, ids: Ids, now: Callable[[], datetime], api_key: str) -> None:
        self._ids = ids
        self._now = now
        self._api_key = api_key
        self._lock = Lock()
        self._events: list[Obj] = []
        self._suppressed: dict[ListName, dict[str, Obj]] = {"bounces": {}, "unsubscribes": {}, "complaints": {}}

    def reset(self) -> None:
        """Forget every event and suppression."""
        with self._lock:
            self._events.clear()
            for entries in self._suppressed.values():
                entries.clear()

    def send(self, mail: Mail) -> Literal["delivered", "failed"]:
        """Deliver at once, unless the recipient is suppressed."""
        suppressed = self.suppression(mail.to)
        if suppressed is None:
            self.log(mail, event="delivered", code=250, message="OK", reason=None)
            return "delivered"
        reason = {
            "bounces": "suppress-bounce",
            "unsubscribes": "suppress-unsubscribe",
            "complaints": "suppress-complaint",
        }
        self.log(
            mail, event="failed", code=605, message="Not delivering to a suppressed address", reason=reason[suppressed]
        )
        return "failed"

    def suppression(self, address: str) -> ListName | None:
        """The list an address is on."""
        with self._lock:
            return next((name for name, entries in self._suppressed.items() if address in entries), None)

    def suppress(self, address: str, name: ListName, *, error: str) -> None:
        """Put an address on a list."""
        entry: Obj = {"address": address, "code": "550", "error": error, "created_at": self._rfc2822()}
        with self._lock:
            self._suppressed[name][address] = entry

    def log(
        self, mail: Mail, *, event: Literal["delivered", "failed"], code: int, message: str, reason: str | None
    ) -> None:
        """Write one event as Mailgun does."""
        entry: Obj = {
            "id": self._ids.stripe("mg", 22)[3:], "event": event, "timestamp": self._now().timestamp(),
            "log-level": "info" if event == "delivered" else "error", "recipient": mail.to,
            "recipient-domain": mail.to.rpartition("@")[2], "tags": [mail.template],
            "user-variables": {"invoice_id": mail.invoice_id},
            "message": {
                "headers": {
                    "to": mail.to, "from": f"billing-noreply@{DOMAIN}", "subject": mail.subject,
                    "message-id": f"{self._ids.uuid()}@{DOMAIN}",
                },
                "attachments": [], "size": 21_034,
            },
            "delivery-status": {"code": code, "message": message, "description": "", "attempt-no": 1},
        }  # fmt: skip
        if event == "failed":
            entry |= {"severity": "permanent", "reason": reason or "generic"}
        with self._lock:
            self._events.append(entry)

    def routes(self) -> list[BaseRoute]:
        """The routes, relative to Mailgun's base URL; suppressions also at their real path, without the extra word."""
        return [
            route("/v3/{domain}/events", self._inside(self._list), methods=["GET"]),
            route("/v3/{domain}/suppressions/{list}/{address}", self._inside(self._look_up), methods=["GET"]),
            route("/v3/{domain}/{list}/{address}", self._inside(self._look_up), methods=["GET"]),
        ]

    def _inside(self, work: Work) -> Work:
        def checked(call: Call) -> Answer:
            if not hmac.compare_digest(_password(call), self._api_key.encode()):
                return Answer(status=401, text="Forbidden")
            if call.at["domain"] != DOMAIN:
                return Answer(status=404, json={"message": "Domain not found"})
            return work(call)

        return checked

    def _list(self, call: Call) -> Answer:
        limit = call.one("limit") or "100"
        if not limit.isdigit() or not 1 <= int(limit) <= 300:
            return Answer(status=400, json={"message": "limit must be between 1 and 300"})
        with self._lock:
            newest = sorted(self._events, key=lambda entry: float(str(entry["timestamp"])), reverse=True)
        found = [entry for entry in newest if _wanted(entry, call)]
        if call.one("ascending") == "yes":
            found.reverse()
        here = f"{call.path}/end"
        return Answer(json={"items": list(found[: int(limit)]), "paging": {"next": here, "previous": here}})

    def _look_up(self, call: Call) -> Answer:
        name = next((known for known in self._suppressed if known == call.at["list"]), None)
        if name is None:
            return Answer(status=404, json={"message": "Not found"})
        with self._lock:
            entry = self._suppressed[name].get(call.at["address"])
        if entry is None:
            return Answer(status=404, json={"message": f"Address not found in {name} table"})
        return Answer(json=entry)

    def _rfc2822(self) -> str:
        return self._now().strftime("%a, %d %b %Y %H:%M:%S UTC")


def _wanted(entry: Obj, call: Call) -> bool:
    message, variables = entry["message"], entry["user-variables"]
    headers = message["headers"] if isinstance(message, dict) else None
    fields = {
        "event": entry["event"],
        "recipient": entry["recipient"],
        "message-id": headers.get("message-id") if isinstance(headers, dict) else None,
    }
    if any(call.one(name) not in (None, value) for name, value in fields.items()):
        return False
    begin = call.one("begin")
    if begin is not None and float(str(entry["timestamp"])) < float(begin):
        return False
    tag = call.one("tags")
    if tag is not None and entry["tags"] != [tag]:
        return False
    wanted = call.one("user-variables")
    return wanted is None or (isinstance(variables, dict) and str(variables.get("invoice_id")) in wanted)


def _password(call: Call) -> bytes:
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).partition(b":")
    except binascii.Error:
        return b""
    return password if user == b"api" else b""
