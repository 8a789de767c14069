"""From rows and files to what a card shows of letting the rest of an ended execution go on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.desk.answer import Declined
from bot.desk.matter import Matter
from bot.desk.resuming import rest_now
from bot.engine.approval import Choice, Vote
from bot.engine.execution import DeedDone, Done, Execution
from bot.engine.request import Request
from bot.engine.resumption import Resumption, calls_left
from bot.engine.runbook import Action
from bot.slack.call_view import calls
from bot.slack.card_views import CardView, VoteView
from bot.slack.policy_view import policy_view
from bot.slack.policy_views import GoingOnView
from bot.slack.reading import Case
from bot.slack.touched_view import touched


def can_resume(
    conn: Connection, request: Request, action: Action | None, execution: Execution | None, now: datetime | None
) -> bool:
    """Whether somebody may ask for it now."""
    if action is None or execution is None or now is None:
        return False
    return not isinstance(rest_now(conn, request, action, now=now), Declined)


def with_resumption(
    view: CardView,
    conn: Connection,
    matter: Matter,
    *,
    request: Request,
    case: Case,
    execution: Execution,
    deeds: Sequence[DeedDone],
    whole: Sequence[Vote],
    votes: tuple[VoteView, ...],
) -> CardView:
    """The card with the latest resumption; while that waits, with what is left instead of the whole.

    `whole` are the votes on the request, and `votes` those on this.
    """
    resumption = matter.resumption
    assert resumption is not None  # the caller looked
    approvers = tuple(vote.person for vote in whole if vote.choice is not Choice.DENY)
    view = replace(view, going_on=going_on(resumption, deeds, approvers=approvers))
    if not resumption.is_pending:
        return replace(view, votes=(*view.votes, *votes))
    asked, action = matter.request, case.runbook.action(request.action) if case.runbook else None
    left = calls_left(execution, action, deeds) if action else ()
    return replace(
        view,
        votes=votes,
        touched=touched(asked, action),
        preview_says=None,  # it was of the whole
        preview=None,
        calls=calls(action, request, case.scope, system=case.system, left=left) if action else (),
        digest=asked.digest,
        needs=asked.needs,
        expires_at=asked.expires_at,
        settled_at=asked.settled_at,
        note=asked.note,
        policy=policy_view(conn, asked, action, case, break_glass=False),
    )


def going_on(resumption: Resumption, deeds: Sequence[DeedDone], *, approvers: tuple[str, ...] = ()) -> GoingOnView:
    """`approvers` approved the whole, before."""
    return GoingOnView(
        state=resumption.state,
        person=resumption.person,
        at=resumption.asked_at,
        reason=resumption.reason,
        left=len(resumption.targets.ids),
        done=sum(deed.state is Done.SUCCEEDED for deed in deeds),
        passed=tuple(deed.target for deed in deeds if deed.state in {Done.FAILED, Done.PASSED} and deed.target),
        settled_at=resumption.settled_at,
        note=resumption.note,
        approvers=approvers,
    )
