"""StripeMeter's checks before a route: the API key and whose tenant is asked for."""

import hmac
from uuid import UUID

from sandbox.world import keys
from sandbox.world.http import Answer, Call, Work

_OPEN = ("/health", "/docs", "/json", "/metrics")


def keyed(work: Work) -> Work:
    """401 without the right key, 403 for another tenant; a query value wins over one in the body."""

    def checked(call: Call) -> Answer:
        refusal = _key_refusal(call)
        if refusal is not None:
            return refusal
        tenant = call.one("tenantId") or call.json().get("tenantId")
        if tenant is not None and tenant != keys.STRIPEMETER_TENANT:
            return Answer(status=403, json={"error": "Mismatched tenantId"})
        return work(call)

    return checked


def unknown(call: Call) -> Answer:
    """Fastify's 404, word for word; the key is checked first."""
    if not call.path.startswith(_OPEN):
        refusal = _key_refusal(call)
        if refusal is not None:
            return refusal
    return not_found(call.method, call.path)


def not_found(method: str, path: str) -> Answer:
    """What an unknown route says."""
    return Answer(
        status=404, json={"message": f"Route {method}:{path} not found", "error": "Not Found", "statusCode": 404}
    )


def invalid(message: str) -> Answer:
    """What a schema violation says."""
    return Answer(status=400, json={"error": "Validation Error", "message": message, "details": []})


def tenant() -> UUID:
    """The one tenant of this installation."""
    return UUID(keys.STRIPEMETER_TENANT)


def _key_refusal(call: Call) -> Answer | None:
    given = call.headers.get("x-api-key") or call.headers.get("authorization", "").removeprefix("Bearer ")
    if not given:
        return Answer(status=401, json={"error": "Missing API key"})
    prefix, dot, secret = given.partition(".")
    if not (prefix and dot and secret):
        return Answer(status=401, json={"error": "Invalid API key format"})
    if not hmac.compare_digest(given.encode(), keys.STRIPEMETER_API_KEY.encode()):
        return Answer(status=401, json={"error": "Invalid API key"})
    return None
