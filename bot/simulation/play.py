"""Plays what comes in through rules and runbook, with written answers in place of real ones. Pure: nobody is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from bot.core.canonical import sha256
from bot.core.errors import BadInput, CountersignError
from bot.core.event import Status, ops_event
from bot.core.evidence import Evidence
from bot.engine.alerts import Told
from bot.engine.catalog import Catalog
from bot.engine.conclude import Conclusions, conclude
from bot.engine.diagnose import Subject, failure, seen, waits_for, withheld
from bot.engine.incident import Episode, Lead, Snapshot, opened
from bot.engine.opening import Opening, begun
from bot.engine.ops_event import kept
from bot.engine.options import with_options
from bot.engine.origin import Origin
from bot.engine.params import Params
from bot.engine.route import Route, group_digest, incident_key, route, route_event
from bot.engine.runbook import Question, Runbook
from bot.engine.system import System
from bot.simulation.recorder import asked as would_ask
from bot.simulation.trial import START, GivenAlert, GivenEvent, GivenWish, Trial
from bot.steps.step import Scope

Answering = Callable[[Question], Evidence]
"""What a question is answered; only those that are asked are looked up."""

FALLBACK = "#billing-oncall"
_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Played:
    """Everything that came of it. `queries` is what each question asked, in the order of asking."""

    episode: Episode
    route: Route | None
    system: System | None = None
    runbook: Runbook | None = None
    now: datetime
    queries: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    subject: Subject | None = None
    params: Params = field(default_factory=Params)
    scope: Scope = field(default_factory=dict)
    conclusions: Conclusions = field(default_factory=Conclusions)


def play(trial: Trial, catalog: Catalog, answering: Answering) -> Played:
    """Play one trial. Raises BadInput when what comes in cannot be read."""
    catalog = _with_options(catalog, trial)
    now = trial.now or _began(trial) + timedelta(minutes=1)
    if wish := trial.by_hand or trial.schedule:
        origin = Origin.BY_HAND if trial.by_hand else Origin.SCHEDULE
        episode, found = _wished(wish, origin, catalog, now), None
    else:
        episode, found = _told(trial, catalog, now)
    system, runbook = catalog.systems.get(episode.incident.system), catalog.runbooks.get(episode.incident.runbook)
    played = Played(episode=episode, route=found, system=system, runbook=runbook, now=now)
    if system is None or runbook is None:
        return played
    return _asked(played, system, runbook, answering)


def _began(trial: Trial) -> datetime:
    moments = [each.starts_at for each in trial.told] + ([trial.event.occurred_at] if trial.event else [])
    return min(moments, default=START)


def _with_options(catalog: Catalog, trial: Trial) -> Catalog:
    systems = {
        name: with_options(system, trial.options, why="the trial's options: does not say it")
        for name, system in catalog.systems.items()
    }
    return replace(catalog, systems=systems)


def _told(trial: Trial, catalog: Catalog, now: datetime) -> tuple[Episode, Route]:
    told = [_alert(each, now) for each in trial.told]
    found = route(told[0].labels, catalog.systems.values(), fallback=FALLBACK) if told else None
    metadata: Mapping[str, str] = {}
    if trial.event is not None:
        metadata, of_event = _event(trial.event, catalog)
        found = found or of_event
        if not told:
            told = [_as_told(trial.event, metadata)]
    assert found is not None  # something comes in
    runbook = catalog.runbooks.get(found.runbook)
    group = group_digest(source="simulation", receiver="simulation", group_key=found.rule)
    episode = opened(
        {each.identity: each for each in told},
        Snapshot(group=group, received_at=now, external_url="", truncated=0, told=tuple(told)),
        incident_id=_ID,
        key=incident_key(group, found),
        number=1,
        lead=Lead(route=found, content=catalog.revision, title=runbook.title if runbook else None),
        severities=[found.severity],
        now=now,
    )
    incident = episode.incident
    if trial.event is not None:
        origin = Origin.ALERTMANAGER if trial.told else Origin.OPS_EVENTS
        labels = {**metadata, **incident.labels}
        incident = replace(incident, origin=origin, labels=labels, metadata=metadata)
    return replace(episode, incident=incident), found


def _alert(given: GivenAlert, now: datetime) -> Told:
    return Told(
        fingerprint=sha256(given.labels)[:16],
        starts_at=given.starts_at,
        status=Status.FIRING,
        ends_at=None,
        seen_at=now,
        labels=given.labels,
        annotations=given.annotations,
        generator_url=f"https://prometheus.example/graph?g0.expr={quote(given.labels.get('alertname', ''))}",
    )


def _event(given: GivenEvent, catalog: Catalog) -> tuple[Mapping[str, str], Route]:
    try:
        event = ops_event(given.event)
    except ValueError as error:
        raise BadInput(str(error)) from None
    every = {name: str(value) for name, value in given.metadata.items() if value is not None}
    found = route_event(event, every, catalog.systems.values(), fallback=FALLBACK)
    return kept(every, runbook=catalog.runbooks.get(found.runbook), route=found), found


def _as_told(given: GivenEvent, metadata: Mapping[str, str]) -> Told:
    return Told(
        fingerprint=sha256([given.event, dict(metadata)])[:16],
        starts_at=given.occurred_at,
        status=Status.FIRING,
        ends_at=None,
        seen_at=given.occurred_at,
        labels=metadata,
        annotations={},
        generator_url="",
        source=Origin.OPS_EVENTS,
    )


def _wished(wish: GivenWish, origin: Origin, catalog: Catalog, now: datetime) -> Episode:
    opening = Opening(
        origin=origin,
        opened_by="U0SOMEBODY" if origin is Origin.BY_HAND else wish.runbook,
        runbook=wish.runbook,
        content=catalog.revision,
        seed=_ID,
        params=wish.params,
    )
    system, runbook = catalog.systems.get(opening.system), catalog.runbooks.get(wish.runbook)
    if system is None or runbook is None:
        raise BadInput(f"there is no runbook {wish.runbook}")
    return begun(opening, system=system, runbook=runbook, incident_id=_ID, now=now).after


def _asked(played: Played, system: System, runbook: Runbook, answering: Answering) -> Played:
    incident = played.episode.incident
    subject = Subject(
        id=incident.id,
        event=incident.event,
        system=incident.system,
        runbook=incident.runbook,
        severity=incident.severity,
        state=incident.state,
        starts_at=incident.started_at,
        opened_at=incident.opened_at,
        labels=incident.labels,
        annotations=incident.annotations,
        given={name: str(value) for name, value in incident.params.items()},
        metadata=incident.metadata,
    )
    evidence: dict[str, Evidence] = {}
    queries: dict[str, str] = {}
    waiting = {question.id: question for question in runbook.diagnose}
    ids = frozenset(waiting)
    while waiting:
        now = seen(subject, system=system, runbook=runbook, evidence=evidence)
        question = next(
            (each for each in waiting.values() if not waits_for(each, ids=ids, params=now.params) - evidence.keys()),
            None,
        )
        if question is None:
            raise BadInput(f"{', '.join(waiting)} wait for each other")
        del waiting[question.id]
        if why := withheld(question, now):
            evidence[question.id] = why
            continue
        try:
            queries[question.id] = would_ask(question, now.scope, played.now)
        except CountersignError as error:
            evidence[question.id] = failure(error, question=question, now=now)
            continue
        evidence[question.id] = answering(question)
    after = seen(subject, system=system, runbook=runbook, evidence=evidence)
    in_order = {question.id: evidence[question.id] for question in runbook.diagnose}
    return replace(
        played,
        queries=queries,
        evidence=in_order,
        subject=subject,
        params=after.params,
        scope=after.scope,
        conclusions=conclude(runbook.conclude, scope=after.scope, evidence=in_order),
    )
