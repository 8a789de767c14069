"""Incidents that no alert opened: a person or the clock runs a runbook, and a person, or calm, closes it. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.canonical import sha256
from bot.core.event import Status
from bot.core.expression import Expression
from bot.engine.alerts import Told
from bot.engine.conclude import Conclusions
from bot.engine.incident import Episode, Lead, Outcome, Snapshot, State, opened
from bot.engine.origin import Origin
from bot.engine.reading import did_you_mean
from bot.engine.route import Route, group_digest, incident_key
from bot.engine.runbook import Runbook
from bot.engine.system import System

_SEVERITY = "info"


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """Somebody's wish to run a runbook. Two with one `seed` are the same wish; `content` is the files' revision."""

    origin: Origin
    opened_by: str
    runbook: str
    content: str
    seed: str
    params: Mapping[str, str] = field(default_factory=dict)
    channel: str | None = None

    @property
    def system(self) -> str:
        return self.runbook.partition("/")[0]


def begun(opening: Opening, *, system: System, runbook: Runbook, incident_id: str, now: datetime) -> Outcome:
    """The incident that this opens."""
    route = Route(
        system=system.system,
        event=_event(opening, system),
        rule=f"{system.system}/{opening.origin}/{opening.runbook}",
        runbook=opening.runbook,
        channel=opening.channel or system.channel,
        severity=_SEVERITY,
    )
    told = Told(
        fingerprint=sha256([opening.origin, opening.seed])[:16],
        starts_at=now,
        status=Status.FIRING,
        ends_at=None,
        seen_at=now,
        labels={"system": system.system},
        annotations={},
        generator_url="",
        source=opening.origin,
    )
    group = key_group(opening)
    episode = opened(
        {told.identity: told},
        Snapshot(group=group, received_at=now, external_url="", truncated=0, told=(told,)),
        incident_id=incident_id,
        key=incident_key(group, route),
        number=1,
        lead=Lead(route=route, content=opening.content, title=runbook.title),
        severities=[_SEVERITY],
        now=now,
    )
    incident = replace(
        episode.incident, origin=opening.origin, opened_by=opening.opened_by, params=dict(opening.params)
    )
    return Outcome(before=None, after=replace(episode, incident=incident))


def key_group(opening: Opening) -> str:
    """The first half of its incident's key."""
    return group_digest(source=opening.origin, receiver=opening.runbook, group_key=opening.seed)


def ended(episode: Episode, *, by: str, now: datetime) -> Outcome:
    """The incident once somebody has closed it."""
    alerts = {
        identity: each if each.ends_at else replace(each, status=Status.RESOLVED, ends_at=max(now, each.starts_at))
        for identity, each in episode.alerts.items()
    }
    incident = replace(episode.incident, state=State.RESOLVED, resolved_at=now, changed_at=now, closed_by=by)
    return Outcome(before=episode, after=Episode(incident=incident, alerts=alerts))


def is_calm(conclusions: Conclusions, *, failed: int) -> bool:
    """Whether a digest found nothing to look at: only good news holds, and everything could be asked and judged."""
    return not failed and not conclusions.unjudged and all(held.good for held in conclusions.held)


def wrong(runbook: Runbook, params: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with given parameters, a sentence each."""
    for name, value in params.items():
        declared = runbook.params.get(name)
        if declared is None:
            yield f"there is no parameter {name}{did_you_mean(name, runbook.params)}"
        elif not re.fullmatch(declared.pattern, value):
            yield f"{name} must match {declared.pattern}"
    for name in missing(runbook, params):
        about = runbook.params[name].about
        yield f"{name} is missing ({about})" if about else f"{name} is missing"


def missing(runbook: Runbook, params: Mapping[str, str]) -> list[str]:
    """The parameters that a person has to give: nothing but a label or an event's metadata would bring them."""
    return [
        name
        for name, declared in runbook.params.items()
        if name not in params and declared.default is None and _only_told(declared.source)
    ]


def _only_told(source: Expression | None) -> bool:
    return source is None or source.names <= {"labels", "annotations", "metadata"}


def _event(opening: Opening, system: System) -> str:
    """What its rule is for, so that it stands among incidents of its kind."""
    named = (rule.event for rule in system.rules if rule.runbook == opening.runbook and not rule.event.endswith("*"))
    word = opening.runbook.partition("/")[2].replace("-", "_")
    return next(named, f"{system.system}.{word}")
