"""Requests and incidents as the API, the console and the command line show them: the facts of the card, masked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from bot.core.evidence import Answer, Failure
from bot.engine.incident import State as Standing
from bot.engine.request import Request
from bot.slack import reading
from bot.slack.blocks.answer import grid
from bot.slack.card_views import CardView, Stage
from bot.slack.reading import ContentsOf
from bot.slack.request_view import card_view
from bot.slack.text import in_utc, plain
from bot.store import diagnoses, requests
from bot.store.tables import incidents as incident_rows
from bot.store.tables import requests as request_rows
from bot.web.console.shapes import GridShown, IncidentShown, RequestLine, RequestShown, TouchedShown, VoteShown

_ROWS = 20  # of a preview
_MOST = 200  # requests or incidents of one list


def open_incidents(conn: Connection) -> tuple[IncidentShown, ...]:
    """The incidents that fire, newest first."""
    rows = incident_rows.c
    query = select(incident_rows).where(rows.state == Standing.FIRING).order_by(rows.opened_at.desc(), rows.id)
    return tuple(
        IncidentShown(
            id=row.id,
            title=plain(row.title),
            system=row.system,
            severity=row.severity,
            state=row.state,
            started_at=row.started_at,
            acknowledged_by=row.acknowledged_by,
        )
        for row in conn.execute(query.limit(_MOST))
    )


def lines(conn: Connection, contents: ContentsOf, *, stage: Stage | None = None) -> tuple[RequestLine, ...]:
    """The latest requests, newest first; `stage` leaves only those that are as far as that."""
    rows = request_rows.c
    ids = conn.scalars(select(rows.id).order_by(rows.requested_at.desc(), rows.id).limit(_MOST)).all()
    found = [line(conn, request, contents) for id_ in ids if (request := requests.get(conn, id_)) is not None]
    return tuple(each for each in found if stage is None or each.stage is stage)


def request(
    conn: Connection,
    contents: ContentsOf,
    request_id: str,
    *,
    now: datetime | None = None,
    break_glass: bool = False,
) -> RequestShown | None:
    """One request with everything; None when there is none of this id.

    Without `now` nothing is offered that depends on how long something has taken; `break_glass` as installed.
    """
    found = requests.get(conn, request_id)
    if found is None:
        return None
    case = _case(conn, found, contents)
    view = card_view(conn, found, case, now, break_glass=break_glass)
    action = case.runbook.action(found.action) if case.runbook else None
    return RequestShown(
        **_line_of(found, view).model_dump(),
        title=plain(case.incident.title),
        about=_text(view.about),
        risk=view.risk,
        reason=_text(view.reason),
        inputs={plain(name): plain(value) for name, value in view.inputs},
        touches=_touched(view),
        preview=_preview(view),
        preview_rows=_rows(view),
        calls=_texts(view.calls),
        digest=view.digest,
        approvers=view.approvers,
        phrase=action.typed_phrase if action else None,
        votes=tuple(
            VoteShown(person=vote.person, is_approval=vote.is_approval, at=vote.at, reason=_text(vote.reason))
            for vote in view.votes
        ),
        note=_text(view.note),
        outcome=_text(view.outcome),
        verifies=_text(view.verifies),
        goal=_text(view.goal),
        undoes=_text(view.undoes),
        is_reversible=view.is_reversible,
        notices=_texts(_notices(view)),
        calmed=view.policy.calmed,
        progress=f"{view.progress.done} of {view.progress.total} calls" if view.progress else None,
        can_stop=view.can_stop,
        can_resume=view.can_resume,
        going_on=_going_on(view),
        can_settle=view.can_settle,
        can_break_glass=view.policy.may_break_glass,
        alone=view.policy.broken.person if view.policy.broken else None,
        reviewed_by=view.policy.broken.reviewer if view.policy.broken else None,
        undo=view.undo.action if view.undo else None,
    )


def line(conn: Connection, found: Request, contents: ContentsOf) -> RequestLine:
    """A request in a line."""
    return _line_of(found, card_view(conn, found, _case(conn, found, contents)))


def _line_of(found: Request, view: CardView) -> RequestLine:
    return RequestLine(
        id=found.id,
        incident_id=found.incident_id,
        system=found.system,
        label=plain(view.label),
        stage=view.stage,
        requester=found.requester,
        requested_at=found.requested_at,
        approvals=sum(vote.is_approval for vote in view.votes),
        needs=found.needs,
        expires_at=found.expires_at,
    )


def _case(conn: Connection, found: Request, contents: ContentsOf) -> reading.Case:
    latest = diagnoses.latest(conn, found.incident_id)
    return reading.case(conn, found.incident_id, contents, diagnosis=latest, content=found.content)


def _touched(view: CardView) -> TouchedShown | None:
    touched = view.touched
    if touched is None:
        return None
    return TouchedShown(
        count=touched.count,
        sample=_texts(touched.sample),
        details=_texts([f"{name} {value}" for name, value in touched.details]),
        sums=_texts(touched.sums),
        oldest=in_utc(touched.oldest) if touched.oldest else None,
        ahead=touched.ahead if touched.oldest else None,
        left_out=_texts(touched.left_out),
    )


def _notices(view: CardView) -> list[str]:
    notices = [f"{why}: one more approver" for why in view.policy.unusual]
    notices += [f"not now: {why}" for why in view.policy.warnings]
    if view.policy.calmed is not None:
        notices.append(f"the alert is {view.policy.calmed} by now: it may not be needed any more")
    if view.policy.is_alert_unknown:
        notices.append("whether somebody has silenced the alert is not known")
    if view.does_not_stop is not None:
        notices.append(f"it does not stop {view.does_not_stop}")
    return notices


def _going_on(view: CardView) -> str | None:
    asked = view.going_on
    if asked is None:
        return None
    without = f", without {', '.join(asked.passed)} that failed" if asked.passed else ""
    note = f" ({asked.note})" if asked.note else ""
    return plain(f"{asked.person} asked for it: {asked.reason}; {asked.left} left{without}; {asked.state}{note}")


def _preview(view: CardView) -> str | None:
    if isinstance(view.preview, Failure):
        return plain(f"no answer: {view.preview.message}")
    return _text(view.preview_says)


def _rows(view: CardView) -> GridShown | None:
    if not isinstance(view.preview, Answer) or not view.preview.table.columns:
        return None
    cells = grid(view.preview, rows=_ROWS)
    rows = tuple(tuple(piece.text for piece in row) for row in cells.rows)
    return GridShown(columns=cells.head, rows=rows, total=cells.total)


def _text(value: str | None) -> str | None:
    return None if value is None else plain(value)


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(plain(value) for value in values)
