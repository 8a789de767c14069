"""Another look at an open request right before somebody's vote on it counts."""

from bot.core.egress import mask
from bot.core.errors import CountersignError
from bot.desk import Found, Look
from bot.engine.request import Request, changes, changes_of_rest
from bot.jobs.means import Means
from bot.jobs.requests.case import open_case
from bot.jobs.requests.look import Looked, No, look
from bot.jobs.requests.standing import standing
from bot.store import executions

_TIMEOUT = 5.0  # seconds one look at the outside may take; somebody waits


def recheck(means: Means, request: Request) -> Look:
    """Implements `bot.desk.desk.LookAgain`."""
    alert = standing(means, request)
    try:
        with means.database.read() as conn:
            case, claimed = open_case(means, conn, request), executions.get(conn, request.id)
    except CountersignError as error:
        return Look(found=Found.UNREAD, alert=alert, say=mask(str(error)))
    looked = look(means, case, timeout=_TIMEOUT)
    match looked:
        case No(may_pass=True):
            return Look(found=Found.UNREAD, alert=alert, say=looked.note)
        case No():
            return Look(found=Found.IMPOSSIBLE, alert=alert, say=looked.note)
        case Looked():
            if request.targets is None:
                return Look(found=Found.SAME, alert=alert)
            if claimed is None:
                what = changes(request.targets, looked.targets, may_shrink=case.action.targets.may_shrink)
            else:
                what = changes_of_rest(request.targets, looked.targets, claimed=claimed.targets)
            return Look(found=Found.DIFFERENT if what else Found.SAME, alert=alert, say=mask(what or ""))
