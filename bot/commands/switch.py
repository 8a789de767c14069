"""countersign switch: what is stopped, and stopping the bot, whether or not it or Slack runs."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.telling import fail, told

if TYPE_CHECKING:
    from bot.commands.switchboard import Switchboard

app = typer.Typer(help="Kill switches: what is stopped, and stopping the bot.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; it is shown to everybody and kept.")]


@app.command("list")
def list_() -> None:
    """Every switch: who engaged it and why, and what it does not stop."""
    with _switchboard() as board:
        for line in board.lines():
            typer.echo(line)


@app.command()
def engage(
    name: Annotated[str, typer.Argument(help="bot, bot:SYSTEM, or bot:SYSTEM/RUNBOOK/ACTION.")],
    reason: Reason,
    ttl: Annotated[str, typer.Option("--for", help="When to remind of it: 30m, 2h, 1d.")] = "4h",
) -> None:
    """Stop the bot's own actions, from this moment on. Needs nothing but its database."""
    with _switchboard() as board:
        typer.echo(board.engage(name, reason=reason, ttl=ttl))


@app.command()
def release(name: Annotated[str, typer.Argument(help="As `switch list` shows it.")], reason: Reason) -> None:
    """Let the bot act again."""
    with _switchboard() as board:
        typer.echo(board.release(name, reason=reason))


@contextmanager
def _switchboard() -> "Iterator[Switchboard]":
    from bot.commands.switchboard import Switchboard  # noqa: PLC0415
    from bot.parts import open_database  # noqa: PLC0415 - only what looks into the database needs the whole bot
    from bot.settings import Settings  # noqa: PLC0415

    with told(), closing(open_database(Settings.read())) as database:
        if database.version() is None:
            fail("the database has no tables yet; see COUNTERSIGN_DATABASE_URL, or run countersign db upgrade")
        yield Switchboard(database)
