"""From rows and files to the views of an incident's own messages."""

from collections.abc import Sequence

from sqlalchemy import Connection

from bot.core.egress import hiding
from bot.core.errors import ExpressionError
from bot.core.evidence import Answer, Failure
from bot.engine.alerts import Told
from bot.engine.checklist import Ticks, item_of
from bot.engine.incident import Incident, State
from bot.engine.origin import Origin
from bot.slack import reading
from bot.slack.card_views import Offer
from bot.slack.life_views import SilenceView
from bot.slack.links import Elsewhere, links
from bot.slack.reading import Case
from bot.slack.silence_view import silence_views
from bot.slack.switch_view import over
from bot.slack.switch_views import SwitchView
from bot.slack.text import unmarked
from bot.slack.views import AlertView, Asking, ChecklistView, Findings, Mood, RequestLine, RootView, StepView
from bot.store.diagnoses import Diagnosis

_NONE_DONE: Ticks = {}


def root_view(
    conn: Connection,
    case: Case,
    *,
    under_way: Diagnosis | None,
    requests: tuple[RequestLine, ...],
    can_silence: bool = False,
    elsewhere: Elsewhere = Elsewhere(),  # noqa: B008 - frozen
) -> RootView:
    """Everything the root message shows: `case` has the latest diagnosis that brought something.

    `under_way` is a later one that is still asked, or that could not ask.
    """
    incident = case.incident
    systems = {incident.system: case.system} if case.system else {}
    return composed(
        case,
        reading.alerts(conn, incident.id),
        under_way=under_way,
        requests=requests,
        silences=silence_views(conn, incident.id),
        can_silence=can_silence and _is_silenceable(incident),
        switches=over(conn, system=incident.system, runbook=incident.runbook, systems=systems),
        elsewhere=elsewhere,
    )


def composed(
    case: Case,
    alerts: Sequence[tuple[Told, bool]],
    *,
    under_way: Diagnosis | None = None,
    requests: tuple[RequestLine, ...] = (),
    silences: tuple[SilenceView, ...] = (),
    can_silence: bool = False,
    switches: tuple[SwitchView, ...] = (),
    elsewhere: Elsewhere = Elsewhere(),  # noqa: B008 - frozen
) -> RootView:
    """The same from values alone: alerts are each told with whether it fires."""
    incident = case.incident
    told = reading.told_apart([alert for alert, _ in alerts])
    is_doubted = incident.state is State.FIRING and bool(alerts) and not any(fires for _, fires in alerts)
    return RootView(
        incident_id=incident.id,
        system=case.system.title if case.system else incident.system,
        event=incident.event,
        title=case.runbook.title if case.runbook else incident.title,
        summary=_summary(case, alerts),
        severity=incident.severity,
        mood=mood(incident),
        started_at=incident.started_at,
        resolved_at=incident.resolved_at if incident.state is State.RESOLVED else None,
        acknowledged_by=incident.acknowledged_by,
        acknowledged_at=incident.acknowledged_at,
        origin=incident.origin,
        opened_by=incident.opened_by,
        closed_by=incident.closed_by,
        alerts=tuple(
            AlertView(
                says=told[alert.fingerprint],
                is_firing=fires,
                started_at=alert.starts_at,
                ended_at=None if fires else alert.ends_at,
            )
            for alert, fires in alerts
        ),
        truncated=incident.truncated,
        findings=_findings(case, under_way, requests),
        silences=silences,
        can_silence=can_silence and not is_doubted,
        switches=switches,
        requests=requests,
        offers=_offers(case),
        links=links(
            incident,
            [alert for alert, _ in alerts],
            guide=case.runbook.guide if case.runbook else None,
            grafana=elsewhere.grafana,
        ),
        reopenings=incident.reopenings,
        told_because=incident.told_because,
        is_doubted=is_doubted,
    )


def checklist_view(case: Case, ticks: Ticks = _NONE_DONE) -> ChecklistView | None:
    """What only a person can look at; None where the runbook has nothing of the kind."""
    runbook = case.runbook
    if runbook is None or not (runbook.points or runbook.guide):
        return None
    points = runbook.points
    items = points.steps if points else ()
    done = {number: ticks[item_of(step)] for number, step in enumerate(items, start=1) if item_of(step) in ticks}
    return ChecklistView(
        title=runbook.title,
        items=items,
        guide=runbook.guide,
        incident_id=case.incident.id if items else None,
        is_ordered=points is not None and points.ordered,
        done={number: StepView(person=each.person, at=each.at, skipped=each.skipped) for number, each in done.items()},
    )


def _is_silenceable(incident: Incident) -> bool:
    is_firing = incident.state is State.FIRING
    return is_firing and incident.origin is Origin.ALERTMANAGER and bool(incident.labels)


def mood(incident: Incident) -> Mood:
    """How it stands, for people."""
    if incident.state is State.RESOLVED:
        return Mood.RESOLVED
    return Mood.ACKNOWLEDGED if incident.acknowledged_by else Mood.FIRING


def _summary(case: Case, alerts: Sequence[tuple[Told, bool]]) -> str:
    """The runbook's sentence, or what the alerts say of themselves: all the same, or the first for all."""
    if case.runbook is not None and case.runbook.summary is not None:
        try:
            return case.runbook.summary.render(case.scope).strip()
        except ExpressionError:
            pass  # it names evidence that is not there yet: the alert's own words stand in
    annotations = case.incident.annotations
    said = annotations.get("summary") or annotations.get("description") or ""
    told = [alert for alert, _ in alerts]
    hide = hiding(case.incident.labels, *(alert.labels for alert in told))
    if said or len(told) < 2:
        return unmarked(hide(said))
    first = next((alert for alert, fires in alerts if fires), told[0])
    says = reading.sentence(first, hide)
    return f"{says}, and {len(told) - 1} more" if says else ""


def _findings(case: Case, under_way: Diagnosis | None, requests: Sequence[RequestLine]) -> Findings | None:
    asking, error = Asking.DONE, None
    if under_way is not None:
        error = under_way.error
        asking = Asking.FAILED if under_way.finished_at else Asking.RUNNING
    if case.diagnosis is None:
        return Findings(asking=asking, error=error) if under_way else None
    found, at = case.diagnosis.conclusions, case.diagnosis.finished_at
    return Findings(
        asking=asking,
        is_concluded=True,
        at=at,
        is_outdated=any(line.ran_at is not None and at is not None and line.ran_at > at for line in requests),
        held=tuple(each.say for each in found.held),
        warned=tuple(case.label(action) for action in found.warn_against),
        unjudged=tuple(f"{each.when} ({each.why})" for each in found.unjudged),
        unanswered=sum(_is_trouble(each) for each in case.diagnosis.evidence.values()),
        error=error,
    )


def _is_trouble(evidence: Answer | Failure) -> bool:
    """Whether a question should have had an answer: one that was not asked, for good reason, should not."""
    return isinstance(evidence, Failure) and not evidence.is_unneeded


def _offers(case: Case) -> tuple[Offer, ...]:
    """Suggested ones first, in the order they were suggested; the others as the file has them."""
    held = case.diagnosis.conclusions.held if case.diagnosis else ()
    suggested = case.diagnosis.conclusions.suggest if case.diagnosis else ()
    cautions = {action: each.say for each in held for action in each.warn_against}
    offers = [
        Offer(
            action=action.id,
            label=action.label,
            is_suggested=action.id in suggested,
            caution=cautions.get(action.id),
        )
        for action in case.offered
    ]
    rank = {action: at for at, action in enumerate(suggested)}
    return tuple(sorted(offers, key=lambda offer: rank.get(offer.action, len(rank))))
