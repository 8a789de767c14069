"""A request or an incident for a terminal: found by how its id begins, and told in lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from bot.commands.telling import fail, told
from bot.slack.card_words import stage_words

if TYPE_CHECKING:
    from bot.desk import Desk
    from bot.web.console import shapes, shown_incident, shown_silences


@contextmanager
def desk() -> "Iterator[Desk]":
    """The desk for one command; what a person can mend ends it with one line."""
    from bot.parts import at_the_desk  # noqa: PLC0415 - only what looks into the database needs the whole bot

    with told(), at_the_desk() as made:
        yield made


def request_of(desk: "Desk", beginning: str) -> "shapes.RequestShown":
    """The request whose id this is, or begins so."""
    from bot.web.console import shown  # noqa: PLC0415

    with desk.database.read() as conn:
        id_ = _only([each.id for each in shown.lines(conn, desk.contents)], beginning, "requests list --all")
        found = shown.request(conn, desk.contents, id_, now=desk.now(), break_glass=desk.break_glass)
    if found is None:
        fail(f"{beginning}: there is no such request; see countersign requests list --all", code=1)
    return found


def incident_of(desk: "Desk", beginning: str) -> "shown_incident.IncidentDetail":
    """The incident whose id this is, or begins so."""
    from bot.web.console import shown, shown_incident  # noqa: PLC0415

    with desk.database.read() as conn:
        id_ = _only([each.id for each in shown.open_incidents(conn)], beginning, "incidents list")
        found = shown_incident.incident(conn, desk.contents, id_, can_silence=desk.can_silence)
    if found is None:
        fail(f"{beginning}: there is no such incident; see countersign incidents list", code=1)
    return found


def _only(ids: list[str], beginning: str, command: str) -> str:
    """The one that begins so; what was typed where none of the latest does, for it may be the id of an older one."""
    found = [each for each in ids if each.startswith(beginning)] if beginning else []
    if len(found) > 1:
        fail(f"{beginning}: {len(found)} begin so; see countersign {command}", code=1)
    return found[0] if found else beginning


def request_lines(each: "shapes.RequestShown") -> list[str]:
    """A request with all that a vote is for."""
    return _lines(
        ("request", each.id),
        ("action", f"{each.label} ({each.system}, {each.risk} risk)"),
        ("about", each.about),
        ("incident", f"{each.title} ({each.incident_id})"),
        ("stage", f"{stage_words(each.stage)}{f', {each.progress} done' if each.progress else ''}"),
        ("asked by", f"{each.requester}, {moment(each.requested_at)}"),
        ("reason", each.reason),
        *each.inputs.items(),
        ("touches", _touches(each)),
        ("it is", " · ".join(each.touches.details) if each.touches else None),
        ("worth", ", ".join(each.touches.sums) if each.touches else None),
        *_oldest(each),
        ("leaves out", ", ".join(each.touches.left_out) if each.touches else None),
        ("preview", each.preview),
        *(("will run", call) for call in each.calls),
        ("then checks", each.goal or each.verifies),
        ("undo", each.undoes or "cannot be taken back"),
        *(("mind", notice) for notice in each.notices),
        ("needs", f"{each.needs} approvals from {' or '.join(each.approvers)}, until {moment(each.expires_at)}"),
        ("must type", each.phrase),
        *((("approved" if vote.is_approval else "denied"), _vote(vote)) for vote in each.votes),
        ("run alone", f"by {each.alone}; {f'reviewed by {each.reviewed_by}' if each.reviewed_by else 'not reviewed'}")
        if each.alone
        else ("run alone", None),
        ("to go on", each.going_on),
        ("note", each.note),
        ("outcome", each.outcome),
        ("you can", ", ".join(_possible(each))),
        ("digest", each.digest),
    )


def incident_lines(each: "shown_incident.IncidentDetail") -> list[str]:
    """An incident, what was found, and what may be asked for."""
    return [
        *_lines(
            ("incident", each.id),
            ("what", f"{each.title} ({each.system}, {each.severity}, {each.state} since {moment(each.started_at)})"),
            ("summary", each.summary),
            ("taken by", each.acknowledged_by),
            *(("found", finding) for finding in each.findings),
            *(("not judged", reason) for reason in each.unjudged),
            *(("silenced", silence_line(silence)) for silence in each.silences),
            *(("stopped", title) for title in each.stopped),
            *(("request", f"{line.id}  {line.label} ({stage_words(line.stage)})") for line in each.requests),
        ),
        *(line for offer in each.offers for line in _offer(offer)),
    ]


def silence_line(each: "shown_silences.SilenceShown") -> str:
    """A silence: how far it is, until when, and whose."""
    where = "" if each.is_ours else ", in Alertmanager itself"
    told = "; ".join(part for part in (each.reason, each.trouble) if part)
    return f"{each.state} until {moment(each.until)} by {each.person}{where}{f': {told}' if told else ''}"


def moment(at: datetime | None) -> str:
    """A moment as people read it."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "-"


def _lines(*pairs: tuple[str, str | None]) -> list[str]:
    return [f"{name + ':':<13}{value}" for name, value in pairs if value]


def _offer(each: "shown_incident.OfferShown") -> list[str]:
    marks = [*(["suggested"] if each.is_suggested else []), *([f"mind: {each.caution}"] if each.caution else [])]
    reason = ", a reason" if each.wants_reason else ""
    head = f"{each.action}  {each.label} (needs {each.needs} approvals{reason})"
    return _lines(
        ("may ask", " ".join([head, *(f"[{mark}]" for mark in marks)])),
        *(
            ("", f"  {given.name}={given.value or ''}  {given.label}{', may be empty' if given.is_optional else ''}")
            for given in each.inputs
        ),
    )


def _possible(each: "shapes.RequestShown") -> list[str]:
    verbs = {
        "stop": each.can_stop,
        "resume": each.can_resume,
        "settle": each.can_settle,
        "break-glass": each.can_break_glass,
        "review": each.alone is not None and each.reviewed_by is None,
        f"ask {each.incident_id} {each.undo} --undoes {each.id}": each.undo is not None,
    }
    return [verb for verb, is_so in verbs.items() if is_so]


def _oldest(each: "shapes.RequestShown") -> list[tuple[str, str | None]]:
    if each.touches is None:
        return []
    return [(f"earliest {each.touches.ahead}" if each.touches.ahead else "oldest", each.touches.oldest)]


def _touches(each: "shapes.RequestShown") -> str | None:
    if each.touches is None:
        return None
    left = each.touches.count - len(each.touches.sample)
    return f"{each.touches.count}: {', '.join(each.touches.sample)}{f' and {left} more' if left > 0 else ''}"


def _vote(vote: "shapes.VoteShown") -> str:
    return f"{vote.person}, {moment(vote.at)}{f': {vote.reason}' if vote.reason else ''}"
