"""What may hold an action back at the last moment, asked in the transaction that claims it.

Whatever must stop our own actions belongs here: the claim commits only if every brake let go, and one that cannot be
read raises, which rolls the claim back. A switch is asked about again before each call.
"""

from sqlalchemy import Connection

from bot.engine.request import Request
from bot.store import switches


def stopped(conn: Connection, request: Request) -> str | None:
    """Why the bot must make no call for this request now; None when no switch stops it.

    The caller holds the audit's lock, so that no switch is engaged between this look and its commit.
    """
    by = switches.stopping_switch(conn, system=request.system, runbook=request.runbook, action=request.action)
    if by is None:
        return None
    return f"{by.name} has been stopped by {by.person} since {by.since:%Y-%m-%d %H:%M} UTC: {by.reason}"
