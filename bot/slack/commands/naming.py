"""From what somebody typed to the runbook, question or incident that they mean; else what they may have meant."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from sqlalchemy import Connection

from bot.desk.desk import Contents
from bot.engine.incident import Incident
from bot.engine.runbook import Question, Runbook
from bot.engine.scheduled import Check as Timed
from bot.slack.commands import words
from bot.slack.commands.said import Unclear
from bot.store import finding

_SHORTEST_ID = 4  # letters of an incident's id


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """A runbook, with its name and its system's."""

    name: str
    system: str
    runbook: Runbook


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A question of a runbook."""

    book: Book
    question: Question

    @property
    def name(self) -> str:
        return f"{self.book.name}/{self.question.id}"


def book(contents: Contents, name: str) -> Book:
    """The runbook `system/name`, or of `name` alone where only one system has it. Raises Unclear."""
    found = [each for each in contents.runbooks if name in {each, each.partition("/")[2]}]
    if len(found) == 1:
        return _book(contents, found[0])
    return unknown("runbook", name, found or contents.runbooks)


def check(contents: Contents, name: str, *, within: str | None = None) -> Check:
    """The question `system/runbook/question`, or `question` alone of the runbook `within`. Raises Unclear."""
    every = {each.name: each for each in checks(contents)}
    scheduled = [f"{system}/{each.id}" for system, of in sorted(contents.systems.items()) for each in of.checks]
    spelled = f"{within}/{name}" if within and "/" not in name else name
    found = every.get(spelled)
    if found is not None:
        return found
    ends = [each for each in every if each.endswith(f"/{name}")]
    if len(ends) == 1:
        return every[ends[0]]
    return unknown("check", name, ends or [*every, *scheduled])


def timed(contents: Contents, name: str) -> tuple[str, Timed] | None:
    """The scheduled check `system/id`, with its system; None when it is none."""
    system, _, wanted = name.partition("/")
    of = contents.systems.get(system)
    found = next((each for each in of.checks if each.id == wanted), None) if of else None
    return (system, found) if found else None


def checks(contents: Contents) -> Iterable[Check]:
    """Every question of every runbook, by name."""
    for name in sorted(contents.runbooks):
        of = _book(contents, name)
        yield from (Check(book=of, question=question) for question in of.runbook.diagnose)


def incident(conn: Connection, wanted: str | None, *, implied: str | None) -> Incident:
    """By an id, the beginning of one, or because it is the thread's. Raises Unclear."""
    wanted = wanted or implied
    if wanted is None:
        raise Unclear(words.WHICH_INCIDENT)
    found = finding.incidents(conn, wanted.casefold()) if len(wanted) >= _SHORTEST_ID else []
    if len(found) == 1:
        return found[0]
    raise Unclear(words.no_incident(wanted, found))


def keys(given: Collection[str], known: Collection[str], *, of: str) -> None:
    """Raises Unclear for a key that the runbook does not have."""
    for name in given:
        if name not in known:
            unknown(f"parameter of {of}", name, known)


def unknown(what: str, name: str, known: Iterable[str]) -> NoReturn:
    """Raises Unclear: there is nothing of this name, and these are like it."""
    all_of_them = list(known)
    close = get_close_matches(name, all_of_them, n=3, cutoff=0.5)
    close = close or [each for each in all_of_them if name in each][:3]
    raise Unclear(words.unknown(what, name, close=close, known=all_of_them))


def _book(contents: Contents, name: str) -> Book:
    return Book(name=name, system=name.partition("/")[0], runbook=contents.runbooks[name])
