"""The command line. Exit codes: 0 good, 1 findings, 2 wrong usage or configuration."""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from bot import __version__
from bot.core.errors import CountersignError

app = typer.Typer(
    help="Countersign: an ops bot for billing.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)
audit = typer.Typer(help="The hash-chained record of everything.", no_args_is_help=True)
db = typer.Typer(help="The bot's own database.", no_args_is_help=True)
app.add_typer(audit, name="audit")
app.add_typer(db, name="db")


@contextmanager
def _told() -> Iterator[None]:
    """Errors a person can mend become one line and exit code 2; anything else is a bug and shows its trace."""
    try:
        yield
    except CountersignError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(f"countersign: {message}", err=True)
    raise typer.Exit(2)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def serve() -> None:
    """Run the bot, as the environment says (docs/settings.md)."""
    from bot.app import serve as run  # noqa: PLC0415 - only this command needs the whole bot
    from bot.settings import Settings  # noqa: PLC0415

    with _told():
        run(Settings.read())


@app.command()
def demo(
    without_prometheus: Annotated[
        bool, typer.Option("--without-prometheus", help="Post recorded webhooks instead of real alerts.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where it keeps its files; emptied first.")] = Path("var/demo"),
) -> None:
    """Everything embedded, nothing to configure: prints the URL of a local Slack-like workspace."""
    from bot.demo.run import demo as play  # noqa: PLC0415

    with _told():
        play(folder, with_prometheus=not without_prometheus, say=typer.echo, stop=_stop_on_signals())


@app.command()
def check(
    rules: Annotated[Path, typer.Option(help="Folder of rules.")] = Path("rules"),
    runbooks: Annotated[Path, typer.Option(help="Folder of runbooks.")] = Path("runbooks"),
    alerts: Annotated[Path, typer.Option(help="Prometheus rules.")] = Path("alerts.yml"),
) -> None:
    """Check all content; print each finding as file:line: where: what."""
    from bot.adapters.files import check as findings_of  # noqa: PLC0415

    findings = findings_of(rules=rules, runbooks=runbooks, alerts=alerts)
    for finding in findings:
        typer.echo(str(finding))
    if findings:
        typer.echo(f"{len(findings)} finding{'s' if len(findings) > 1 else ''}", err=True)
        raise typer.Exit(1)


@app.command()
def schema(kind: Annotated[Literal["rules", "runbook"], typer.Argument(help="Which file format.")]) -> None:
    """Print the JSON Schema of a file format, for editors."""
    from bot.engine.catalog import schema as schema_of  # noqa: PLC0415

    json.dump(schema_of(kind), sys.stdout, indent=2, sort_keys=True)
    typer.echo()


@audit.command()
def verify(
    checkpoint: Annotated[
        str | None, typer.Option(help="SEQ:HASH noted earlier; finds entries cut off the end.")
    ] = None,
) -> None:
    """Look for an edited, removed, re-ordered or cut-off entry."""
    from bot.app import open_database  # noqa: PLC0415
    from bot.settings import Settings  # noqa: PLC0415
    from bot.store import audit as entries  # noqa: PLC0415

    with _told(), open_database(Settings.read()).read() as conn:
        verdict = entries.verify(conn, checkpoint=entries.Checkpoint.parse(checkpoint) if checkpoint else None)
    typer.echo(verdict.sentence)
    if not verdict.is_intact:
        raise typer.Exit(1)


@audit.command()
def export(incident: Annotated[str, typer.Argument(help="Id of the incident.")]) -> None:
    """Print every entry of an incident as JSON."""
    from bot.app import open_database  # noqa: PLC0415
    from bot.settings import Settings  # noqa: PLC0415
    from bot.store import audit as entries  # noqa: PLC0415

    with _told(), open_database(Settings.read()).read() as conn:
        found = entries.export(conn, incident)
    if not found:
        _fail(f"no entries about incident {incident!r}")
    json.dump([entry.document() for entry in found], sys.stdout, indent=2)
    typer.echo()


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema to this version."""
    from bot.app import open_database  # noqa: PLC0415
    from bot.settings import Settings  # noqa: PLC0415

    with _told():
        database = open_database(Settings.read())
        database.migrate()
        typer.echo(database.version())


@db.command("version")
def db_version() -> None:
    """Print the schema's version."""
    from bot.app import open_database  # noqa: PLC0415
    from bot.settings import Settings  # noqa: PLC0415

    with _told():
        typer.echo(open_database(Settings.read()).version() or "none: run countersign db upgrade")


def _stop_on_signals() -> threading.Event:
    """An event that Ctrl-C or a polite kill sets."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def main() -> None:
    """The entry point."""
    app()
