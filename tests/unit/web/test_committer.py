"""Group commit without a database: who shares a batch, who is told what, and what a stop does."""

import asyncio
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.core.errors import Unavailable
from bot.web.committer import Closed, Committer, Full
from tests.kit.waiting import eventually

_SOON = timedelta(seconds=10)


def nothing(size: int, seconds: float) -> None: ...


class Numbered:
    """Numbers what it is given, and notes the batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, items: Sequence[str]) -> Sequence[int]:
        self.batches.append(list(items))
        return [int(item) for item in items]


def test_what_comes_in_one_turn_of_the_loop_is_one_batch_and_each_gets_its_own_number() -> None:
    write = Numbered()
    committer = Committer(write, done=nothing)
    committer.start()

    async def many() -> list[int]:
        return await asyncio.gather(*(committer.submit(str(number)) for number in range(20)))

    assert asyncio.run(many()) == list(range(20))
    assert [len(batch) for batch in write.batches] == [20]
    assert committer.stop(_SOON)


def test_a_batch_is_bounded_and_order_is_kept() -> None:
    write = Numbered()
    committer = Committer(write, done=nothing)
    committer.start()

    async def many() -> list[int]:
        return await asyncio.gather(*(committer.submit(str(number)) for number in range(600)))

    assert asyncio.run(many()) == list(range(600))
    assert [len(batch) for batch in write.batches] == [256, 256, 88]
    assert committer.stop(_SOON)


def test_a_stop_writes_what_waits_and_takes_no_more() -> None:
    write = Numbered()
    committer = Committer(write, done=nothing)

    async def submit_then_stop() -> list[int]:
        futures = [committer.submit(str(number)) for number in range(3)]
        await asyncio.sleep(0)  # the loop hands them over
        committer.start()
        assert await asyncio.to_thread(committer.stop, _SOON)
        with pytest.raises(Closed):
            committer.submit("4")
        return await asyncio.gather(*futures)

    assert asyncio.run(submit_then_stop()) == [0, 1, 2]


def test_what_was_not_handed_over_when_it_stopped_is_refused_and_not_left_waiting() -> None:
    committer = Committer(Numbered(), done=nothing)
    committer.start()

    async def submit_and_stop_at_once() -> None:
        future = committer.submit("1")
        committer.stop(_SOON)
        await future

    with pytest.raises(Closed):
        asyncio.run(submit_and_stop_at_once())


def test_more_than_its_capacity_is_refused_at_once() -> None:
    committer = Committer(Numbered(), done=nothing, capacity=2)

    async def three() -> None:
        committer.submit("1")
        committer.submit("2")
        committer.submit("3")

    with pytest.raises(Full):
        asyncio.run(three())


def test_a_failure_is_told_to_each_of_its_batch() -> None:
    def write(items: Sequence[str]) -> Sequence[int]:
        raise Unavailable("database", "it is away")

    committer = Committer(write, done=nothing)
    committer.start()

    async def many() -> list[object]:
        return await asyncio.gather(*(committer.submit(str(number)) for number in range(3)), return_exceptions=True)

    assert [type(each) for each in asyncio.run(many())] == [Unavailable] * 3
    assert committer.stop(_SOON)


def test_one_who_has_given_up_does_not_disturb_the_others() -> None:
    let_go = threading.Event()

    def write(items: Sequence[str]) -> Sequence[int]:
        let_go.wait(10)
        return [int(item) for item in items]

    committer = Committer(write, done=nothing)
    committer.start()

    async def one_gives_up() -> int:
        impatient, patient = committer.submit("1"), committer.submit("2")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(impatient, 0.01)
        let_go.set()
        return await patient

    assert asyncio.run(one_gives_up()) == 2
    assert committer.stop(_SOON)


def test_a_loop_that_ended_before_its_commit_does_not_end_the_thread() -> None:
    write = Numbered()
    writing, let_go = threading.Event(), threading.Event()

    def slow(items: Sequence[str]) -> Sequence[int]:
        writing.set()
        let_go.wait(10)
        return write(items)

    committer = Committer(slow, done=nothing)
    committer.start()

    async def submit(item: str) -> asyncio.Future[int]:
        future = committer.submit(item)
        await asyncio.sleep(0)
        return future

    asyncio.run(submit("1"))
    assert writing.wait(10)
    let_go.set()

    async def another() -> int:
        return await committer.submit("2")

    assert asyncio.run(another()) == 2
    assert eventually(lambda: write.batches == [["1"], ["2"]])
    assert committer.stop(_SOON)


def test_it_tells_the_size_of_each_commit() -> None:
    told: list[int] = []
    committer = Committer(Numbered(), done=lambda size, seconds: told.append(size))
    committer.start()

    async def two() -> None:
        await asyncio.gather(committer.submit("1"), committer.submit("2"))

    asyncio.run(two())

    assert committer.stop(_SOON)
    assert told == [2]
