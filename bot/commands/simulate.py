"""`countersign simulate` and `explain`: what would happen, and why. Nothing is asked of any real system."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.telling import fail, told

File = Annotated[
    Path | None,
    typer.Argument(help="A webhook body, one alert or event (JSON), a trial (YAML), or a folder of trials."),
]
Event = Annotated[str | None, typer.Option("--event", help="An ops event by name, dotted or as an Elixir tuple.")]
Rules = Annotated[Path, typer.Option(help="Folder of rules.")]
Runbooks = Annotated[Path, typer.Option(help="Folder of runbooks.")]


def simulate(
    file: File = None,
    event: Event = None,
    *,
    html: Annotated[Path | None, typer.Option("--html", help="Write the messages as a page here.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Write the cards of a trial's actions into its file; then read them.")
    ] = False,
    rules: Rules = Path("rules"),
    runbooks: Runbooks = Path("runbooks"),
) -> None:
    """Which rule, which runbook, what would be asked, and what Slack would show. Exit code 1 when a trial fails."""
    from bot.simulation.errand import simulated  # noqa: PLC0415 - only this command needs the messages

    with told():
        came = simulated(file=file, event=event, rules=rules, runbooks=runbooks, is_accepted=accept)
    typer.echo(came.text)
    if html is not None:
        _write(html, came.page)
    _end(came.findings)


def explain(
    file: File = None,
    event: Event = None,
    rules: Rules = Path("rules"),
    runbooks: Runbooks = Path("runbooks"),
) -> None:
    """Why each rule did or did not match, matcher by matcher. Exit code 1 when no rule takes it."""
    from bot.simulation.errand import explained  # noqa: PLC0415

    with told():
        came = explained(file=file, event=event, rules=rules, runbooks=runbooks)
    typer.echo(came.text)
    _end(came.findings)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    typer.echo(f"wrote {path}", err=True)


def _end(findings: tuple[str, ...]) -> None:
    for finding in findings:
        typer.echo(finding, err=True)
    if findings:
        raise typer.Exit(1)
