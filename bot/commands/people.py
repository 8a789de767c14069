"""countersign people: who has an authenticator app."""

import getpass
import os
from typing import Annotated

import typer

from bot.commands.telling import fail, told
from bot.core.errors import BadInput

app = typer.Typer(help="Who may vote with one-time codes.", no_args_is_help=True)

Person = Annotated[str, typer.Argument(help="Slack user id, such as U0CHI.")]


@app.command("enroll")
def enroll(person: Person) -> None:
    """Enrol somebody, or anew: prints the otpauth URI for their authenticator app, once. What they had is void."""
    from bot.desk import Declined  # noqa: PLC0415
    from bot.desk.proving import enrol  # noqa: PLC0415
    from bot.parts import at_the_desk  # noqa: PLC0415 - only what looks into the database needs the whole bot

    with told(), at_the_desk() as desk:
        enrolled = enrol(desk, person=_user_id(person), by=_operator())
    if isinstance(enrolled, Declined):
        fail(enrolled.say)
    typer.echo(f"Show this to {person} alone: it holds their secret, and is not kept anywhere.", err=True)
    typer.echo(enrolled[1])


@app.command("list")
def list_() -> None:
    """Everybody who was enrolled, and how they stand."""
    from bot.parts import at_the_desk  # noqa: PLC0415
    from bot.store import enrolments, known  # noqa: PLC0415

    with told(), at_the_desk() as desk, desk.database.read() as conn:
        everyone, names, now = enrolments.everyone(conn), known.names(conn), desk.now()
    for each in everyone:
        state = "revoked" if each.revoked_at else "locked" if each.is_locked(now) else "enrolled"
        since = each.revoked_at or each.enrolled_at
        typer.echo(f"{each.person}\t{state} since {since:%Y-%m-%d %H:%M} UTC\t{names.get(each.person, '')}")
    if not everyone:
        typer.echo("Nobody is enrolled; see countersign people enroll.", err=True)


@app.command("revoke")
def revoke(person: Person) -> None:
    """End somebody's enrolment: no code of theirs is taken any more."""
    from bot.desk import Declined  # noqa: PLC0415
    from bot.desk.proving import revoke as end  # noqa: PLC0415
    from bot.parts import at_the_desk  # noqa: PLC0415

    with told(), at_the_desk() as desk:
        ended = end(desk, person=_user_id(person), by=_operator())
    if isinstance(ended, Declined):
        fail(ended.say, code=1)
    typer.echo(f"{person} is not enrolled any more.")


def _user_id(text: str) -> str:
    if text[:1] not in {"U", "W"} or not text.isascii() or not text.isalnum() or len(text) > 32:
        raise BadInput(f"{text!r} is not a Slack user id; write one such as U0CHI")
    return text


def _operator() -> str:
    """The account at this machine, for the audit."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
