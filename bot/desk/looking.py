"""What another look at a request's targets and alert, right before a vote, may have against that vote."""

from sqlalchemy import Connection

from bot.desk.answer import Declined, declined
from bot.desk.bounds import held_back, held_back_again
from bot.desk.desk import Desk, Found, Look
from bot.desk.matter import Matter, end, supersede
from bot.desk.policy import Policy
from bot.engine.approval import Choice, Vote, Why, calmer
from bot.engine.incident import State as IncidentState
from bot.engine.request import Request, Standing, State
from bot.store import incidents, requests


def speaks_against(
    desk: Desk, conn: Connection, matter: Matter, *, cast: Vote, policy: Policy, look: Look
) -> Declined | None:
    """Why this vote cannot be taken as things stand now; a request that is not what it was is replaced, or ended."""
    match look.found:
        case Found.UNREAD:
            say = f"What it would touch cannot be read now: {look.say}. Try again in a minute."
            return Declined(why=Why.UNREADABLE, say=say)
        case Found.IMPOSSIBLE:
            end(desk, conn, matter, to=State.REFUSED, why=look.say, now=cast.at)
            return Declined(why=Why.NOT_POSSIBLE, say=f"It is not possible any more: {look.say}")
        case Found.DIFFERENT:
            supersede(desk, conn, matter, what=look.say, now=cast.at)
            say = f"Since this preview was made {look.say}. Nothing was approved; a new card shows what there is now."
            return Declined(why=Why.TARGETS_CHANGED, say=say)
        case Found.SAME:
            return _as_things_stand(desk, conn, matter, cast=cast, policy=policy, look=look)


def alert_of(conn: Connection, request: Request, told: Standing) -> Standing:
    """How its alert stands: resolved, if our own rows say so by now, else what was found before."""
    incident = incidents.get(conn, request.incident_id)
    return Standing.RESOLVED if incident and incident.state is IncidentState.RESOLVED else told


def _as_things_stand(
    desk: Desk, conn: Connection, matter: Matter, *, cast: Vote, policy: Policy, look: Look
) -> Declined | None:
    request = matter.request
    now = alert_of(conn, request, look.alert)
    why = calmer(request, now)
    if why is not None and cast.choice is Choice.APPROVE:
        requests.remember_alert(conn, request.id, now)
        desk.show.request(conn, request.id, cast.at)
        return declined(why)
    ids = request.targets.ids if request.targets else ()
    # What goes on was counted when it began; only its hours and its targets are looked at again.
    judge = held_back if matter.resumption is None else held_back_again
    held = judge(conn, request=request, system=policy.system, action=policy.action, ids=ids, now=cast.at)
    return Declined(why=held.why, say=f"Not now: {held.say}.") if held else None
