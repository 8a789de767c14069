"""Brings answers to those who asked, and into the channel when they want it there."""

import logging
from collections.abc import Callable
from typing import Protocol

from bot.core.egress import mask
from bot.core.errors import CountersignError, Refused, Unavailable
from bot.core.ports import Json
from bot.desk import Desk
from bot.slack.answer_words import failed
from bot.slack.blocks.layout import BlockJson
from bot.slack.blocks.private import private, shared
from bot.slack.commands import Asked, Commands, Said, words
from bot.slack.payload import Click
from bot.slack.text import Safe, clip, person
from bot.store import private_answers
from bot.store.private_answers import PrivateAnswer

log = logging.getLogger(__name__)

_TEXT = 3_000
_ASKED = 300

Blocks = tuple[BlockJson, ...]
Tell = Callable[[Safe, Blocks], None]


class Addresses(Protocol):
    """Slack's addresses for answers; see `bot.adapters.response_urls.ResponseUrls`."""

    def answer(self, url: str, *, text: str, blocks: Blocks) -> None: ...

    def replace(self, url: str, *, text: str, blocks: Blocks) -> None: ...

    def say(self, url: str, *, text: str, blocks: Blocks, thread_ts: str | None) -> None: ...


class Answers:
    """What was typed is answered to the person alone; an answer that may be shared is kept for a while."""

    def __init__(self, *, desk: Desk, commands: Commands, urls: Addresses) -> None:
        self._desk = desk
        self._commands = commands
        self._urls = urls

    def first(self, asked: Asked) -> tuple[Said, Blocks]:
        """What is said at once, and its blocks; an error of ours is an answer too."""
        try:
            said = self._commands.answer(asked)
        except CountersignError as error:
            said = _broken(error)
        return said, self._blocks(asked, said)

    def rest(self, asked: Asked, said: Said, tell: Tell) -> None:
        """What takes longer, told when it is there. Told nowhere is lost: it can be asked again."""
        if said.then is None:
            return
        try:
            more = said.then()
        except CountersignError as error:
            more = _broken(error)
        try:
            tell(clip(more.text, _TEXT), self._blocks(asked, more))
        except CountersignError as error:
            log.warning("answer.not_told", extra={"person": asked.person, "error": str(error)})

    def at(self, url: str) -> Tell:
        """Tells at Slack's address for answers."""
        return lambda text, blocks: self._urls.answer(url, text=text, blocks=blocks)

    def share(self, click: Click) -> None:
        """Say the answer in the channel, once, however often the button is pressed."""
        url = click.response_url
        if url is None:
            return
        now = self._desk.now()
        with self._desk.database.begin() as conn:
            answer = private_answers.get(conn, click.subject)
            is_first = answer is not None and private_answers.claim(conn, answer.id, now)
        if answer is None:
            self._urls.replace(url, text=words.NOT_KEPT, blocks=())
        elif is_first:
            self._share(url, answer, thread_ts=click.thread_ts)

    def _share(self, url: str, answer: PrivateAnswer, *, thread_ts: str | None) -> None:
        note = words.share_note(person=person(answer.person), command=f"/billing {answer.asked}")
        post = shared(Safe(answer.text), [dict(each) for each in answer.blocks], note=note)
        try:
            self._urls.say(url, text=clip(post.text, _TEXT), blocks=post.blocks, thread_ts=thread_ts)
        except (Refused, Unavailable) as error:  # it certainly was not said; anything else may have been
            log.warning("answer.not_shared", extra={"answer": answer.id, "error": str(error)})
            with self._desk.database.begin() as conn:
                private_answers.let_go(conn, answer.id)
            self._urls.answer(url, text=words.NOT_SHARED, blocks=())
            return
        still = tuple(each for each in _json(answer) if each["type"] != "actions")
        self._urls.replace(url, text=words.SHARED, blocks=private(words.SHARED, still, answer_id=None))

    def _blocks(self, asked: Asked, said: Said) -> Blocks:
        if not said.may_share:
            return private(said.text, said.blocks, answer_id=None)
        answer = PrivateAnswer(
            id=self._desk.new_id(),
            person=asked.person,
            asked=mask(asked.text[:_ASKED]),
            text=said.text,
            blocks=said.blocks,
            at=self._desk.now(),
            shared_at=None,
        )
        with self._desk.database.begin() as conn:
            private_answers.keep(conn, answer)
        return private(said.text, said.blocks, answer_id=answer.id)


def _json(answer: PrivateAnswer) -> tuple[dict[str, Json], ...]:
    return tuple(dict(each) for each in answer.blocks)


def _broken(error: CountersignError) -> Said:
    log.warning("command.failed", extra={"error": str(error)})
    return Said(text=failed(str(error)), may_share=False)
