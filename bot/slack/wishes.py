"""What a person may ask for, and the form that asks them for the rest."""

from collections.abc import Callable

from sqlalchemy import Connection

from bot.core.errors import BadInput, ExpressionError
from bot.engine.request import needs, wants_reason
from bot.engine.runbook import Action, Input
from bot.slack import reading, words
from bot.slack.answer_views import AskView, Field
from bot.slack.reading import Case, Contents
from bot.steps.step import Scope
from bot.store import diagnoses, requests


def incident_of(conn: Connection, request_id: str) -> str:
    """The incident a request belongs to. Raises BadInput when there is no such request."""
    request = requests.get(conn, request_id)
    if request is None:
        raise BadInput(f"there is no request {request_id}")
    return request.incident_id


def subject(*, incident_id: str, action: str, original_id: str | None) -> str:
    """The ids that travel with a form."""
    return f"{incident_id}:{action}:{original_id or ''}"


def parts(ids: tuple[str, ...]) -> tuple[str, str, str | None]:
    """The incident, the action, and the request it takes back. Raises BadInput when these are not our ids."""
    if len(ids) != 3:
        raise BadInput("the form does not say what it is about")
    incident_id, action, original_id = ids
    return incident_id, action, original_id or None


def form(
    conn: Connection,
    contents: Callable[[str], Contents],
    *,
    incident_id: str,
    action_id: str,
    original_id: str | None,
) -> AskView | None:
    """What to ask before this action; None when it is not offered any more."""
    case = _case(conn, contents, incident_id=incident_id, original_id=original_id)
    action = case.runbook.action(action_id) if case.runbook else None
    if action is None or (original_id is None and action not in case.offered):
        return None
    return AskView(
        subject=subject(incident_id=incident_id, action=action_id, original_id=original_id),
        label=action.label,
        about=action.about,
        needs=needs(action.risk),
        wants_reason=wants_reason(action.risk),
        caution=_caution(case, action),
        fields=tuple(_field(name, each, case.scope) for name, each in action.inputs.items()),
    )


def requested(conn: Connection, contents: Callable[[str], Contents], request_id: str) -> Action | None:
    """A request's action; None when it is not in the files any more."""
    request = requests.get(conn, request_id)
    if request is None:
        return None
    case = reading.case(conn, request.incident_id, contents, diagnosis=None, content=request.content)
    return case.runbook.action(request.action) if case.runbook else None


def _case(conn: Connection, contents: Callable[[str], Contents], *, incident_id: str, original_id: str | None) -> Case:
    """By the files the button was made from: the original's, else the latest diagnosis's, else the incident's."""
    latest = diagnoses.latest(conn, incident_id)
    original = requests.get(conn, original_id) if original_id else None
    content = (original or latest or reading.incident(conn, incident_id)).content
    return reading.case(conn, incident_id, contents, diagnosis=latest, content=content)


def _caution(case: Case, action: Action) -> str | None:
    held = case.diagnosis.conclusions.held if case.diagnosis else ()
    return next((each.say for each in held if action.id in each.warn_against), None)


def _field(name: str, declared: Input, scope: Scope) -> Field:
    return Field(
        name=name,
        label=declared.label or words.label(name),
        kind=declared.type,
        value=_start(declared, scope),
        choices=declared.choices,
        is_optional=declared.optional,
    )


def _start(declared: Input, scope: Scope) -> str | None:
    """What the form starts with: from evidence, else the default; nothing where neither is there."""
    found: object = None
    if declared.source is not None:
        try:
            found = declared.source.value(scope)
        except ExpressionError:
            found = None  # that evidence is not there; the person types it
    if found is None or found == "":
        found = declared.default
    if isinstance(found, bool):
        return "yes" if found else "no"
    return None if found is None else str(found)
