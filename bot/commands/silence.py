"""countersign silence: keep Alertmanager quiet about an incident for a while, when Slack is down."""

from typing import Annotated

import typer

from bot.commands.requests import As, Code, done_by
from bot.commands.showing import desk, incident_of, moment, silence_line
from bot.commands.telling import fail

app = typer.Typer(help="Silences in Alertmanager, for when Slack is down.", no_args_is_help=True)

Incident = Annotated[str, typer.Argument(help="Id of the incident, or how it begins (countersign incidents list).")]


@app.command("list")
def list_() -> None:
    """What is silent now, or is about to be; what ends soonest first."""
    from bot.web.console import shown_silences  # noqa: PLC0415 - only what looks into the database needs the whole bot

    with desk() as at, at.database.read() as conn:
        found = shown_silences.live(conn).silenced
    for each in found:
        for silence in each.silences:
            typer.echo(f"{each.incident_id}  {each.system}  {each.title}  ({silence_line(silence)})")
    if not found:
        typer.echo("Nothing is silenced.", err=True)


@app.command()
def make(
    incident: Incident,
    *,
    length: Annotated[str, typer.Option("--for", help="For how long: 30m, 2h, 1d; a minute to seven days.")],
    reason: Annotated[str | None, typer.Option(help="Why; it stands in Alertmanager and in the record.")] = None,
    person: As,
    code: Code,
) -> None:
    """Silence the alerts of an incident's group, also new ones. Exit code 1 when that is not yours to do."""
    from bot.core.quoting import duration  # noqa: PLC0415
    from bot.desk import outside  # noqa: PLC0415
    from bot.desk.outside import Caller, Door  # noqa: PLC0415

    try:
        wanted = duration(length)
    except ValueError as error:
        fail(f"--for: {error}")
    with desk() as at:
        found, caller = incident_of(at, incident), Caller(person=person, code=code, door=Door.CLI)
        done_by(outside.silence(at, caller, incident_id=found.id, length=wanted, reason=reason))
        typer.echo(f"Being silenced until {moment(at.now() + wanted)}: a running bot tells Alertmanager.")


@app.command()
def lift(incident: Incident, *, person: As, code: Code) -> None:
    """End a silence that was made here, before its time."""
    from bot.desk import outside  # noqa: PLC0415
    from bot.desk.outside import Caller, Door  # noqa: PLC0415

    with desk() as at:
        found, caller = incident_of(at, incident), Caller(person=person, code=code, door=Door.CLI)
        done_by(outside.unsilence(at, caller, incident_id=found.id))
        typer.echo("Being lifted: a running bot tells Alertmanager.")
