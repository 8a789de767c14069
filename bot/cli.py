"""The command line. Exit codes: 0 good, 1 findings, 2 wrong usage or configuration, 70 a bug."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot import __version__, logs
from bot.commands import deeds, doctor, incidents, people, requests, silence, simulate, switch
from bot.commands.telling import fail, told
from bot.core.egress import mask

if TYPE_CHECKING:
    from sqlalchemy import Connection

_BROKEN = 70  # neither findings nor wrong usage: a mistake of ours

log = logging.getLogger(__name__)
app = typer.Typer(
    help="Countersign: an ops bot for billing.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
audit = typer.Typer(help="The hash-chained record of everything.", no_args_is_help=True)
db = typer.Typer(help="The bot's own database.", no_args_is_help=True)
app.add_typer(audit, name="audit")
app.add_typer(db, name="db")
app.add_typer(incidents.app, name="incidents")
app.add_typer(requests.app, name="requests")
for deed in deeds.COMMANDS:
    requests.app.command()(deed)
app.add_typer(silence.app, name="silence")
app.add_typer(switch.app, name="switch")
app.add_typer(people.app, name="people")


app.command()(doctor.doctor)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def serve() -> None:
    """Run the bot, as the environment says (docs/settings.md)."""
    from bot.serving import serve as run  # noqa: PLC0415 - only this command needs the whole bot
    from bot.settings import Settings  # noqa: PLC0415

    with told():
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

    with told():
        play(folder, with_prometheus=not without_prometheus, say=typer.echo, stop=_stop_on_signals())


@app.command()
def check(
    rules: Annotated[Path, typer.Option(help="Folder of rules.")] = Path("rules"),
    runbooks: Annotated[Path, typer.Option(help="Folder of runbooks.")] = Path("runbooks"),
    alerts: Annotated[Path, typer.Option(help="Prometheus rules.")] = Path("alerts.yml"),
    dashboards: Annotated[Path, typer.Option(help="Folder of Grafana dashboards.")] = Path("grafana/dashboards"),
) -> None:
    """Check all content; print each finding as file:line: where: what."""
    from bot.adapters.files import check as findings_of  # noqa: PLC0415
    from bot.metrics.own import own_names  # noqa: PLC0415

    findings = findings_of(rules=rules, runbooks=runbooks, alerts=alerts, dashboards=dashboards, own=own_names())
    for finding in findings:
        typer.echo(str(finding))
    if findings:
        typer.echo(f"{len(findings)} finding{'s' if len(findings) > 1 else ''}", err=True)
        raise typer.Exit(1)


app.command()(simulate.simulate)
app.command()(simulate.explain)


@app.command()
def schema(kind: Annotated[Literal["rules", "runbook"], typer.Argument(help="Which file format.")]) -> None:
    """Print the JSON Schema of a file format, for editors."""
    from bot.engine.catalog import schema as schema_of  # noqa: PLC0415

    json.dump(schema_of(kind), sys.stdout, indent=2, sort_keys=True)
    typer.echo()


@audit.command()
def verify(
    checkpoint: Annotated[
        str | None, typer.Option(help="SEQ:HASH as the daily checkpoint shows it; finds entries cut off the end.")
    ] = None,
) -> None:
    """Look for an edited, removed, re-ordered or cut-off entry. Exit code 1 when there is one."""
    from bot.store import audit as entries  # noqa: PLC0415

    with _reading() as conn:
        noted = entries.Checkpoint.parse(checkpoint) if checkpoint else None
        verdict = entries.verify(conn, checkpoint=noted)
    typer.echo(verdict.sentence)
    for finding in verdict.findings:
        typer.echo(finding.sentence)
    if verdict.is_intact:
        if verdict.head and noted is None:
            typer.echo("Entries cut off the end are found with --checkpoint SEQ:HASH only; note this head elsewhere.")
        return
    typer.echo(
        "Keep the database as it is, take a copy, and compare these entries with a backup from before.", err=True
    )
    raise typer.Exit(1)


@audit.command("incidents")
def list_incidents(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
) -> None:
    """The incidents opened last, newest first, with the ids that export takes."""
    from bot.store import incidents  # noqa: PLC0415

    with _reading() as conn:
        found = incidents.latest(conn, limit)
    for each in found:
        typer.echo(f"{each.id}  {each.opened_at:%Y-%m-%d %H:%M}  {each.state:8}  {each.system}: {mask(each.title)}")


@audit.command()
def export(
    incident: Annotated[str, typer.Argument(help="Id of the incident.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the bundle here; - prints it.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write one self-contained page here.")] = None,
) -> None:
    """One incident with all that was found, decided and done: as JSON, as an HTML page, or both."""
    from bot.export.bundle import bundle  # noqa: PLC0415 - only this command needs them
    from bot.export.page import page  # noqa: PLC0415
    from bot.export.rows import gather  # noqa: PLC0415

    with _reading() as conn:
        document = bundle(gather(conn, incident))
    spelled = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if html_file is not None:
        _write(html_file, page(document))
    if json_file not in {None, Path("-")}:
        _write(json_file, spelled)
    if json_file == Path("-") or (json_file is None and html_file is None):
        typer.echo(spelled, nl=False)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    typer.echo(f"wrote {path}", err=True)


@contextmanager
def _reading() -> "Iterator[Connection]":
    """A read transaction of the bot's own database, which has its tables."""
    from bot.parts import open_database  # noqa: PLC0415 - only what looks into the database needs the whole bot
    from bot.settings import Settings  # noqa: PLC0415

    with told(), closing(open_database(Settings.read())) as database:
        if database.version() is None:
            fail("the database has no tables yet; see COUNTERSIGN_DATABASE_URL, or run countersign db upgrade")
        with database.read() as conn:
            yield conn


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema to this version."""
    from bot.parts import open_database  # noqa: PLC0415
    from bot.settings import Settings  # noqa: PLC0415

    with told():
        database = open_database(Settings.read())
        database.migrate()
        typer.echo(database.version())


@db.command("version")
def db_version() -> None:
    """Print the schema's version."""
    from bot.parts import open_database  # noqa: PLC0415
    from bot.settings import Settings  # noqa: PLC0415

    with told():
        typer.echo(open_database(Settings.read()).version() or "none: run countersign db upgrade")


def _stop_on_signals() -> threading.Event:
    """An event that Ctrl-C or a polite kill sets."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def main() -> None:
    """The entry point. A bug ends it with exit code 70 and its trace, masked."""
    logs.set_up(ours=logging.WARNING)
    try:
        app()
    except Exception:
        log.critical("program.broke", exc_info=True)
        sys.exit(_BROKEN)
