"""Which word does what, and for whom."""

import html
from collections.abc import Callable
from difflib import get_close_matches

from bot.desk import Desk, people
from bot.desk.answer import declined
from bot.desk.desk import Contents
from bot.engine.approval import Why, standing
from bot.slack import answer_words
from bot.slack.commands import checking, doing, lists, words
from bot.slack.commands.ports import Inquiring
from bot.slack.commands.said import Asked, Said, Unclear
from bot.slack.commands.showing import shown
from bot.slack.commands.typed import Typed, read
from bot.slack.switch_command import switch_command
from bot.slack.text import Safe
from bot.store import incidents

Answer = Callable[[Asked, Typed], Said]


class Commands:
    """Answers `/billing …` and `@countersign …`."""

    def __init__(self, desk: Desk, inquiry: Inquiring) -> None:
        self._desk = desk
        self._inquiry = inquiry
        self._known: dict[str, Answer] = {
            "help": lambda _asked, _typed: Said(text=words.HELP, may_share=False),
            "status": self._status,
            "incident": self._incident,
            "runbooks": self._runbooks,
            "run": self._run,
            "close": self._close,
            "silence": self._silence,
            "unsilence": self._unsilence,
            "check": self._check,
            "stripe": self._stripe,
            "requests": self._requests,
            "switch": self._switch,
        }

    def answer(self, asked: Asked) -> Said:
        """What to say to what this person typed."""
        typed = read(asked.text)
        word, *rest = typed.words or ("help",)
        word = word.casefold()
        act = self._known.get(word)
        if act is None:
            return Said(text=words.unknown_word(word, get_close_matches(word, self._known, n=2)), may_share=False)
        if word != "help" and (no := self._refused(asked.person)):
            return Said(text=no, may_share=False)
        try:
            return act(asked, Typed(words=tuple(rest), pairs=typed.pairs))
        except Unclear as unclear:
            return Said(text=unclear.say, may_share=False)

    def _refused(self, person_id: str) -> Safe | None:
        """What billing shows is for full members of the workspace: in a shared channel others can mention the bot."""
        person = people.person(self._desk.directory, person_id)
        why = Why.UNCERTAIN if person is None else standing(person)
        return answer_words.said(declined(why)) if why else None

    def _status(self, _asked: Asked, _typed: Typed) -> Said:
        with self._desk.database.read() as conn:
            return Said(text=lists.status(conn))

    def _requests(self, _asked: Asked, _typed: Typed) -> Said:
        with self._desk.database.read() as conn:
            return Said(text=lists.waiting(conn, self._desk.contents))

    def _runbooks(self, _asked: Asked, typed: Typed) -> Said:
        return Said(text=lists.runbooks(self._contents, next(iter(typed.words), None)))

    def _incident(self, asked: Asked, typed: Typed) -> Said:
        return shown(self._desk, next(iter(typed.words), None), implied=asked.incident_id)

    def _run(self, asked: Asked, typed: Typed) -> Said:
        name = next(iter(typed.words), None)
        return doing.run_by_hand(self._desk, self._contents, asked, name=name, pairs=typed.pairs)

    def _close(self, asked: Asked, typed: Typed) -> Said:
        return doing.close_by_hand(self._desk, asked, wanted=next(iter(typed.words), None))

    def _silence(self, asked: Asked, _typed: Typed) -> Said:
        return doing.hush(self._desk, asked, typed=_as_typed(asked))

    def _unsilence(self, asked: Asked, typed: Typed) -> Said:
        return doing.unhush(self._desk, asked, wanted=next(iter(typed.words), None))

    def _check(self, asked: Asked, typed: Typed) -> Said:
        if not typed.words:
            raise Unclear(words.WHICH_CHECK)
        return checking.check(
            self._inquiry,
            self._contents,
            name=typed.words[0],
            pairs=typed.pairs,
            incident_id=asked.incident_id,
            within=self._runbook_of(asked.incident_id),
        )

    def _stripe(self, _asked: Asked, typed: Typed) -> Said:
        return checking.stripe(self._inquiry, next(iter(typed.words), None))

    def _switch(self, asked: Asked, typed: Typed) -> Said:
        if typed.words and typed.words[0].casefold() != "list":
            said = switch_command(self._desk, _as_typed(asked), person=asked.person)
            return Said(text=said, may_share=False)
        with self._desk.database.read() as conn:
            return Said(text=lists.switches(conn, self._contents))

    def _runbook_of(self, incident_id: str | None) -> str | None:
        if incident_id is None:
            return None
        with self._desk.database.read() as conn:
            incident = incidents.get(conn, incident_id)
        return incident.runbook if incident else None

    @property
    def _contents(self) -> Contents:
        return self._desk.contents(self._desk.revision())


def _as_typed(asked: Asked) -> list[str]:
    """Every word after the first, as it stands: a reason may hold anything."""
    return html.unescape(asked.text).split()[1:]
