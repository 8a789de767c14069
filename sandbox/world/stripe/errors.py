"""Stripe's error bodies and the statuses that go with them."""

# ruff: noqa: A002 - the parameters are Stripe's own words

from sandbox.world.http import Answer, Obj


def answer(status: int, *, type: str, message: str, **more: str | None) -> Answer:
    """An error as Stripe words it; None parts are left out."""
    error: Obj = {"type": type, "message": message}
    error |= {name: value for name, value in more.items() if value is not None}
    return Answer(status=status, json={"error": error})


def bad_key(shown: str) -> Answer:
    """401: no such key. The real API shows the key masked, as here."""
    if not shown:
        return answer(401, type="invalid_request_error", message="You did not provide an API key.")
    masked = f"{shown[:8]}{'*' * 12}{shown[-4:]}" if len(shown) > 12 else "*" * len(shown)
    return answer(401, type="invalid_request_error", message=f"Invalid API Key provided: {masked}")


def forbidden() -> Answer:
    """403: a restricted key without this permission."""
    message = "The provided key does not have the required permissions for this endpoint."
    return answer(403, type="invalid_request_error", message=message, code="more_permissions_required")


def missing(kind: str, id: str) -> Answer:
    """404: nothing of that kind by that id."""
    message = f"No such {kind}: '{id}'"
    return answer(404, type="invalid_request_error", message=message, code="resource_missing", param="id")


def unknown_url(method: str, path: str) -> Answer:
    """404: no such route."""
    return answer(404, type="invalid_request_error", message=f"Unrecognized request URL ({method}: {path}).")


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> Answer:
    """400: the request cannot be done as asked."""
    return answer(400, type="invalid_request_error", message=message, param=param, code=code)


def declined(charge: str) -> Answer:
    """402: the card said no."""
    return answer(
        402, type="card_error", message="Your card was declined.", code="card_declined",
        decline_code="insufficient_funds", charge=charge,
    )  # fmt: skip


def key_reused(key: str) -> Answer:
    """400: an idempotency key with other parameters."""
    message = (
        f"Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return answer(400, type="idempotency_error", message=message)


def key_in_use(key: str) -> Answer:
    """409: the first request with this key is still running."""
    message = f"There is currently another in-progress request using this Idempotent Key: {key}"
    return answer(409, type="idempotency_error", message=message, code="idempotency_key_in_use")


def at_the_door(status: int) -> Obj:
    """What the fault door answers in Stripe's name."""
    if status == 429:
        return {
            "error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Request rate limit exceeded."}
        }
    return {"error": {"type": "api_error", "message": "An unknown error occurred."}}
