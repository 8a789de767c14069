"""Expires a request that got no answer in time."""

from bot.engine.request import State
from bot.jobs.means import Means
from bot.jobs.requests.telling import end
from bot.store import requests


def expire(means: Means, request_id: str) -> None:
    """End the request if it is still open past its time."""
    now = means.now()
    with means.database.begin() as conn:
        request = requests.locked(conn, request_id)
        if request is None or request.state is not State.OPEN or not request.has_expired(now):
            return
        end(means, conn, request, to=State.EXPIRED, why="nobody decided in time", now=now)
