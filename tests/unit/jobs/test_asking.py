"""Asking: in parallel where it can be, in order where it must be, and never longer than allowed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Barrier, Event, active_count

import pytest

from bot.core.errors import Unavailable
from bot.core.evidence import Answer, Failure, Reason
from bot.core.ports import HttpCall, HttpReply
from bot.engine.diagnose import seen_with
from bot.engine.runbook import Question
from bot.jobs.incidents.asking import Asker
from tests.kit.fakes import Answering, FakeHttp, FakeResources, ok

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IN_TIME = 20.0  # seconds; so long that only a hang reaches it


def asker(*, each: float = IN_TIME, whole: float = IN_TIME, most: int = 64) -> Asker:
    return Asker(now=lambda: NOW, each=each, whole=whole, most=most)


def question(id_: str, path: str = "/x", **more: object) -> Question:
    return Question.model_validate({"id": id_, "http": {"at": "api", "get": path, "show": {"n": "n"}}, **more})


@pytest.fixture
def release() -> Iterator[Event]:
    """Lets hanging hosts go at the end of the test, so that no thread outlives it."""
    event = Event()
    yield event
    event.set()


def test_questions_that_name_no_other_run_at_the_same_time() -> None:
    together = Barrier(3, timeout=IN_TIME)  # passes only when three calls are under way at once

    def meet(_call: HttpCall) -> HttpReply:
        together.wait()
        return ok({"n": "met"})

    resources = FakeResources(hosts={"api": Answering(meet)})

    evidence = asker()([question("a"), question("b"), question("c")], resources=resources, scope={})

    assert list(evidence) == ["a", "b", "c"]
    assert all(isinstance(each, Answer) for each in evidence.values())


def test_a_question_sees_the_answer_it_waits_for() -> None:
    host = FakeHttp({"GET /x": ok({"n": "17"}), "GET /jobs/17": ok({"n": "found"})})
    questions = [question("jobs", "/jobs/{{ dead.n }}"), question("dead")]

    evidence = asker()(questions, resources=FakeResources(hosts={"api": host}), scope={})

    assert [call.path for call in host.calls] == ["/x", "/jobs/17"]
    assert isinstance(evidence["jobs"], Answer)


def test_a_failed_question_is_reported_and_the_rest_still_run() -> None:
    host = FakeHttp({"GET /down": Unavailable("api", "no connection"), "GET /x": ok({"n": "1"})})
    questions = [question("down", "/down"), question("fine"), question("next", "/after/{{ down.n }}")]

    evidence = asker()(questions, resources=FakeResources(hosts={"api": host}), scope={})

    assert evidence["down"] == Failure(reason=Reason.UNAVAILABLE, message="api is unavailable: no connection")
    assert isinstance(evidence["fine"], Answer)
    assert evidence["next"] == Failure(reason=Reason.NEEDS, message="down was not answered (unavailable)")


def test_a_mistake_of_our_own_in_one_question_does_not_silence_the_others() -> None:
    def broken(call: HttpCall) -> HttpReply:
        if call.path == "/broken":
            raise KeyError("secret value")
        return ok({"n": "1"})

    questions = [question("broken", "/broken"), question("fine")]

    evidence = asker()(questions, resources=FakeResources(hosts={"api": Answering(broken)}), scope={})

    assert evidence["broken"] == Failure(reason=Reason.BROKEN, message="it met an error of our own (KeyError)")
    assert isinstance(evidence["fine"], Answer)


def test_a_question_past_its_deadline_is_a_timeout_and_the_rest_stand(release: Event) -> None:
    def hang(call: HttpCall) -> HttpReply:
        if call.path == "/hang":
            release.wait(IN_TIME)
        return ok({"n": "1"})

    questions = [question("slow", "/hang", timeout="50ms"), question("fine"), question("next", "/{{ slow.n }}")]

    evidence = asker()(questions, resources=FakeResources(hosts={"api": Answering(hang)}), scope={})

    assert evidence["slow"] == Failure(reason=Reason.TIMEOUT, message="api is unavailable: no answer within 0.05 s")
    assert isinstance(evidence["fine"], Answer)
    assert evidence["next"] == Failure(reason=Reason.NEEDS, message="slow was not answered (timeout)")


def test_the_whole_has_a_deadline_and_says_what_it_did_not_get_to(release: Event) -> None:
    def hang(_call: HttpCall) -> HttpReply:
        release.wait(IN_TIME)
        return ok({"n": "1"})

    hung = FakeResources(hosts={"api": Answering(hang)})
    questions = [question(f"q{n}", "/x") for n in range(3)]

    evidence = asker(whole=0.1, most=2)(questions, resources=hung, scope={})

    assert [each.reason for each in evidence.values() if isinstance(each, Failure)] == [Reason.TIMEOUT] * 3
    assert evidence["q2"] == Failure(reason=Reason.TIMEOUT, message="the 0.1 s of the whole diagnosis were over")


def test_hung_questions_keep_their_places_so_that_threads_stay_bounded(release: Event) -> None:
    def hang(_call: HttpCall) -> HttpReply:
        release.wait(IN_TIME)
        return ok({"n": "1"})

    hung = FakeResources(hosts={"api": Answering(hang)})
    ask = asker(each=0.02, whole=0.05, most=4)
    before = active_count()

    for _ in range(5):
        ask([question(f"q{n}") for n in range(4)], resources=hung, scope={})

    assert active_count() - before <= 4


def test_more_questions_than_places_are_asked_one_after_another() -> None:
    host = FakeHttp({"GET /x": ok({"n": "1"})})
    questions = [question(f"q{n}") for n in range(10)]

    evidence = asker(most=2)(questions, resources=FakeResources(hosts={"api": host}), scope={})

    assert all(isinstance(each, Answer) for each in evidence.values())
    assert len(host.calls) == 10


def test_questions_that_wait_for_each_other_say_so() -> None:
    questions = [question("a", "/{{ b.n }}"), question("b", "/{{ a.n }}")]

    evidence = asker()(questions, resources=FakeResources(hosts={"api": FakeHttp()}), scope={})

    assert evidence["a"] == Failure(reason=Reason.BROKEN, message="it and b wait for each other")
    assert evidence["b"] == Failure(reason=Reason.BROKEN, message="it and a wait for each other")


def test_a_question_that_is_not_asked_frees_the_one_behind_it() -> None:
    host = FakeHttp({"GET /x": ok({"n": "1"})})
    questions = [question("first", when="option.on"), question("second", "/x", when="first.failed")]

    evidence = asker()(questions, resources=FakeResources(hosts={"api": host}), scope={"option": {"on": False}})

    assert isinstance(evidence["first"], Failure)
    assert isinstance(evidence["second"], Answer)


def test_what_took_how_long_is_kept() -> None:
    host = FakeHttp({"GET /x": ok({"n": "1"})})

    asked = asker().ask(
        [question("a")], resources=FakeResources(hosts={"api": host}), see=lambda evidence: seen_with({}, evidence)
    )

    assert asked["a"].asked_at == NOW
    assert 0 <= asked["a"].took < IN_TIME * 1000
