"""A host's HTTP API: does it answer, and does it take our credentials."""

from collections.abc import Iterable

from bot.adapters.http import HttpApi
from bot.core.ports import HttpCall
from bot.doctor.finding import Findings, broken, ok, warning

_SECONDS = 5.0


def host(api: HttpApi, paths: Iterable[str], *, where: str) -> Findings:
    """The first path that the runbooks ask for without a parameter, else the root. Raises one of our errors."""
    path = next(iter(paths), "/")
    reply = api.send(HttpCall(method="GET", path=path), timeout=_SECONDS)
    if reply.status in {401, 403}:
        yield broken(where, f"GET {path} answered {reply.status}: it does not take our credentials", "Mend its token")
    elif reply.status >= 500:
        yield warning(where, f"GET {path} answered {reply.status}", "It is up, and not well")
    elif reply.status == 404:
        yield ok(where, "it answers; the runbooks ask it for nothing without an id, so more cannot be said")
    else:
        yield ok(where, f"GET {path} answered {reply.status}")
