"""A silence of an incident's alerts: which alerts it covers, for how long, and how far it is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=7)
"""Whoever wants an alert gone for longer changes the rule."""

_ALWAYS = frozenset({"alertname", "system", "ops_event"})
"""Labels that say which alert it is: with them, what shares a group and is another matter stays loud."""

_OURS = "countersign"


class State(StrEnum):
    WANTED = "wanted"  # a person asked for it; whether Alertmanager has it is not known yet
    ACTIVE = "active"
    LIFTING = "lifting"  # a person wants it gone; whether it is, is not known yet
    OVER = "over"  # its time was up, or somebody ended it
    FAILED = "failed"  # Alertmanager refused it, or could not be reached before it would have ended


LIVE = frozenset({State.WANTED, State.ACTIVE, State.LIFTING})


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """One silence. `person` is a member of the workspace, or a name where it was made elsewhere (`is_ours` False)."""

    id: str
    incident_id: str
    state: State
    matchers: Mapping[str, str]  # label -> the very value
    person: str
    name: str
    reason: str
    asked_at: datetime
    ends_at: datetime
    number: str | None  # Alertmanager's own, once it is known
    is_ours: bool
    error: str | None
    ended_by: str | None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE


def matchers(
    labels: Mapping[str, str], *, group: Mapping[str, str] | None, split: Collection[str] = ()
) -> dict[str, str]:
    """What a silence of an incident matches: of the labels that all its alerts share, those that make its group.

    New alerts of the group are then silent too, and other alerts are not. Where the group's labels are not known, all
    that is shared is taken. Empty when nothing tells these alerts from any others.

    >>> matchers({"alertname": "Dead", "system": "ledger", "pod": "x-1"}, group={"alertname": "Dead"})
    {'alertname': 'Dead', 'system': 'ledger'}
    """
    told = {name: value for name, value in labels.items() if value}
    if not group:
        return dict(sorted(told.items()))
    wanted = {*group, *split, *_ALWAYS}
    return dict(sorted((name, value) for name, value in told.items() if name in wanted))


def mark(silence_id: str, incident_id: str) -> str:
    """What stands in its comment, by which it is found again before it is made once more."""
    return f"{_OURS} incident {incident_id} silence {silence_id}"


def comment(silence: Silence) -> str:
    """What Alertmanager's own page shows of it."""
    return f"{silence.reason or 'no reason given'} [{mark(silence.id, silence.incident_id)}]"


def is_of(comment: str, incident_id: str) -> bool:
    """Whether a silence of this comment was made here, for this incident."""
    return f"[{_OURS} incident {incident_id} silence " in comment


def created_by(silence: Silence) -> str:
    """Whom Alertmanager's own page names."""
    return f"{silence.name} ({silence.person})" if silence.name != silence.person else silence.person
