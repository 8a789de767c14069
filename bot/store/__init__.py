"""The bot's own state: tables and one small module per aggregate, on SQLite or PostgreSQL."""
