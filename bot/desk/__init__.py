"""What people do: ask for an action, vote, deny, acknowledge, re-run; one transaction each, whoever carries it here."""

from bot.desk.answer import Cause, Declined, Done
from bot.desk.asking import ask
from bot.desk.desk import Desk, Found, Look
from bot.desk.opening import close, run
from bot.desk.resuming import resume
from bot.desk.reviewing import review
from bot.desk.settling import settle
from bot.desk.silencing import silence, unsilence
from bot.desk.stopping import stop
from bot.desk.switching import engage, release
from bot.desk.threads import open_thread
from bot.desk.ticking import Ticked, tick
from bot.desk.voting import break_glass, deny, vote
from bot.desk.watching import acknowledge, rerun

__all__ = [
    "Cause",
    "Declined",
    "Desk",
    "Done",
    "Found",
    "Look",
    "Ticked",
    "acknowledge",
    "ask",
    "break_glass",
    "close",
    "deny",
    "engage",
    "open_thread",
    "release",
    "rerun",
    "resume",
    "review",
    "run",
    "settle",
    "silence",
    "stop",
    "tick",
    "unsilence",
    "vote",
]
