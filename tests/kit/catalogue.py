"""The catalogue, played: what can break is broken, each incident is answered, acted on with approval, and undone.

What happens is read from the bot's own database and done at its desk, beside the running bot, as `countersign requests`
does: dozens of threads in one channel would only be waited for, and Slack's side has scenarios of its own.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any, TypeAlias
from unittest.mock import patch

from bot.adapters.resources import Connections
from bot.content import Content
from bot.core.evidence import Answer
from bot.desk import Declined, Done, ask, rerun, run, vote
from bot.desk.desk import Desk
from bot.engine.approval import Why
from bot.engine.runbook import Action, Runbook
from bot.jobs.durable import Durable
from bot.parts import CONCURRENCY, desk_of, means_of, now, open_database
from bot.settings import Settings
from bot.store import diagnoses, executions, requests
from bot.store.diagnoses import Diagnosis
from tests.kit.glance import Glance
from tests.kit.scene import Scene, awaited

Touched: TypeAlias = Mapping[str, Any]

ASKER = "U0ANA"
APPROVERS = ("U0CHI", "U0LEAD1", "U0LEAD2")
_WRONG = {"failed", "unknown", "not_verified", "stopped"}
ALONE = 3  # rows at most that others may have disturbed; more are no accident
PATIENCE = 150.0  # seconds; everything happens at once on a machine that others use as well
LONGEST = 600.0  # seconds that a row waits for others
_EVERY = 0.4  # seconds between two looks, of dozens of rows that all look at once


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Deed:
    """One action to carry out: `inputs` beside what evidence brings, `undo` afterwards too."""

    action: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    undo: bool = False


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Row:
    """One row of the catalogue: `scenario` is what is broken for it, nothing where a calm world will do.

    `labels` are those that tell its incident from others of the event; `unanswered` names questions that this break
    leaves without an answer, each with words of the reason; `either` those that have one while another row's break is
    there. `by` names identifiers of the break that the incident's labels must have; `by_hand` opens it at the desk
    instead, with parameters that are identifiers of the break. What rows before it do to the same tables would disturb
    it: it waits for those that break something of `after`.
    """

    event: str
    runbook: str
    scenario: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    by_hand: Mapping[str, str] | None = None
    unanswered: Mapping[str, str] = field(default_factory=dict)
    either: tuple[str, ...] = ()
    deeds: tuple[Deed, ...] = ()
    after: tuple[str | None, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.scenario or 'nothing'} by {self.runbook}"


@contextmanager
def beside(scene: Scene) -> Iterator[Desk]:
    """A desk over the running bot's database, as a command has it; what is ordered there the running bot does."""
    environ = dict(scene.stage.environment)
    with patch.dict(os.environ, environ, clear=True):
        settings = Settings.read()
    with ExitStack() as stack:
        database = open_database(settings)
        stack.callback(database.close)
        content = Content(settings, database=database, now=now, keeps=False)
        connections = Connections(environ, trust_readers=settings.allow_writable_reads)
        stack.callback(connections.close)
        durable = Durable(database=database, replica=settings.replica, handlers={}, concurrency=CONCURRENCY)
        means = means_of(
            stack, settings, database=database, content=content, connections=connections, enqueue=durable.enqueue
        )
        yield desk_of(settings, means, revision=content.revision)


def play(scene: Scene, rows: tuple[Row, ...]) -> None:
    """Break all of them, and see each through to its end; side by side. Fails with what each has to say.

    They share tables and queues, so the action of one may mend what another was about to: where that is known, `after`
    keeps them apart. Whatever else did not come to its end beside the others is broken once more and played alone.
    """
    with beside(scene) as desk, ThreadPoolExecutor(len(rows), thread_name_prefix="row") as pool:
        over, glance = [Event() for _ in rows], Glance(scene)
        plays = [_Play(scene, desk, glance, row) for row in rows]
        played = [pool.submit(_in_turn, play, at, rows, over) for at, play in enumerate(plays)]
        ended = [(row, done.exception()) for row, done in zip(rows, played, strict=True)]
        disturbed = [(row, error) for row, error in ended if error is not None]
        assert len(disturbed) <= ALONE, "\n".join(f"{row.name}: {error}" for row, error in disturbed)
        for row, error in disturbed:
            _what_lasts_is_over(scene, rows)
            print(f"{row.name} is played again, alone: {error}")
            _Play(scene, desk, glance, row, is_again=True).through()


def _what_lasts_is_over(scene: Scene, rows: Sequence[Row]) -> None:
    """Wait for what ends by itself, such as a service that is down."""
    lasting = {row.scenario for row in rows if "seconds" in row.options}

    def over() -> bool | None:
        running = {name for name, each in scene.world.scenarios().items() if each["running"]}
        return None if running & lasting else True

    awaited(over, within=PATIENCE, every=_EVERY, what=lambda: "something that should end by itself goes on")


def before(at: int, rows: Sequence[Row]) -> list[int]:
    """Which rows the one at this place waits for; of its own scenario those that stand before it."""
    wanted = {number for number, row in enumerate(rows) if row.scenario in rows[at].after}
    return sorted(n for n in wanted if rows[n].scenario != rows[at].scenario or n < at)


def _in_turn(play: "_Play", at: int, rows: Sequence[Row], over: Sequence[Event]) -> None:
    """Play it once what it waits for has ended, well or not; how long it took is told to whoever reads along."""
    try:
        for number in before(at, rows):
            assert over[number].wait(LONGEST), f"{rows[number].name} does not end"
        began = time.monotonic()
        play.through()
        print(f"{time.monotonic() - began:5.0f} s  {play.row.name}")
    finally:
        over[at].set()


@dataclass(frozen=True, slots=True)
class _Play:
    """One row on the stage."""

    scene: Scene
    desk: Desk
    glance: Glance
    row: Row
    is_again: bool = False

    def through(self) -> None:
        touched = self.scene.world.start(self.row.scenario, **self.row.options) if self.row.scenario else {}
        incident_id = self._incident(touched) if self.row.by_hand is None else self._opened(touched)
        diagnosis = self._diagnosis(incident_id, after=self._ask_again(incident_id) if self.is_again else 0)
        runbook = self._runbook(diagnosis)
        self._is_answered(diagnosis)
        for deed in self.row.deeds:
            action = runbook.action(deed.action)
            assert action is not None, f"no action {deed.action}"
            done = self._carried_out(incident_id, action, deed.inputs)
            if deed.undo:
                undo = runbook.action(action.undo or "")
                assert undo is not None, f"{action.id} has no undo"
                self._carried_out(incident_id, undo, {}, original_id=done)

    def _opened(self, touched: Touched) -> str:
        """The id of an incident that somebody opens."""
        params = {name: str(touched[of]) for name, of in (self.row.by_hand or {}).items()}
        opened = run(self.desk, person=ASKER, runbook=self.row.runbook, params=params)
        assert isinstance(opened, Done), opened
        return opened.id

    def _incident(self, touched: Touched) -> str:
        """The id of the newest incident of the event with these labels."""
        wanted = {**self.row.labels, **{name: str(touched[name]) for name in self.row.by}}

        def found() -> str | None:
            of_kind = (
                each
                for each in self.glance.now().incidents
                if (each.event, each.runbook) == (self.row.event, self.row.runbook)
            )
            return next((each.id for each in of_kind if wanted.items() <= each.labels.items()), None)

        return awaited(found, within=PATIENCE, every=_EVERY, what=lambda: f"no incident of {self.row.event} {wanted}")

    def _ask_again(self, incident_id: str) -> int:
        """Order a fresh diagnosis; the number of the last one that does not know what is broken now."""
        last = self._diagnosis(incident_id, after=0)
        rerun(self.desk, person=ASKER, incident_id=incident_id)
        return last.number

    def _diagnosis(self, incident_id: str, *, after: int) -> Diagnosis:
        def found() -> Diagnosis | None:
            if self.glance.now().diagnosed.get(incident_id, 0) <= after:
                return None
            with self.desk.database.read() as conn:
                latest = diagnoses.latest(conn, incident_id)
            return latest if latest is not None and latest.number > after else None

        return awaited(found, within=PATIENCE, every=_EVERY, what=lambda: f"{incident_id} is not diagnosed")

    def _runbook(self, diagnosis: Diagnosis) -> Runbook:
        return self.desk.contents(diagnosis.content).runbooks[self.row.runbook]

    def _is_answered(self, diagnosis: Diagnosis) -> None:
        silent = {name: each for name, each in diagnosis.evidence.items() if not isinstance(each, Answer)}
        wanting = silent.keys() - set(self.row.either)
        assert wanting == self.row.unanswered.keys(), {name: each.message for name, each in silent.items()}
        for name, words in self.row.unanswered.items():
            assert words in silent[name].message, silent[name].message
        assert diagnosis.conclusions.held, f"nothing is concluded: {diagnosis.conclusions}"

    def _carried_out(
        self, incident_id: str, action: Action, inputs: Mapping[str, str], *, original_id: str | None = None
    ) -> str:
        """Ask, approve, and wait until it is verified; the request's id."""
        asked = ask(
            self.desk,
            person=ASKER,
            incident_id=incident_id,
            action=action.id,
            inputs=dict(inputs),
            reason="the catalogue is played",
            original_id=original_id,
        )
        assert isinstance(asked, Done), f"{action.id}: {asked}"
        request_id = asked.id
        while not self._is_verified(request_id, action):
            request_id = self._successor(request_id)
        return request_id

    def _is_verified(self, request_id: str, action: Action) -> bool:
        """Approve it and wait until it is verified; False where another request has taken its place meanwhile."""
        state = self._stands(request_id, not_in={"preparing"})
        assert state in {"open", "superseded"}, f"{action.id}: {self._note(request_id)}"
        for person in APPROVERS:
            if self._stands(request_id, not_in=set()) == "open":
                self._approve(request_id, person, action)

        def ended() -> bool | None:
            if self._stands(request_id, not_in=set()) == "superseded":
                return False
            done = self.glance.now().executions.get(request_id)
            assert done not in _WRONG, f"{action.id}: {self._execution(request_id)}"
            return True if done == "verified" else None

        return awaited(
            ended, within=PATIENCE, every=_EVERY, what=lambda: f"{action.id} is not verified: {self._note(request_id)}"
        )

    def _successor(self, request_id: str) -> str:
        """The request that was asked anew because something changed since this one was shown or approved."""
        audited = "select data from audit where request_id = :id and kind = 'request.superseded'"
        [(data,)] = self.scene.rows(audited, id=request_id)
        return str(json.loads(data)["next"])

    def _approve(self, request_id: str, person: str, action: Action) -> None:
        """Whoever may not is passed over; an alert that has ended meanwhile is no obstacle."""
        with self.desk.database.read() as conn:
            request = requests.get(conn, request_id)
        assert request is not None
        assert request.digest is not None
        for anyway in (False, True):
            told = vote(
                self.desk,
                person=person,
                request_id=request_id,
                digest=request.digest,
                typed=action.typed_phrase,
                anyway=anyway,
            )
            if not isinstance(told, Declined) or told.why not in {Why.ALERT_RESOLVED, Why.ALERT_SILENCED}:
                break
        allowed = {Why.NOT_IN_GROUP, Why.TARGETS_CHANGED, Why.SETTLED}
        assert not isinstance(told, Declined) or told.why in allowed, f"{action.id}, {person}: {told.say}"

    def _stands(self, request_id: str, *, not_in: set[str]) -> str:
        def state() -> str | None:
            found = self.glance.now().requests.get(request_id)
            return None if found in not_in else found

        return awaited(
            state, within=PATIENCE, every=_EVERY, what=lambda: f"{request_id} stands still: {self._note(request_id)}"
        )

    def _execution(self, request_id: str) -> str:
        with self.desk.database.read() as conn:
            return str(executions.get(conn, request_id))

    def _note(self, request_id: str) -> str:
        return str(self.scene.rows("select action, state, note from requests where id = :id", id=request_id))


def nothing_private_is_left(scene: Scene, rows: tuple[Row, ...]) -> None:
    """No planted value is in the bot's database (messages as they are to be said, answers, audit), nor in a log."""
    # Each text once: many a document is there again in every diagnosis, and there are hundreds of values to look for.
    cells = {repr(cell) for row in scene.every_row() for cell in row}
    held = "\n".join(cells)
    held += "\n".join(file.read_text(errors="replace") for file in scene.stage.logs.glob("bot*.log"))
    assert all(row.event in held for row in rows)
    leaked = scene.world.leaked(held)
    assert leaked == [], leaked
