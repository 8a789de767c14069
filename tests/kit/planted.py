"""Private values of every kind, hosts that put them into all they say, and a search that sees through encodings."""

import html
import json
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote_plus

from tests.kit.host import body_of, say

PRIVATE: Mapping[str, str] = {
    "e-mail": "plantedjane@customer.example",
    "card": "4242 4242 4242 4242",
    "card number": "5555555555554444",
    "account": "DE89370400440532013000",
    "phone": "+49 30 901820 77",
    "key": "sk_live_51PlantedKey0Aa",
    "restricted key": "rk_test_51PlantedRestricted0Aa",
    "webhook secret": "whsec_PlantedHook0Aa",
    "slack token": "xoxb-1-planted-0-token",
    "jwt": "eyJhbGciPlanted.eyJzdWIiPlanted.PlantedSignature",
    "bearer": "Authorization: Bearer PlantedBearer0Aa99xx",
    "portal": "https://billing.stripe.com/p/session/live_PlantedSession",
    "link": "https://host.example/cb?token=PlantedQuery0",
    "login": "https://svc:PlantedLogin0@host.example/x",
    "client secret": "pi_3PlantedIntent_secret_PlantedClient",
    "dsn": "postgresql://bot:PlantedPw0@db.internal/app",
    "password": "password=PlantedPhrase0",
}
"""What may stand in any text, by kind."""

NAME = "Jana Plantova"
"""A person's name, which no text shows by itself: it is private where a label or field says that it is one."""

CORES = (
    "plantedjane", "4242 4242", "4242424242424242", "5555555555554444", "370400440532013000", "901820",
    "PlantedKey0Aa", "PlantedRestricted0Aa", "PlantedHook0Aa", "planted-0-token", "eyJhbGciPlanted", "PlantedBearer0",
    "PlantedSession", "PlantedQuery0", "PlantedLogin0", "PlantedClient", "PlantedPw0", "PlantedPhrase0",
    "Plantova", "PlantedEnv",
)  # fmt: skip
"""What gives each of them away, wherever it is found; `PlantedEnv` is in every secret of the bot's own environment."""

TEXT = " ; ".join(PRIVATE.values())


def leaks(text: str) -> list[str]:
    """The cores that this text holds, as it is or under HTML, URL or JSON escapes."""
    seen = {text, html.unescape(text), unquote_plus(text), text.replace("\\/", "/")}
    seen |= {each.encode().decode("unicode_escape", "replace") for each in {text} if "\\u" in each}
    return [core for core in CORES if any(core.casefold() in each.casefold() for each in seen)]


def answer(request: BaseHTTPRequestHandler) -> None:
    """The reply of every host at once: Prometheus, Stripe, and the ledger; each gives away what it can."""
    body_of(request)
    path = request.path.partition("?")[0]
    if path.startswith("/prometheus/"):
        _json(request, 200, _prometheus(path))
    elif path == "/v1/customers/cus_1Planted":
        _json(
            request, 200, {"id": "cus_1Planted", "object": "customer", "email": PRIVATE["e-mail"], "description": TEXT}
        )
    elif path.startswith("/v1/"):
        message = f"Invalid API Key provided: sk_test_PlantedEnvStripe; {TEXT}"
        _json(request, 401, {"error": {"type": "invalid_request_error", "message": message}})
    elif path in {"/state", "/items", "/dry-run"}:
        _json(request, 200, {"status": PRIVATE["e-mail"], "note": TEXT, "left": 1, "items": _ITEMS})
    elif path == "/lost":
        _json(request, 500, {"error": {"message": f"broke: {TEXT}"}})
    else:
        _json(request, 422, {"error": {"message": f"cannot: {TEXT}"}})


_ITEMS = [{"id": "ev_1", "note": TEXT}, {"id": "ev_2", "note": TEXT}]


def _prometheus(path: str) -> Mapping[str, Any]:
    labels = {"customer_name": NAME, "customer_email": PRIVATE["e-mail"], "key": PRIVATE["key"]}
    lines = [{**labels, "note": f"{TEXT} {number}"} for number in range(2)]
    now = int(time.time())
    if path.endswith("query_range"):
        lived = [{"metric": line, "values": [[now - 60, "1"], [now, "2"]]} for line in lines]
        return {"status": "success", "data": {"resultType": "matrix", "result": lived}}
    lives = [{"metric": line, "value": [now, "2"]} for line in lines]
    return {"status": "success", "data": {"resultType": "vector", "result": lives}}


def _json(request: BaseHTTPRequestHandler, status: int, body: object) -> None:
    say(request, status, json.dumps(body).encode(), Content_Type="application/json", X_Request_Id=PRIVATE["key"])


def event() -> bytes:
    """An event that a host sends, which gives away all it can."""
    private = {"note": TEXT, "customer_name": NAME, "customer_email": PRIVATE["e-mail"]}
    at = "2026-11-21T11:50:00Z"
    return json.dumps(
        {"event": "planted.ops.leak", "measurements": {"n": 1}, "metadata": private, "occurred_at": at}
    ).encode()


def notification() -> bytes:
    """An alert that gives away all it can, in every place that a webhook has."""
    labels: dict[str, str] = {"alertname": "Leak", "system": "planted", "severity": "critical", "note": TEXT}
    private = {"customer_name": NAME, "customer_email": PRIVATE["e-mail"], "session_token": "PlantedPhrase0"}
    annotations = {"summary": f"{NAME} did not pay: {TEXT}", "description": TEXT, "runbook": PRIVATE["link"]}
    told = {"f1": {**labels, **private}, "f2": {**labels, **private, "customer_name": f"{NAME} junior"}}
    alerts = [
        {
            "status": "firing",
            "labels": each,
            "annotations": {**annotations, "summary": f"{each['customer_name']} did not pay: {TEXT}"},
            "startsAt": "2026-11-21T11:50:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": f"https://svc:PlantedLogin0@prometheus.example/graph?g0.expr=x&token=PlantedQuery0&c={NAME}",
            "fingerprint": fingerprint,
        }
        for fingerprint, each in told.items()
    ]
    return json.dumps(
        {
            "version": "4",
            "receiver": f"bot {PRIVATE['key']}",
            "status": "firing",
            "groupKey": f'{{}}:{{note="{TEXT}"}}',
            "groupLabels": {"alertname": "Leak"},
            "commonLabels": {**labels, **private},
            "commonAnnotations": annotations,
            "externalURL": PRIVATE["login"],
            "truncatedAlerts": 0,
            "alerts": alerts,
        }
    ).encode()
