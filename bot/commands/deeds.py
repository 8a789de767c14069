"""countersign requests ask, stop, resume, settle and review: the other deeds of people, when Slack is down."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.requests import As, Code, Id, done_by
from bot.commands.showing import desk, incident_of, request_of
from bot.commands.telling import fail
from bot.slack.card_words import stage_words

if TYPE_CHECKING:
    from bot.desk.outside import Caller


def ask(
    incident: Annotated[str, typer.Argument(help="Id of the incident, or how it begins (countersign incidents list).")],
    action: Annotated[str, typer.Argument(help="As `countersign incidents show` lists it.")],
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="What the action asks for.")
    ] = None,
    *,
    person: As,
    code: Code,
    reason: Annotated[str | None, typer.Option(help="Why; needed from risk high on.")] = None,
    undoes: Annotated[str | None, typer.Option(help="The executed request that it takes back.")] = None,
) -> None:
    """Ask for an action. Nothing runs before others have approved its preview."""
    from bot.desk import outside  # noqa: PLC0415 - only this needs the whole bot

    given = dict(map(_pair, inputs or ()))
    with desk() as at:
        told = outside.ask(
            at,
            _caller(person, code),
            incident_id=incident_of(at, incident).id,
            action=action,
            inputs=dict(given),
            reason=reason,
            original_id=request_of(at, undoes).id if undoes else None,
        )
        made = done_by(told)
    typer.echo(f"Asked for: {made.id}. Its preview is being made; look with countersign requests show {made.id}")


def stop(request: Id, *, person: As, code: Code) -> None:
    """Let no further call of an execution begin; the one that is under way ends."""
    from bot.desk import outside  # noqa: PLC0415

    with desk() as at:
        done_by(outside.stop(at, _caller(person, code), request_id=request_of(at, request).id))
    typer.echo("Stopped: no further call of it begins.")


def resume(
    request: Id,
    *,
    person: As,
    code: Code,
    reason: Annotated[
        str, typer.Option(help="Why it may go on: what you looked at, and what it showed.", prompt="Reason")
    ],
) -> None:
    """Ask that the rest of an execution goes on that was stopped, or failed. Others have to approve that."""
    from bot.desk import outside  # noqa: PLC0415

    with desk() as at:
        found, caller = request_of(at, request), _caller(person, code)
        done_by(outside.resume(at, caller, request_id=found.id, reason=reason))
    typer.echo(f"Asked for. Others approve it with countersign requests approve {found.id}")


def settle(
    request: Id,
    *,
    took_effect: Annotated[bool, typer.Option("--took-effect/--no-effect", help="What you saw at the target.")],
    person: As,
    code: Code,
    reason: Annotated[str, typer.Option(help="How you know: what you looked at, and what it showed.", prompt="Reason")],
) -> None:
    """Say what became of a call that has no answer; it is never made again."""
    from bot.desk import outside  # noqa: PLC0415

    with desk() as at:
        found, caller = request_of(at, request), _caller(person, code)
        done_by(outside.settle(at, caller, request_id=found.id, took_effect=took_effect, reason=reason))
        typer.echo(f"It is on record. It is now: {stage_words(request_of(at, found.id).stage)}.")


def review(request: Id, *, person: As, code: Code) -> None:
    """Countersign what somebody ran alone; for an approver who neither asked for it nor ran it."""
    from bot.desk import outside  # noqa: PLC0415

    with desk() as at:
        done_by(outside.review(at, _caller(person, code), request_id=request_of(at, request).id))
    typer.echo("Your review is on record.")


def _caller(person: str, code: str) -> "Caller":
    from bot.desk.outside import Caller, Door  # noqa: PLC0415

    return Caller(person=person, code=code, door=Door.CLI)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name):
        fail(f"{text!r}: write an input as key=value")
    return name, value


COMMANDS = (ask, stop, resume, settle, review)
"""Beside those of `bot.commands.requests`."""
