"""What an answer to one person shows: lines of a list, and the form before an action."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenIncident:
    """An open incident, in a line; `place` is channel and timestamp of its root message."""

    id: str
    title: str
    system: str
    severity: str
    started_at: datetime
    acknowledged_by: str | None
    place: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRequest:
    """A request that waits for approval, in a line."""

    label: str
    title: str
    requester: str
    missing: int
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenReview:
    """Something that one person ran alone and nobody has reviewed, in a line."""

    label: str
    title: str
    person: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One thing that a form asks for; `value` is what it starts with."""

    name: str
    label: str
    kind: Literal["string", "integer", "duration", "choice", "flag", "time"]
    value: str | None = None
    choices: tuple[str, ...] = ()
    is_optional: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AskView:
    """The form before an action is asked for. `subject` comes back with what was typed."""

    subject: str
    label: str
    about: str | None
    needs: int
    wants_reason: bool
    caution: str | None = None
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SilenceForm:
    """The form before a silence: which alerts it covers, as label and value. `subject` comes back with it."""

    subject: str
    title: str
    matchers: tuple[tuple[str, str], ...]
