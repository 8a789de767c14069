"""countersign requests: look at what waits for approval, and vote, when Slack is down."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.showing import desk, moment, request_lines, request_of
from bot.commands.telling import fail
from bot.slack.card_views import Stage
from bot.slack.card_words import stage_words

if TYPE_CHECKING:
    from bot.desk import Declined, Done
    from bot.engine.approval import Choice
    from bot.web.console import shapes

app = typer.Typer(help="Requests and votes, for when Slack is down.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="Id of the request, or how it begins.")]
As = Annotated[str, typer.Option("--as", help="Your Slack user id.", prompt="Your Slack user id")]
Code = Annotated[
    str,
    typer.Option(
        help="What your authenticator app shows now; asked for when not given.", prompt="Code", hide_input=True
    ),
]
Digest = Annotated[str | None, typer.Option(help="Of what you looked at, or how it begins; asked for when not given.")]
Phrase = Annotated[str | None, typer.Option(help="What a severe action wants typed.")]


@app.command("list")
def list_(every: Annotated[bool, typer.Option("--all", help="Those that are settled, too.")] = False) -> None:
    """What waits for approval, newest first."""
    from bot.web.console import shown  # noqa: PLC0415 - only what looks into the database needs the whole bot

    with desk() as at, at.database.read() as conn:
        lines = shown.lines(conn, at.contents, stage=None if every else Stage.OPEN)
    for each in lines:
        typer.echo(
            f"{each.id}  {each.system}  {each.label}  ({stage_words(each.stage)}; {each.approvals} of {each.needs} "
            f"approvals; asked by {each.requester}; expires {moment(each.expires_at)})"
        )
    if not lines:
        typer.echo("Nothing waits for approval.", err=True)


@app.command()
def show(
    request: Id, as_json: Annotated[bool, typer.Option("--json", help="As the JSON API answers.")] = False
) -> None:
    """One request, with all that a vote is for."""
    with desk() as at:
        found = request_of(at, request)
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(request_lines(found)))


@app.command()
def approve(
    request: Id,
    *,
    person: As,
    code: Code,
    digest: Digest = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    phrase: Phrase = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Although the alert has resolved, or is silenced.")] = False,
) -> None:
    """Approve exactly what `show` shows. Exit code 1 when the vote does not count."""
    choice = "approve_anyway" if anyway else "approve"
    _decide(request, person, code, digest=digest, choice=choice, reason=reason, phrase=phrase, done="Approved")


@app.command()
def deny(
    request: Id,
    *,
    person: As,
    code: Code,
    digest: Digest = None,
    reason: Annotated[str | None, typer.Option(help="Why not.")] = None,
) -> None:
    """End a request. Exit code 1 when that is not yours to do."""
    _decide(request, person, code, digest=digest, choice="deny", reason=reason, phrase=None, done="Denied")


@app.command("break-glass")
def break_glass(
    request: Id,
    *,
    person: As,
    code: Code,
    reason: Annotated[str, typer.Option(help="Why it cannot wait for somebody else.", prompt="Reason")],
    digest: Digest = None,
    phrase: Phrase = None,
) -> None:
    """Run it alone, where the action allows that: the channel is told, and somebody else reviews it."""
    _decide(request, person, code, digest=digest, choice="break_glass", reason=reason, phrase=phrase, done="It runs")


def _decide(
    request: str,
    person: str,
    code: str,
    *,
    digest: str | None,
    choice: str,
    reason: str | None,
    phrase: str | None,
    done: str,
) -> None:
    from bot.desk import outside  # noqa: PLC0415
    from bot.desk.outside import Caller, Door  # noqa: PLC0415
    from bot.engine.approval import Choice  # noqa: PLC0415

    with desk() as at:
        found = request_of(at, request)
        if found.digest is None:
            fail(f"it is {stage_words(found.stage)}: there is nothing to vote on", code=1)
        made = Choice(choice)
        _agree(found, found.digest, digest, made)
        caller = Caller(person=person, code=code, door=Door.CLI)
        done_by(
            outside.decide(
                at, caller, request_id=found.id, digest=found.digest, choice=made, reason=reason, typed=phrase
            )
        )
        typer.echo(f"{done}. It is now: {stage_words(request_of(at, found.id).stage)}.")


def _agree(found: "shapes.RequestShown", frozen: str, digest: str | None, choice: "Choice") -> None:
    """What is voted on is what somebody has looked at: a digest they name, or what they are shown now."""
    from bot.engine.approval import Choice  # noqa: PLC0415

    if digest is None:
        # What is asked about is what was read just now: between this look and the vote it cannot change unseen.
        typer.echo("\n".join(request_lines(found)))
        verb = {Choice.DENY: "Deny", Choice.BREAK_GLASS: "Run alone"}.get(choice, "Approve")
        typer.confirm(f"{verb} exactly this?", abort=True)
    elif len(digest) < 8 or not frozen.startswith(digest):
        fail("the digest is another one: look at the request again with countersign requests show", code=1)


def done_by(answer: "Done | Declined") -> "Done":
    """What was done; ends with exit code 1 and the reason when it was declined."""
    from bot.desk import Declined  # noqa: PLC0415

    if isinstance(answer, Declined):
        fail(answer.say, code=1)
    return answer
