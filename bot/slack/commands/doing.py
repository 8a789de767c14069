"""`run`, `close`, `silence` and `unsilence`: the words that do something, each through the desk."""

from collections.abc import Mapping, Sequence

from bot.core.quoting import duration
from bot.desk import Declined, Desk, close, run, silence, unsilence
from bot.desk.desk import Contents
from bot.engine.opening import missing
from bot.slack.answer_words import said
from bot.slack.commands import naming, words
from bot.slack.commands.said import Asked, Said, Unclear
from bot.slack.places import thread_link
from bot.store import incidents


def run_by_hand(desk: Desk, contents: Contents, asked: Asked, *, name: str | None, pairs: Mapping[str, str]) -> Said:
    """Open an incident without an alert. Raises Unclear when it is not said which, or with what."""
    if name is None:
        raise Unclear(words.WHICH_RUNBOOK)
    book = naming.book(contents, name)
    params = book.runbook.params
    naming.keys(pairs, params, of=book.name)
    lacking = missing(book.runbook, pairs)
    if lacking:
        about = {key: params[key].about for key in lacking}
        raise Unclear(words.usage(book.name, lacking, about, verb="run"))
    answer = run(desk, person=asked.person, runbook=book.name, params=pairs, seed=asked.seed)
    if isinstance(answer, Declined):
        return Said(text=said(answer), may_share=False)
    with desk.database.read() as conn:
        incident = incidents.get(conn, answer.id)
        link = thread_link(conn, answer.id)
    assert incident is not None  # incidents are never deleted
    return Said(text=words.opened(incident, link=link), may_share=False)


def close_by_hand(desk: Desk, asked: Asked, *, wanted: str | None) -> Said:
    """Close an incident that no alert keeps open. Raises Unclear when it is not said which."""
    with desk.database.read() as conn:
        incident = naming.incident(conn, wanted, implied=asked.incident_id)
    answer = close(desk, person=asked.person, incident_id=incident.id)
    text = said(answer) if isinstance(answer, Declined) else words.closed(incident)
    return Said(text=text, may_share=False)


def hush(desk: Desk, asked: Asked, *, typed: Sequence[str]) -> Said:
    """`[incident] 2h [why]`: silence its alerts. Raises Unclear when a length or an incident is not said."""
    wanted, rest = _split(typed, implied=asked.incident_id)
    if not rest:
        raise Unclear(words.HOW_LONG)
    try:
        length = duration(rest[0])
    except ValueError as error:
        raise Unclear(words.HOW_LONG) from error
    with desk.database.read() as conn:
        incident = naming.incident(conn, wanted, implied=asked.incident_id)
    answer = silence(
        desk, person=asked.person, incident_id=incident.id, length=length, reason=" ".join(rest[1:]) or None
    )
    text = said(answer) if isinstance(answer, Declined) else words.silenced(incident, until=desk.now() + length)
    return Said(text=text, may_share=False)


def unhush(desk: Desk, asked: Asked, *, wanted: str | None) -> Said:
    """Lift the silence again. Raises Unclear when it is not said of which incident."""
    with desk.database.read() as conn:
        incident = naming.incident(conn, wanted, implied=asked.incident_id)
    answer = unsilence(desk, person=asked.person, incident_id=incident.id)
    text = said(answer) if isinstance(answer, Declined) else words.unsilenced(incident)
    return Said(text=text, may_share=False)


def _split(typed: Sequence[str], *, implied: str | None) -> tuple[str | None, Sequence[str]]:
    """In a thread the first word may be the length; elsewhere it is the incident."""
    if typed and implied is not None and _is_length(typed[0]):
        return None, typed
    return (typed[0], typed[1:]) if typed else (None, ())


def _is_length(text: str) -> bool:
    try:
        duration(text)
    except ValueError:
        return False
    return True
