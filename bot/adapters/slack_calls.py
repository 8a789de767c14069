"""One call of Slack's Web API: watched, never repeated by itself, and its errors translated once."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from http.client import HTTPException
from typing import Any, Protocol
from urllib.error import HTTPError, URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.core.errors import Refused, Unavailable, Unknown

_TIMEOUT = 10  # seconds
_THROTTLED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
# Errors after which nobody can say whether the call had its effect.
_UNCERTAIN = frozenset(
    {"fatal_error", "internal_error", "no_json", "request_timeout", "service_unavailable", "team_added_to_org"}
)


class Throttled(Unavailable):
    """Slack asks for a pause of one method: it did nothing, and will do nothing before `pause` has passed."""

    def __init__(self, pause: timedelta, *, method: str = "", word: str = "ratelimited") -> None:
        self.pause = pause
        self.method = method
        self.word = word
        super().__init__("slack", f"{word}: a pause of {int(pause.total_seconds())} s")


class Unanswered(Unknown):
    """No answer came at all: Slack may still be at it, and the effect may come later than we stopped waiting."""


class Denied(Refused):
    """Slack's no to one method; `scope` is the one that was missing, where that is why."""

    def __init__(self, word: str, *, status: int, method: str, scope: str | None) -> None:
        self.method = method
        self.scope = scope
        super().__init__("slack", word, status=status)


class Watch(Protocol):
    """Is told of every call: its method, and `ok`, Slack's word for what went wrong, or `no_answer`."""

    def __call__(self, method: str, outcome: str) -> None: ...


_made: ContextVar[list[str] | None] = ContextVar("calls_made", default=None)


@contextmanager
def calls_made() -> Iterator[list[str]]:
    """The methods called from this thread until the block ends, one by one: an upload, say, is more than one."""
    made: list[str] = []
    token = _made.set(made)
    try:
        yield made
    finally:
        _made.reset(token)


class _Watched(WebClient):
    """Every method of the SDK, those that its uploads make included, goes through this one call."""

    watch: Watch | None = None

    def api_call(self, api_method: str, **given: Any) -> SlackResponse:
        outcome = "no_answer"
        if (made := _made.get()) is not None:
            made.append(api_method)
        try:
            answer = super().api_call(api_method, **given)
        except SlackApiError as error:
            outcome = _word(error)
            raise
        else:
            outcome = "ok"
            return answer
        finally:
            if self.watch is not None:
                self.watch(api_method, outcome)


def web_client(*, token: str, base_url: str, timeout: int = _TIMEOUT, watch: Watch | None = None) -> WebClient:
    """A client that never repeats a call by itself: a message posted twice stays posted twice.

    `timeout` is in seconds. What a person waits for (the directory, a modal) has 3 s in all: give it 2.
    """
    quiet = logging.getLogger("bot.adapters.slack.sdk")
    quiet.setLevel(logging.CRITICAL)  # the SDK logs whole bodies of failed calls
    client = _Watched(token=token, base_url=base_url, timeout=timeout, retry_handlers=[], logger=quiet)
    client.watch = watch
    return client


@contextmanager
def translated() -> Iterator[None]:
    """Turns the SDK's and the network's errors into ours; see `Slack` for which."""
    try:
        yield
    except SlackApiError as error:
        raise _said_no(error) from error
    except SlackClientError as error:
        # The SDK's own complaints, such as an upload address that did not take the bytes.
        raise Unavailable("slack", str(error)[:200]) from error
    except HTTPError as error:
        raise Unknown("slack", f"HTTP {error.code}") from error
    except URLError as error:
        raise _not_reached(error.reason) from error
    except (OSError, HTTPException, ValueError) as error:
        raise _not_reached(error) from error


def _said_no(error: SlackApiError) -> Exception:
    status, word = int(error.response.status_code), _word(error)
    method = str(getattr(error.response, "api_url", "")).rpartition("/")[2]
    if status == 429 or word in _THROTTLED:
        return Throttled(timedelta(seconds=_retry_after(error)), method=method, word=word)
    if status >= 500 or word in _UNCERTAIN:
        return Unknown("slack", word if status < 500 else f"HTTP {status}")
    scope = error.response.get("needed")
    return Denied(word, status=status, method=method, scope=str(scope) if scope else None)


def _word(error: SlackApiError) -> str:
    """Slack's own word for what went wrong, or the status where it had none."""
    status = int(error.response.status_code)
    word = str(error.response.get("error", ""))
    if status >= 500 or word.startswith("Received a response"):  # the SDK's sentence about what is no JSON
        return "no_json" if status < 400 else f"http_{status}"
    return word[:80] or ("ratelimited" if status == 429 else f"http_{status}")


def _retry_after(error: SlackApiError) -> float:
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    value = headers.get("retry-after", "30")
    value = value[0] if isinstance(value, list) else value
    return max(1.0, float(value)) if str(value).replace(".", "", 1).isdigit() else 30.0


def _not_reached(reason: object) -> Exception:
    """No connection means nothing was sent; anything later may have arrived."""
    if isinstance(reason, ConnectionRefusedError) or type(reason).__name__ == "gaierror":
        return Unavailable("slack", "cannot be reached")
    return Unanswered("slack", type(reason).__name__)
