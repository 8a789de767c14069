"""What people see and do while the whole bot runs: eyes and hands for scenario tests, which wait with a deadline."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Executable, MetaData, select, text

from bot.demo.stage import Stage
from bot.store.database import Database
from tests.kit.loopback import loopback
from tests.kit.workspace import Control, Json
from tests.kit.world import WorldControl

T = TypeVar("T")

CHANNEL = "C0ONCALL"

PATIENCE = 150.0
"""Seconds. Slack takes fifty edits a minute: with several stories at once, what is less important waits its turn."""


def awaited(look: Callable[[], T | None], *, within: float, what: Callable[[], str], every: float = 0.1) -> T:
    """What `look` finds, asked again until it finds something. Fails with `what` after `within` seconds."""
    deadline = time.monotonic() + within
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within:.0f} s: {what()}")
        time.sleep(every)
    return found


def texts(part: object) -> Iterator[str]:
    """Every text that a reader of this part of a message sees, in order."""
    match part:
        case {"type": "actions"}:
            return
        case {"text": str(text)}:
            yield text
        case dict():
            for value in part.values():
                yield from texts(value)
        case list():
            for each in part:
                yield from texts(each)


def text_of(message: Json) -> str:
    """What a message says, its buttons left out."""
    return "\n".join(texts(message["blocks"])) if message.get("blocks") else str(message["text"])


def elements_of(message: Json) -> list[Json]:
    """The buttons and menus of a message."""
    return [each for block in message["blocks"] if block["type"] == "actions" for each in block["elements"]]


@dataclass(frozen=True, slots=True)
class Card:
    """One request's card in a thread."""

    thread: "Incident"
    ts: str

    @property
    def message(self) -> Json:
        return next(reply for reply in self.thread.replies if reply["ts"] == self.ts)

    @property
    def text(self) -> str:
        return text_of(self.message)

    def until(self, *words: str, within: float = PATIENCE) -> "Card":
        """Wait until the card says all these words."""
        awaited(
            lambda: True if all(each in self.text for each in words) else None,
            within=within,
            what=lambda: f"the card does not say {words}, but:\n{self.text}",
        )
        return self

    def approve(self, person: str) -> "Card":
        """Countersign; once more, if the alert ended just then, for a vote must know that it did."""
        said, calmed = f"Approved by <@{person}>", "It may not be needed any more"
        before = self.until("waiting for approval").text
        self.thread.click(person, self.message, "approve")
        if calmed not in before:
            awaited(
                lambda: True if said in self.text or calmed in self.text else None,
                within=PATIENCE,
                what=lambda: f"the card does not say {said!r}, but:\n{self.text}",
            )
            if said not in self.text:
                self.thread.click(person, self.message, "approve")
        return self.until(said)

    def refuses(self, person: str, why: str) -> None:
        """The person tries to countersign, is told why not, and the card counts nothing."""
        before = self.text
        self.thread.click(person, self.message, "approve")
        self.thread.told(person, why)
        assert self.text == before

    def undo(self, person: str, *, reason: str) -> "Card":
        """Ask for the action that takes this one back."""
        return self.thread.press(person, self.message, action_id="undo", label=None, form={"-reason": reason})


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as its thread shows it."""

    channel: "Channel"
    ts: str

    @property
    def root(self) -> Json:
        return next(root for root in self.channel.roots if root["ts"] == self.ts)

    @property
    def text(self) -> str:
        return text_of(self.root)

    @property
    def replies(self) -> list[Json]:
        return list(self.root["replies"])

    @property
    def id(self) -> str:
        """The incident's id, as the buttons carry it."""
        element = next(each for each in elements_of(self.root) if each["type"] == "button")
        return str(element["value"]).partition(":")[0]

    def until(self, *words: str, within: float = PATIENCE) -> "Incident":
        """Wait until the root message says all these words."""
        awaited(
            lambda: True if all(each in self.text for each in words) else None,
            within=within,
            what=lambda: f"the root does not say {words}, but:\n{self.text}",
        )
        return self

    def evidence(self, *words: str) -> str:
        """What the evidence says, once it says all these words."""

        def found() -> str | None:
            said = [text_of(reply) for reply in self.replies if reply["text"].startswith("Evidence")]
            return next((text for text in said if all(word in text for word in words)), None)

        return awaited(found, within=PATIENCE, what=lambda: f"no evidence with {words} among\n{self._all()}")

    def charts(self) -> list[bytes]:
        """The pictures in the thread, once there is one."""

        def found() -> list[Json] | None:
            files = [each for reply in self.replies for each in reply.get("files", [])]
            return [each for each in files if each["mimetype"].startswith("image/")] or None

        files = awaited(found, within=PATIENCE, what=lambda: f"no picture in the thread:\n{self._all()}")
        assert {each["mimetype"] for each in files} == {"image/png"}
        return [loopback.get(each["url_private"]).raise_for_status().content for each in files]

    def told(self, person: str, *words: str) -> str:
        """What this person alone was told in the thread, once it says all these words."""

        def found() -> str | None:
            said = [text_of(reply) for reply in self.replies if reply["shown_only_to"] == person]
            return next((text for text in said if all(word in text for word in words)), None)

        return awaited(found, within=PATIENCE, what=lambda: f"{person} was not told {words}:\n{self._all()}")

    def ask(self, person: str, action: str, form: Mapping[str, str] | None = None) -> Card:
        """Ask for an action of the root message; `form` is what is typed where a form opens, `-reason` the reason."""

        def offered() -> tuple[Json, str] | None:
            return next(_offers(self.root, action), None)

        what = lambda: f"{action} is not offered, but {[each['action_id'] for each in elements_of(self.root)]}"  # noqa: E731
        while True:
            element, label = awaited(offered, within=PATIENCE, what=what)
            value = f"{self.id}:{action}" if "options" in element else None
            try:
                return self.press(
                    person, self.root, action_id=element["action_id"], label=label, value=value, form=form
                )
            except AssertionError as error:
                if "no element" not in str(error):  # the message was edited between the look and the click
                    raise

    def press(
        self,
        person: str,
        message: Json,
        *,
        action_id: str,
        label: str | None,
        value: str | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Card:
        """Click, fill in the form if there is one, and wait for the card that follows."""
        before = {reply["ts"] for reply in self.replies}
        with self.channel.hands[person]:
            self.click(person, message, action_id, value=value)
            if form is not None:
                self.fill_in(person, form)

        def new() -> Json | None:
            cards = (each for each in self.replies if each["ts"] not in before and not each["shown_only_to"])
            return next((each for each in cards if "Asked by" in text_of(each) and _is_of(each, label)), None)

        card = awaited(new, within=PATIENCE, what=lambda: f"no card of {label or action_id} among\n{self._all()}")
        return Card(thread=self, ts=card["ts"])

    def click(self, person: str, message: Json, action_id: str, *, value: str | None = None) -> None:
        """Use a button or menu; the bot must take it."""
        answer = self.channel.control.click(person, message, action_id, value=value)
        assert answer["ok"], answer

    def fill_in(self, person: str, form: Mapping[str, str]) -> None:
        """Fill in the form that is open, and submit it."""

        def opened() -> Json | None:
            modals = self.channel.control.modals(person)
            return next((each for each in modals if each["private_metadata"].startswith(self.id)), None)

        modal = awaited(opened, within=PATIENCE, what=lambda: f"no form opened for {person}:\n{self._all()}")
        values = {f"value:{name}": value for name, value in form.items()}
        answer = self.channel.control.submit(person, values, view_id=modal["id"])
        assert answer["ok"], answer
        assert not answer["errors"], answer

    def _all(self) -> str:
        return "\n---\n".join(text_of(each) for each in [self.root, *self.replies])


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """The on-call channel and the people in it."""

    control: Control
    hands: defaultdict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))  # one form at a time per person

    @property
    def roots(self) -> list[Json]:
        """What stands in the channel, oldest first."""
        return [root for root in self.control.messages(CHANNEL) if not root["shown_only_to"]]

    def incident(self, *words: str, within: float = PATIENCE) -> Incident:
        """The thread whose root says all these words; waits until there is one."""

        def found() -> Json | None:
            return next((root for root in self.roots if all(word in text_of(root) for word in words)), None)

        root = awaited(found, within=within, what=lambda: f"no root with {words} among {[*map(text_of, self.roots)]}")
        return Incident(channel=self, ts=root["ts"])

    def concerning(self, word: str) -> list[Json]:
        """Every root that says this word."""
        return [root for root in self.roots if word in text_of(root)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene(Channel):
    """The whole bot on its stage."""

    stage: Stage
    world: WorldControl
    record: Database

    def effects(self, system: str, action: str, *, of: str | None = None) -> list[Json]:
        """What took effect at a host, perhaps only what concerns one target."""
        return [each for each in self.world.effects(system, action) if of in {None, each["target"]}]

    def rows(self, query: str | Executable, **values: object) -> list[tuple[Any, ...]]:
        """What the bot's own database holds, read beside the bot."""
        with self.record.read() as conn:
            asked = text(query) if isinstance(query, str) else query
            return [tuple(row) for row in conn.execute(asked, values)]

    def every_row(self) -> Iterator[tuple[Any, ...]]:
        """All that the bot's own database holds, table by table."""
        with self.record.read() as conn:
            found = MetaData()
            found.reflect(conn)
            for table in found.sorted_tables:
                yield from (tuple(row) for row in conn.execute(select(table)))

    def kill_the_bot(self) -> None:
        """As when the machine is pulled out: nothing is flushed, closed or said."""
        assert self.stage.bot is not None
        self.stage.bot.process.kill()
        self.stage.bot.process.wait(10)

    def log(self, name: str) -> str:
        """What a process has written so far."""
        return (self.stage.logs / f"{name}.log").read_text(errors="replace")

    def errors(self) -> list[str]:
        """The first line of each error that the bot has logged: a fault of its own, whatever the world did to it."""
        return [line for line in self.log("bot").splitlines() if line.split(maxsplit=2)[1:2] == ["ERROR"]]

    def audit_verify(self) -> "subprocess.CompletedProcess[str]":
        """`countersign audit verify` on the running bot's record."""
        return subprocess.run(
            [sys.executable, "-m", "bot", "audit", "verify"],
            env=dict(self.stage.environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def _offers(root: Json, action: str) -> Iterator[tuple[Json, str]]:
    """The element by which an action can be asked for, and what the action is called."""
    for element in elements_of(root):
        if element["action_id"] == f"ask:{action}":
            yield element, element["text"]["text"].removeprefix("⚠ ")
        for option in element.get("options", []):
            if option["value"].endswith(f":{action}"):
                yield element, option["text"]["text"].removeprefix("⚠ ")


def _is_of(message: dict[str, Any], label: str | None) -> bool:
    return label is None or message["text"].startswith(f"{label}: ")
