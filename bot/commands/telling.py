"""How a command ends: an error that a person can mend is one line and exit code 2."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from bot.core.egress import mask
from bot.core.errors import CountersignError


@contextmanager
def told() -> Iterator[None]:
    """Errors a person can mend become one line and exit code 2; anything else is a bug (see `bot.cli.main`)."""
    try:
        yield
    except CountersignError as error:
        fail(str(error))


def fail(message: str, *, code: int = 2) -> NoReturn:
    """Say why on standard error, and end."""
    typer.echo(f"countersign: {mask(message)}", err=True)
    raise typer.Exit(code)
