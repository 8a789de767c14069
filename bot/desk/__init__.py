"""What people do: ask for an action, vote, deny, acknowledge, re-run; one transaction each, whoever carries it here."""

from bot.desk.answer import Cause, Declined, Done
from bot.desk.asking import ask
from bot.desk.desk import Desk
from bot.desk.voting import deny, vote
from bot.desk.watching import acknowledge, rerun

__all__ = ["Cause", "Declined", "Desk", "Done", "acknowledge", "ask", "deny", "rerun", "vote"]
