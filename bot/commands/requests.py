"""countersign requests: look at what waits for approval, and vote, when Slack is down."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.telling import fail, told
from bot.slack.card_words import stage_words
from bot.slack.views import Stage

if TYPE_CHECKING:
    from bot.web.console import shown

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


@app.command("list")
def list_(every: Annotated[bool, typer.Option("--all", help="Those that are settled, too.")] = False) -> None:
    """What waits for approval, newest first."""
    from bot.parts import at_the_desk  # noqa: PLC0415 - only what looks into the database needs the whole bot
    from bot.web.console import shown  # noqa: PLC0415

    with told(), at_the_desk() as desk, desk.database.read() as conn:
        lines = shown.lines(conn, desk.contents, stage=None if every else Stage.OPEN)
    for each in lines:
        typer.echo(
            f"{each.id}  {each.system}  {each.label}  ({stage_words(each.stage)}; {each.approvals} of {each.needs} "
            f"approvals; asked by {each.requester}; expires {_moment(each.expires_at)})"
        )
    if not lines:
        typer.echo("Nothing waits for approval.", err=True)


@app.command()
def show(
    request: Id, as_json: Annotated[bool, typer.Option("--json", help="As the JSON API answers.")] = False
) -> None:
    """One request, with all that a vote is for."""
    found = _found(request)
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(_told(found)))


@app.command()
def approve(
    request: Id,
    *,
    person: As,
    code: Code,
    digest: Digest = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    phrase: Annotated[str | None, typer.Option(help="What a severe action wants typed.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Although the alert has resolved, or is silenced.")] = False,
) -> None:
    """Approve exactly what `show` shows. Exit code 1 when the vote does not count."""
    _decide(request, person, code, digest=digest, is_approval=True, reason=reason, phrase=phrase, anyway=anyway)


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
    _decide(request, person, code, digest=digest, is_approval=False, reason=reason, phrase=None, anyway=False)


def _decide(
    request: str,
    person: str,
    code: str,
    *,
    digest: str | None,
    is_approval: bool,
    reason: str | None,
    phrase: str | None,
    anyway: bool,
) -> None:
    from bot.desk import Declined  # noqa: PLC0415
    from bot.desk.outside import Decision, Door, decide  # noqa: PLC0415
    from bot.parts import at_the_desk  # noqa: PLC0415

    found = _found(request)
    if found.digest is None:
        fail(f"it is {stage_words(found.stage)}: there is nothing to vote on", code=1)
    if digest is None:
        # What is asked about is what was read just now: between this look and the vote it cannot change unseen.
        typer.echo("\n".join(_told(found)))
        typer.confirm(f"{'Approve' if is_approval else 'Deny'} exactly this?", abort=True)
    elif len(digest) < 8 or not found.digest.startswith(digest):
        fail("the digest is another one: look at the request again with countersign requests show", code=1)
    decision = Decision(
        person=person,
        code=code,
        request_id=found.id,
        digest=found.digest,
        is_approval=is_approval,
        reason=reason,
        typed=phrase,
        anyway=anyway,
    )
    with told(), at_the_desk() as desk:
        answer = decide(desk, decision, door=Door.CLI)
        if isinstance(answer, Declined):
            fail(answer.say, code=1)
    after = _found(found.id)
    typer.echo(f"{'Approved' if is_approval else 'Denied'}. It is now: {stage_words(after.stage)}.")


def _found(beginning: str) -> "shown.RequestShown":
    """The request whose id this is, or begins so."""
    from bot.parts import at_the_desk  # noqa: PLC0415
    from bot.web.console import shown  # noqa: PLC0415

    with told(), at_the_desk() as desk, desk.database.read() as conn:
        ids = [each.id for each in shown.lines(conn, desk.contents) if each.id.startswith(beginning)]
        found = shown.request(conn, desk.contents, ids[0] if len(ids) == 1 else beginning)
    if found is None:
        many = f"{len(ids)} requests begin so" if len(ids) > 1 else "there is no such request"
        fail(f"{beginning}: {many}; see countersign requests list --all", code=1)
    return found


def _told(each: "shown.RequestShown") -> list[str]:
    pairs = [
        ("request", each.id),
        ("action", f"{each.label} ({each.system}, {each.risk} risk)"),
        ("about", each.about),
        ("incident", each.title),
        ("stage", stage_words(each.stage)),
        ("asked by", f"{each.requester}, {_moment(each.requested_at)}"),
        ("reason", each.reason),
        *each.inputs.items(),
        ("touches", _touches(each)),
        ("worth", ", ".join(each.touches.sums) if each.touches else None),
        ("oldest", each.touches.oldest if each.touches else None),
        ("leaves out", ", ".join(each.touches.left_out) if each.touches else None),
        ("preview", each.preview),
        *(("will run", call) for call in each.calls),
        ("then checks", each.goal or each.verifies),
        ("undo", each.undoes or "cannot be taken back"),
        *(("mind", notice) for notice in each.notices),
        ("needs", f"{each.needs} approvals from {' or '.join(each.approvers)}, until {_moment(each.expires_at)}"),
        ("must type", each.phrase),
        *((("approved" if vote.is_approval else "denied"), _vote(vote)) for vote in each.votes),
        ("note", each.note),
        ("outcome", each.outcome),
        ("digest", each.digest),
    ]
    return [f"{name + ':':<13}{value}" for name, value in pairs if value]


def _touches(each: "shown.RequestShown") -> str | None:
    if each.touches is None:
        return None
    left = each.touches.count - len(each.touches.sample)
    return f"{each.touches.count}: {', '.join(each.touches.sample)}{f' and {left} more' if left > 0 else ''}"


def _vote(vote: "shown.VoteShown") -> str:
    return f"{vote.person}, {_moment(vote.at)}{f': {vote.reason}' if vote.reason else ''}"


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "-"
