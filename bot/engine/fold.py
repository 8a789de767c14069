"""What a snapshot of a group makes of the group's incidents."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.event import Status
from bot.engine.alerts import Identity, Told, ended, firing, joined
from bot.engine.incident import REOPEN, Episode, Lead, Outcome, Snapshot, continued, opened
from bot.engine.ops_event import taken_over
from bot.engine.origin import Origin
from bot.engine.route import incident_key

LeadOf = Callable[[Told], Lead]
LastOf = Callable[[str], int]
Adopt = Callable[[str, Told, Lead], Episode | None]
"""An incident that events of a host opened, which this alert, under this key, takes over."""


def fold(
    episodes: Sequence[Episode],
    snapshot: Snapshot,
    *,
    lead_of: LeadOf,
    last_of: LastOf,
    new_id: Callable[[], str],
    now: datetime,
    adopt: Adopt = lambda _key, _told, _lead: None,
) -> list[Outcome]:
    """Tell the snapshot to the group's incidents; those it concerns are returned, changed or not.

    `episodes` holds at least the newest episode of each key that may still go on, and every one that has one of the
    snapshot's alerts. `last_of` gives the number of a key's last episode, 0 when there was none. An alert that an
    incident already has stays with it, whatever the rules say now: only so can it resolve there. At most one
    episode of a key is open, before and after.
    """
    standing = _Standing(episodes)
    touched: dict[int, _Draft] = {}
    for told in sorted(snapshot.told, key=_by_own_times):
        lead = lead_of(told)
        key = incident_key(snapshot.group, lead.route)
        draft = standing.holding(told) or standing.going_on(key, told)
        if draft is None:
            number = (standing.last_of(key) or last_of(key)) + 1
            before = adopt(key, told, lead)
            events = dict(taken_over(before.alerts)) if before else {}
            draft = standing.add(_Draft(key=key, number=number, lead=lead, before=before, alerts=events))
        standing.tell(draft, told)
        draft.severities.append(lead.route.severity)
        touched[id(draft)] = draft
    return [_outcome(draft, snapshot, new_id, now) for draft in touched.values()]


@dataclass(slots=True)
class _Draft:
    """An episode while alerts are told to it: one that was there `before`, or a new one under its `lead`."""

    key: str
    number: int
    before: Episode | None = None
    lead: Lead | None = None
    alerts: dict[Identity, Told] = field(default_factory=dict)
    severities: list[str] = field(default_factory=list)
    known_open: bool = False

    @property
    def is_open(self) -> bool:
        """Remembered, for a group may bring thousands of alerts and each asks."""
        if not self.known_open:
            self.known_open = bool(firing(self.alerts))
        return self.known_open


class _Standing:
    """The group's episodes: the newest of each key, and who holds which alert."""

    def __init__(self, episodes: Iterable[Episode]) -> None:
        self._newest: dict[str, _Draft] = {}
        self._holders: dict[Identity, list[_Draft]] = {}
        for episode in episodes:
            incident = episode.incident
            draft = _Draft(key=incident.key, number=incident.episode, before=episode, alerts=dict(episode.alerts))
            self.add(draft)
            for identity in draft.alerts:
                self._holders.setdefault(identity, []).append(draft)

    def add(self, draft: _Draft) -> _Draft:
        known = self._newest.get(draft.key)
        if known is None or known.number < draft.number:
            self._newest[draft.key] = draft
        return draft

    def last_of(self, key: str) -> int | None:
        """The number of the key's newest episode here."""
        newest = self._newest.get(key)
        return newest.number if newest else None

    def holding(self, told: Told) -> _Draft | None:
        """The newest episode that has this alert. One that is not its key's newest is history: it cannot go on."""
        for draft in sorted(self._holders.get(told.identity, ()), key=lambda each: -each.number):
            if self._newest[draft.key] is draft:
                return draft
            if not firing({**draft.alerts, told.identity: joined(draft.alerts[told.identity], told)}):
                return draft
        return None

    def going_on(self, key: str, told: Told) -> _Draft | None:
        """The newest episode of the key, if it is open or ended only just before this alert started."""
        newest = self._newest.get(key)
        if newest is None or newest.is_open or told.starts_at <= ended(newest.alerts) + REOPEN:
            return newest
        return None

    def tell(self, draft: _Draft, told: Told) -> None:
        known = draft.alerts.get(told.identity)
        if known is None:
            self._holders.setdefault(told.identity, []).append(draft)
        draft.alerts[told.identity] = joined(known, told) if known else told
        draft.known_open = draft.known_open and told.status is Status.FIRING


def _outcome(draft: _Draft, snapshot: Snapshot, new_id: Callable[[], str], now: datetime) -> Outcome:
    if draft.before is not None:
        after = continued(draft.before, draft.alerts, snapshot, severities=draft.severities, now=now)
        named = replace(after.incident, key=draft.key, episode=draft.number)
        if draft.key != draft.before.incident.key:
            named = replace(named, origin=Origin.ALERTMANAGER)  # its alert says from now on when it is over
        return Outcome(before=draft.before, after=replace(after, incident=named))
    assert draft.lead is not None
    after = opened(
        draft.alerts,
        snapshot,
        incident_id=new_id(),
        key=draft.key,
        number=draft.number,
        lead=draft.lead,
        severities=draft.severities,
        now=now,
    )
    return Outcome(before=None, after=after)


def _by_own_times(told: Told) -> tuple[datetime, bool]:
    """By start, and of equal ones what ended first: an end is known before the next start is judged by it."""
    return told.starts_at, told.ends_at is None
