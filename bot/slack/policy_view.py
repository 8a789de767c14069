"""From rows and files to what a card shows of its policy, and to the message about break-glass."""

from sqlalchemy import Connection

from bot.engine.incident import State as IncidentState
from bot.engine.request import Request, Standing, State
from bot.engine.runbook import Action
from bot.engine.system import System
from bot.slack.policy_views import Broken, BrokenView, PolicyView
from bot.slack.reading import Case
from bot.store import reviews


def policy_view(
    conn: Connection, request: Request, action: Action | None, case: Case, *, break_glass: bool
) -> PolicyView:
    """`break_glass` says whether this installation has it."""
    found = broken(conn, request, action, case.system)
    return policy_of(request, action, case, broken=found, break_glass=break_glass)


def policy_of(
    request: Request, action: Action | None, case: Case, *, broken: Broken | None = None, break_glass: bool
) -> PolicyView:
    """The same, of what the request and its files say."""
    is_open = request.state is State.OPEN
    preview = request.preview
    return PolicyView(
        wants_phrase=is_open and action is not None and action.typed_phrase is not None,
        calmed=_calmed(request, case) if is_open else None,
        is_alert_unknown=is_open and preview is not None and preview.alert is Standing.UNKNOWN,
        unusual=preview.unusual if preview and is_open else (),
        warnings=preview.warnings if preview and is_open else (),
        may_break_glass=is_open and break_glass and action is not None and action.break_glass and not request.is_large,
        broken=broken,
    )


def broken(conn: Connection, request: Request, action: Action | None, system: System | None) -> Broken | None:
    """Who ran it alone, and who reviewed that; None when nobody broke the glass."""
    vote = reviews.broken(conn, request.id)
    if vote is None:
        return None
    review = reviews.of(conn, request.id)
    return Broken(
        person=vote.person,
        at=vote.at,
        reason=vote.reason or "",
        asks=_approvers(action, system),
        reviewer=review.person if review else None,
        reviewed_at=review.at if review else None,
    )


def broken_view(conn: Connection, request: Request, case: Case) -> BrokenView | None:
    """The message in the channel; None when nobody broke the glass."""
    action = case.runbook.action(request.action) if case.runbook else None
    found = broken(conn, request, action, case.system)
    if found is None:
        return None
    return BrokenView(
        request_id=request.id,
        label=case.label(request.action),
        title=case.runbook.title if case.runbook else case.incident.title,
        risk=f"{action.risk} risk" if action else "unknown risk",
        broken=found,
    )


def _approvers(action: Action | None, system: System | None) -> tuple[str, ...]:
    if action is None or system is None:
        return ()
    groups = [system.approvers[name] for name in action.approve.by if name in system.approvers]
    ids = [each for group in groups for each in (*((group.usergroup,) if group.usergroup else ()), *group.users)]
    return tuple(dict.fromkeys(ids))


def _calmed(request: Request, case: Case) -> Standing | None:
    """How the alert stands, when whoever votes has to confirm that the action is wanted all the same."""
    then = request.preview.alert if request.preview else Standing.FIRING
    if case.incident.state is IncidentState.RESOLVED:
        return Standing.RESOLVED if then is not Standing.RESOLVED else None
    return request.alert if request.alert is Standing.SILENCED else None
