"""When a Socket Mode connection counts as dead, on a clock that the test moves."""

from dataclasses import dataclass, field

from bot.core.errors import Unavailable
from bot.metrics.own import Metrics
from bot.metrics.stock import Stock
from bot.web.health import Health
from bot.web.sockets import Watchdog, is_hello, is_payload


@dataclass
class Line:
    """A connection as the test wants it."""

    number: int = 0
    payloads: int = 0
    is_greeted: bool = True
    is_closed: bool = False

    def heard(self) -> int:
        return self.number

    def events(self) -> int:
        return self.payloads

    def has_greeted(self) -> bool:
        return self.is_greeted

    def is_connected(self) -> bool:
        return not self.is_closed

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Exchange:
    """Opens lines, or does not answer."""

    at: float = 0.0
    is_down: bool = False
    greets: bool = True
    lines: list[Line] = field(default_factory=list)

    def connect(self) -> Line:
        if self.is_down:
            raise Unavailable("slack", "cannot be reached")
        self.lines.append(Line(is_greeted=self.greets))
        return self.lines[-1]

    def watchdog(self) -> Watchdog:
        return Watchdog(self.connect, clock=lambda: self.at)

    def pass_time(self, watchdog: Watchdog, seconds: int, *, alive: tuple[int, ...] = ()) -> None:
        """Look every 5 s, while lines of these numbers go on answering pings."""
        for _ in range(0, seconds, 5):
            self.at += 5
            for number in alive:
                self.lines[number].number += 1
            watchdog.look()


def test_a_line_on_which_nothing_is_heard_is_replaced_and_the_other_stays() -> None:
    exchange = Exchange()
    watchdog = exchange.watchdog()
    watchdog.look()
    exchange.pass_time(watchdog, 70, alive=(1,))

    assert [line.is_closed for line in exchange.lines] == [True, False, False]
    assert (watchdog.state().open, watchdog.state().replaced) == (2, 1)


def test_a_line_without_a_hello_is_replaced() -> None:
    exchange = Exchange(greets=False)
    watchdog = exchange.watchdog()
    watchdog.look()
    exchange.greets = True
    exchange.pass_time(watchdog, 20, alive=(0, 1))

    assert [line.is_closed for line in exchange.lines[:2]] == [True, True]
    assert watchdog.state().open == 2


def test_lines_that_bring_no_event_for_an_hour_are_renewed_one_at_a_time() -> None:
    exchange = Exchange()
    watchdog = exchange.watchdog()
    watchdog.look()
    exchange.pass_time(watchdog, 3600, alive=(0, 1))
    exchange.lines[1].payloads = 1
    exchange.pass_time(watchdog, 5, alive=(0, 1))

    assert [line.is_closed for line in exchange.lines] == [True, False, False]
    assert watchdog.state().replaced == 0


def test_while_slack_is_away_it_is_tried_ever_less_often_and_said() -> None:
    exchange = Exchange(is_down=True)
    watchdog = exchange.watchdog()
    watchdog.look()
    health = Health(
        stock=lambda: Stock(unfolded=0, fold_lag=0.0),
        content=lambda: "a" * 64,
        findings=lambda: 0,
        metrics=Metrics(),
        sockets=watchdog.state,
    )
    check = health.checks()["socket_mode"]
    exchange.is_down = False
    exchange.pass_time(watchdog, 5)

    assert check.message == "0 of 2 connections, something heard 0 s ago; slack is unavailable: cannot be reached"
    assert watchdog.state().open == 2


def test_what_comes_in_is_told_apart() -> None:
    said = ['{"type": "hello"}', '{"type": "events_api"}', '{"type": "disconnect"}', "pong", "[1]"]

    assert [(is_hello(each), is_payload(each)) for each in said] == [
        (True, False), (False, True), (False, False), (False, False), (False, False),
    ]  # fmt: skip
