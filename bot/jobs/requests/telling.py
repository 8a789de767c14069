"""What the bot does on its own goes into the audit and onto the card, just as what people do."""

from bot.desk.telling import end, note, tell

__all__ = ["end", "note", "tell"]
