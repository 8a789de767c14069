"""An incident as the API, the console and the command line show it: what was found, and what may be asked for."""

from datetime import datetime
from typing import Literal

from pydantic import Field
from sqlalchemy import Connection

from bot.core.model import Frozen
from bot.slack import reading, wishes
from bot.slack.answer_views import AskView
from bot.slack.card_views import Offer
from bot.slack.incident_view import root_view
from bot.slack.life_views import Hush
from bot.slack.reading import ContentsOf
from bot.slack.request_view import request_lines
from bot.slack.text import plain
from bot.store import diagnoses, incidents, requests
from bot.web.console import shown_silences
from bot.web.console.shapes import RequestLine, RequestShown
from bot.web.console.shown import line
from bot.web.console.shown_silences import SilenceShown


class InputShown(Frozen):
    """One thing that an action asks for; `value` is what it is when nothing is said."""

    name: str
    label: str
    type: Literal["string", "integer", "duration", "choice", "flag"]
    value: str | None
    choices: tuple[str, ...]
    is_optional: bool


class OfferShown(Frozen):
    """An action that may be asked for now."""

    action: str
    label: str
    about: str | None
    is_suggested: bool
    caution: str | None = Field(description="what the runbook says against it now")
    needs: int = Field(description="how many approvals it takes, at least")
    wants_reason: bool
    inputs: tuple[InputShown, ...]


class IncidentDetail(Frozen):
    """One incident, with all that a person needs to ask for an action."""

    id: str
    event: str
    title: str
    summary: str
    system: str
    severity: str
    state: str
    started_at: datetime
    resolved_at: datetime | None
    acknowledged_by: str | None
    findings: tuple[str, ...] = Field(description="the conclusions that hold")
    unjudged: tuple[str, ...] = Field(description="what could not be judged, and why")
    silences: tuple[SilenceShown, ...] = Field(description="what Alertmanager keeps quiet of it")
    can_silence: bool = Field(description="whether it may be silenced now")
    can_unsilence: bool = Field(description="whether a silence made here may be lifted now")
    stopped: tuple[str, ...] = Field(description="switches that are engaged and concern it")
    offers: tuple[OfferShown, ...]
    requests: tuple[RequestLine, ...]


def incident(
    conn: Connection, contents: ContentsOf, incident_id: str, *, can_silence: bool = False
) -> IncidentDetail | None:
    """One incident with everything; None when there is none of this id. `can_silence`: an Alertmanager is known."""
    found = incidents.get(conn, incident_id)
    if found is None:
        return None
    latest = diagnoses.latest(conn, incident_id)
    content = (latest or found).content
    case = reading.case(conn, incident_id, contents, diagnosis=latest, content=content)
    view = root_view(conn, case, under_way=None, requests=request_lines(conn, case), can_silence=can_silence)
    quiet = shown_silences.of(conn, incident_id)
    offers = [(each, _form(conn, contents, incident_id, each.action)) for each in view.offers]
    return IncidentDetail(
        id=found.id,
        event=found.event,
        title=plain(view.title),
        summary=plain(view.summary),
        system=found.system,
        severity=found.severity,
        state=found.state,
        started_at=found.started_at,
        resolved_at=view.resolved_at,
        acknowledged_by=found.acknowledged_by,
        findings=tuple(plain(each) for each in view.findings.held) if view.findings else (),
        unjudged=tuple(plain(each) for each in view.findings.unjudged) if view.findings else (),
        silences=quiet,
        can_silence=view.can_silence and not any(each.is_ours and each.state is not Hush.FAILED for each in quiet),
        can_unsilence=any(each.is_ours and each.state in {Hush.WANTED, Hush.ACTIVE} for each in quiet),
        stopped=tuple(plain(each.title) for each in view.switches),
        offers=tuple(_offer(each, form) for each, form in offers if form is not None),
        requests=tuple(line(conn, each, contents) for each in requests.of_incident(conn, incident_id)),
    )


def undo(conn: Connection, contents: ContentsOf, request: RequestShown) -> OfferShown | None:
    """The action that takes an executed request back; None when it is not offered now."""
    if request.undo is None:
        return None
    form = _form(conn, contents, request.incident_id, request.undo, undoes=request.id)
    return _offer(Offer(action=request.undo, label=request.undo), form) if form else None


def _form(
    conn: Connection, contents: ContentsOf, incident_id: str, action: str, *, undoes: str | None = None
) -> AskView | None:
    return wishes.form(conn, contents, incident_id=incident_id, action_id=action, original_id=undoes)


def _offer(offer: Offer, form: AskView) -> OfferShown:
    return OfferShown(
        action=offer.action,
        label=plain(form.label),
        about=plain(form.about) if form.about else None,
        is_suggested=offer.is_suggested,
        caution=plain(form.caution) if form.caution else None,
        needs=form.needs,
        wants_reason=form.wants_reason,
        inputs=_inputs(form),
    )


def _inputs(form: AskView) -> tuple[InputShown, ...]:
    return tuple(
        InputShown(
            name=each.name,
            label=plain(each.label),
            type=each.kind,
            value=plain(each.value) if each.value is not None else None,
            choices=each.choices,
            is_optional=each.is_optional,
        )
        for each in form.fields
    )
