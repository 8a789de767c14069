"""What people type: after the slash command, or after the bot's name in a thread."""

from bot.slack.commands.answering import Commands
from bot.slack.commands.said import Asked, Said

__all__ = ["Asked", "Commands", "Said"]
