"""What a host's HTTP status means: an answer, a missing route, a refusal, or no trustworthy answer."""

import re
from collections.abc import Mapping

from bot.core.egress import mask
from bot.core.errors import ExpressionError, NotInstalled, Refused, Unavailable, Unknown
from bot.core.ports import HttpReply, Json
from bot.steps.projection import search

_LONGEST_REASON = 200
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+=-]{0,127}")


def reason(body: Json) -> str:
    """The host's own short reason, from `error` or `message` of its JSON; empty where it gives none."""
    found = body.get("error") or body.get("message") if isinstance(body, Mapping) else None
    if isinstance(found, Mapping):
        found = found.get("message") or found.get("code")
    return mask(found)[:_LONGEST_REASON] if isinstance(found, str) else ""


def shown_id(request_id: str | None) -> str | None:
    """A target's own number of a call, as it may be kept and shown; None when it is not one."""
    if request_id is None or not _REQUEST_ID.fullmatch(request_id):
        return None
    return request_id if mask(request_id) == request_id else None


def is_absent(reply: HttpReply, *, status: int, when: str | None) -> bool:
    """Whether the reply is the host's way to say that it has no such route."""
    if reply.status != status:
        return False
    if when is None:
        return True
    try:
        return search(when, reply.body) is True
    except ExpressionError:
        return False  # another kind of reply than the one described


def unanswered(what: str, reply: HttpReply) -> Refused | Unavailable:
    """A read's status that is no answer."""
    said = _said(reply)
    if reply.status >= 500 or reply.status == 429:
        return Unavailable(what, said)
    return Refused(what, said, status=reply.status)


def undone(what: str, reply: HttpReply) -> Refused | Unavailable | Unknown:
    """A write's status that is not the expected one: certainly not done, or not certain."""
    said = _said(reply)
    match reply.status:
        case 429:
            return Unavailable(what, said)
        case 408:
            return Unknown(what, said)
        case status if 300 <= status < 500:  # a redirect is not followed, so nothing was done
            return Refused(what, said, status=status)
    return Unknown(what, said)


def absent(what: str, path: str) -> NotInstalled:
    """The host has no such route; `path` is the template, without anybody's ids."""
    return NotInstalled(what, f"it has no route {path}")


def _said(reply: HttpReply) -> str:
    why = reason(reply.body)
    request_id = shown_id(reply.request_id)
    number = f" (request {request_id})" if request_id else ""
    return f"it answered {reply.status}{': ' + why if why else ''}{number}"
