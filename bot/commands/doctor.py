"""countersign doctor: one line for each thing that was looked at, and exit code 1 when something will not work."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from bot.commands.telling import told


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of findings for programs.")] = False,
    everything: Annotated[bool, typer.Option("--all/--trouble", help="What is well too, or trouble only.")] = True,
) -> None:
    """Ask every configured real system for its health, permissions and versions; say what will not work."""
    import os  # noqa: PLC0415 - only this command needs the whole bot

    from bot.doctor.examine import examine  # noqa: PLC0415
    from bot.doctor.finding import Level  # noqa: PLC0415
    from bot.parts import now  # noqa: PLC0415
    from bot.settings import Settings  # noqa: PLC0415

    with told():
        findings = examine(Settings.read(), os.environ, now=now())
    trouble = {Level.WARNING, Level.BROKEN}
    shown = [each for each in findings if everything or each.level in trouble]
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in shown], indent=2, ensure_ascii=False))
    else:
        for each in shown:
            typer.echo(each.line)
    count = sum(each.level is Level.BROKEN for each in findings)
    if count:
        typer.echo(f"{count} thing{'s' if count > 1 else ''} will not work", err=True)
        raise typer.Exit(1)
