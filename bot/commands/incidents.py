"""countersign incidents: what fires, and what may be done about it, when Slack is down."""

from typing import Annotated

import typer

from bot.commands.showing import desk, incident_lines, incident_of, moment

app = typer.Typer(help="Incidents that fire, for when Slack is down.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """What fires, newest first."""
    from bot.web.console import shown  # noqa: PLC0415 - only what looks into the database needs the whole bot

    with desk() as at, at.database.read() as conn:
        found = shown.open_incidents(conn)
    for each in found:
        taken = f"; taken by {each.acknowledged_by}" if each.acknowledged_by else ""
        typer.echo(f"{each.id}  {each.severity}  {each.system}  {each.title}  (since {moment(each.started_at)}{taken})")
    if not found:
        typer.echo("Nothing fires.", err=True)


@app.command()
def show(
    incident: Annotated[str, typer.Argument(help="Id of the incident, or how it begins.")],
    as_json: Annotated[bool, typer.Option("--json", help="As the JSON API answers.")] = False,
) -> None:
    """One incident: what was found, and which actions may be asked for, with their inputs."""
    with desk() as at:
        found = incident_of(at, incident)
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(incident_lines(found)))
