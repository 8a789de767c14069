"""Stripe through its SDK: reads are GET by construction, writes carry an idempotency key, nothing is retried."""

from collections.abc import Mapping
from typing import cast

import requests
import stripe
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot.core.egress import mask
from bot.core.errors import CountersignError, Refused, TimedOut, Unavailable, Unknown
from bot.core.ports import Json

_WHAT = "stripe"
_LONGEST_REASON = 200
_OURS = frozenset(  # names the SDK takes for its own options instead of sending them
    {"api_key", "base", "content_type", "headers", "idempotency_key", "max_network_retries", "stripe_context"}
    | {"stripe_version", "usage"}
)


class _Stripe:
    """What both keys share. `url` is another server than Stripe's own, for a local one."""

    def __init__(
        self, key: str, *, version: str | None = None, url: str | None = None, ceiling: float | None = None
    ) -> None:
        self._key = key
        self._version = version
        self._url = (url or stripe.DEFAULT_API_BASE).rstrip("/")
        self._ceiling = ceiling

    def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, Json],
        *,
        session: requests.Session,
        timeout: float,
        **options: str,
    ) -> stripe.StripeResponse:
        taken = _OURS & params.keys()
        if taken or not path.startswith(("/v1/", "/v2/")):
            raise Refused(_WHAT, f"{', '.join(sorted(taken)) or 'the path'} is not part of Stripe's API")
        client = stripe.StripeClient(
            self._key,
            base_addresses={"api": self._url},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=timeout, session=session),
        )
        if self._version:
            options["stripe_version"] = self._version
        return cast(stripe.StripeResponse, client.raw_request(method, path, **params, **options))

    def _bounded(self, timeout: float) -> float:
        return min(timeout, self._ceiling) if self._ceiling else timeout


class StripeReader(_Stripe):
    """The StripeRead port. A parameter `stripe_account` asks on behalf of that connected account."""

    def __init__(
        self, key: str, *, version: str | None = None, url: str | None = None, ceiling: float | None = None
    ) -> None:
        super().__init__(key, version=version, url=url, ceiling=ceiling)
        self._session = requests.Session()

    def get(self, path: str, params: Mapping[str, Json], *, timeout: float) -> Json:
        """The object or list as JSON."""
        seconds = self._bounded(timeout)
        try:
            return cast(Json, self._ask("get", path, params, session=self._session, timeout=seconds).data)
        except stripe.StripeError as error:
            raise _unanswered(error, seconds) from error

    def close(self) -> None:
        self._session.close()


class StripeWriter(_Stripe):
    """The StripeWrite port."""

    def post(
        self, path: str, params: Mapping[str, Json], *, idempotency_key: str, timeout: float
    ) -> tuple[Json, str | None]:
        """Change one object, once; the object as it is now, and Stripe's request id.

        Raises Unknown when Stripe may have carried it out.
        """
        seconds = self._bounded(timeout)
        try:
            # A connection of its own: one that Stripe closed while it was idle would leave us not knowing.
            with requests.Session() as session:
                changed = self._ask(
                    "post", path, params, session=session, timeout=seconds, idempotency_key=idempotency_key
                )
        except stripe.StripeError as error:
            raise _undone(error, seconds) from error
        return cast(Json, changed.data), changed.request_id


def _unanswered(error: stripe.StripeError, seconds: float) -> CountersignError:
    match error:
        case stripe.APIConnectionError():
            return _unconnected(error, seconds)
        case stripe.RateLimitError():
            return Unavailable(_WHAT, "it limits our rate (429)")
    if _is_a_no(error):
        return Refused(_WHAT, _reason(error), status=error.http_status)
    return Unavailable(_WHAT, _reason(error))


def _undone(error: stripe.StripeError, seconds: float) -> CountersignError:
    match error:
        case stripe.APIConnectionError():
            why = _unconnected(error, seconds)
            return why if _never_sent(error) else Unknown(_WHAT, why.why)
        case stripe.RateLimitError():
            return Unavailable(_WHAT, "it limits our rate (429)")
    if _is_a_no(error) and error.http_status != 409:  # 409: a call with the same key is still being carried out
        return Refused(_WHAT, _reason(error), status=error.http_status)
    return Unknown(_WHAT, _reason(error))


def _is_a_no(error: stripe.StripeError) -> bool:
    return error.http_status is not None and 400 <= error.http_status < 500


def _unconnected(error: stripe.StripeError, seconds: float) -> Unavailable:
    if isinstance(error.__cause__, requests.Timeout):
        return TimedOut(_WHAT, seconds)
    return Unavailable(_WHAT, "no connection")


def _never_sent(error: stripe.StripeError) -> bool:
    """Whether not even a connection was made."""
    match error.__cause__:
        case requests.exceptions.ConnectTimeout() | requests.exceptions.SSLError():
            return True
        case requests.ConnectionError(args=(inner, *_)):
            return isinstance(getattr(inner, "reason", None), NewConnectionError | ConnectTimeoutError)
    return False


def _reason(error: stripe.StripeError) -> str:
    if error.json_body is None:
        return f"it answered {error.http_status} without JSON"
    said = mask(error.user_message or error.code or "")[:_LONGEST_REASON]
    number = f" (request {error.request_id})" if error.request_id else ""
    return f"it answered {error.http_status}{': ' + said if said else ''}{number}"
