"""Asks questions in parallel: each as soon as those it names are answered, each with a deadline, and all with one."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread

from bot.core.errors import CountersignError, TimedOut
from bot.core.evidence import Answer, Evidence, Failure, Reason
from bot.core.ports import Resources
from bot.engine.diagnose import Seen, crossed, failure, seen_with, waits_for, withheld
from bot.engine.runbook import Question
from bot.steps.step import Call, Scope
from bot.store.diagnoses import Asked
from bot.store.work import Clock

_log = logging.getLogger(__name__)
_EACH = 10.0  # seconds a question has, unless it says otherwise
_WHOLE = 30.0  # seconds all questions have together
_MOST = 64  # questions under way at once in this process, those included whose deadline has passed
_FULL = 0.05  # seconds until a full house is looked at again

See = Callable[[Mapping[str, Evidence]], Seen]
"""What is seen once these answers are there."""


class Asker:
    """Asks by threads of its own. A question past its deadline is a failure; its thread is left to end by itself,
    and keeps its place until then, so that hung servers cannot take ever more threads."""

    def __init__(self, *, now: Clock, each: float = _EACH, whole: float = _WHOLE, most: int = _MOST) -> None:
        self._now = now
        self._each = each
        self._whole = whole
        self._places = BoundedSemaphore(most)

    def __call__(self, questions: Sequence[Question], *, resources: Resources, scope: Scope) -> Mapping[str, Evidence]:
        """Ask afresh, in a scope that holds all else they read. Never raises for what a question meets."""
        asked = self.ask(questions, resources=resources, see=lambda evidence: seen_with(scope, evidence))
        return {question: each.evidence for question, each in asked.items()}

    def ask(self, questions: Sequence[Question], *, resources: Resources, see: See) -> Mapping[str, Asked]:
        """Ask them all; the evidence of each by id, in their order."""
        round_ = _Round(questions, resources=resources, see=see, now=self._now, each=self._each, whole=self._whole)
        asked = round_.run(self._places)
        return {question.id: asked[question.id] for question in questions}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Running:
    question: Question
    seen: Seen
    asked_at: datetime
    since: float
    limit: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Result:
    question: str
    outcome: Answer | CountersignError | Failure


class _Round:
    """One asking of a set of questions; used by one thread, whose workers only put into its queue."""

    def __init__(
        self,
        questions: Sequence[Question],
        *,
        resources: Resources,
        see: See,
        now: Clock,
        each: float,
        whole: float,
    ) -> None:
        self._waiting = {question.id: question for question in questions}
        self._ids = frozenset(self._waiting)
        self._running: dict[str, _Running] = {}
        self._asked: dict[str, Asked] = {}
        self._results: SimpleQueue[_Result] = SimpleQueue()
        self._resources = resources
        self._see = see
        self._now = now
        self._each = each
        self._whole = whole
        self._end = time.monotonic() + whole

    def run(self, places: BoundedSemaphore) -> Mapping[str, Asked]:
        while self._waiting or self._running:
            is_full = self._start_ready(places)
            if not self._running and not is_full:
                self._settle_crossed()
            self._await(at_most=_FULL if is_full else None)
            self._give_up_late()
        return self._asked

    def _start_ready(self, places: BoundedSemaphore) -> bool:
        """Start what waits for nothing more; True when there was no place for all of it."""
        while ready := self._ready():
            question, now = ready
            if why := withheld(question, now):
                self._note(question, why, since=time.monotonic(), asked_at=self._now())
            elif places.acquire(blocking=False):
                self._start(question, now, places)
            else:
                return True
            del self._waiting[question.id]
        return False

    def _ready(self) -> tuple[Question, Seen] | None:
        now = self._see({question: asked.evidence for question, asked in self._asked.items()})
        for question in self._waiting.values():
            if not waits_for(question, ids=self._ids, params=now.params) - self._asked.keys():
                return question, now
        return None

    def _start(self, question: Question, now: Seen, places: BoundedSemaphore) -> None:
        own = question.timeout.total_seconds() if question.timeout else self._each
        since = time.monotonic()
        limit = max(0.001, min(own, self._end - since))
        asked_at = self._now()
        self._running[question.id] = _Running(question=question, seen=now, asked_at=asked_at, since=since, limit=limit)
        call = Call(resources=self._resources, scope=now.scope, timeout=limit, now=asked_at)
        # A daemon: a hung server must not keep the process from ending either.
        Thread(
            target=_work, args=(question, call, self._results, places), name=f"ask-{question.id}", daemon=True
        ).start()

    def _await(self, *, at_most: float | None) -> None:
        """Take results until one deadline passes, or one result came and no more are there."""
        if not self._running and at_most is None:
            return
        ends = [running.since + running.limit for running in self._running.values()]
        pause = max(0.0, min([*ends, self._end]) - time.monotonic())
        try:
            self._take(self._results.get(timeout=pause if at_most is None else min(pause, at_most)))
            while True:
                self._take(self._results.get_nowait())
        except Empty:
            return

    def _take(self, result: _Result) -> None:
        running = self._running.pop(result.question, None)
        if running is None:
            return  # it came after its deadline
        match result.outcome:
            case CountersignError() as error:
                evidence: Evidence = failure(error, question=running.question, now=running.seen)
            case Answer() | Failure() as evidence:
                pass
        self._note(running.question, evidence, since=running.since, asked_at=running.asked_at)

    def _give_up_late(self) -> None:
        moment = time.monotonic()
        for running in list(self._running.values()):
            if moment >= running.since + running.limit:
                del self._running[running.question.id]
                late = TimedOut(running.question.step.at, round(running.limit, 3))
                why = failure(late, question=running.question, now=running.seen)
                self._note(running.question, why, since=running.since, asked_at=running.asked_at)
        if moment >= self._end:
            for question in self._waiting.values():
                why = Failure(reason=Reason.TIMEOUT, message=f"the {self._whole:g} s of the whole diagnosis were over")
                self._note(question, why, since=moment, asked_at=self._now())
            self._waiting.clear()

    def _settle_crossed(self) -> None:
        for question in self._waiting.values():
            why = crossed(question, self._waiting.keys())
            self._note(question, why, since=time.monotonic(), asked_at=self._now())
        self._waiting.clear()

    def _note(self, question: Question, evidence: Evidence, *, since: float, asked_at: datetime) -> None:
        took = round((time.monotonic() - since) * 1000)
        self._asked[question.id] = Asked(evidence=evidence, asked_at=asked_at, took=took)


def _work(question: Question, call: Call, results: SimpleQueue[_Result], places: BoundedSemaphore) -> None:
    try:
        outcome: Answer | CountersignError | Failure = question.step.run(call)
    except CountersignError as error:
        outcome = error
    except Exception as error:  # noqa: BLE001 - a mistake of ours in one question must not silence the others
        _log.error("question.broke", extra={"question": question.id, "error": type(error).__name__})
        outcome = Failure(reason=Reason.BROKEN, message=f"it met an error of our own ({type(error).__name__})")
    finally:
        places.release()
    results.put(_Result(question=question.id, outcome=outcome))
