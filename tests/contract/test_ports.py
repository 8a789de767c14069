"""Ports of a demo: nobody else takes one between its choice and its use."""

from contextlib import ExitStack

from bot.demo.ports import Ports


def test_two_that_look_at_the_same_moment_find_different_ports() -> None:
    with Ports() as one, Ports() as other:
        found = [*(one.pick(each) for each in (18431, 18432)), *(other.pick(each) for each in (18431, 18432))]

    assert len(set(found)) == 4


def test_the_wonted_port_is_free_again_once_its_demo_has_ended() -> None:
    with Ports() as before:
        wonted = before.pick(0)

    with Ports() as after:
        assert after.pick(wonted) == wonted


def test_many_that_take_any_port_get_one_each() -> None:
    with ExitStack() as stack:
        found = [stack.enter_context(Ports()).pick(0) for _ in range(30)]

    assert len(set(found)) == 30
