"""A form opens in time, however long it takes to make."""

from dataclasses import dataclass, field
from threading import Event
from typing import Any, cast

from bot.core.errors import BadInput
from bot.core.ports import Json
from bot.slack.answering import Answering
from bot.slack.payload import Click

FORM: dict[str, Json] = {"type": "modal", "callback_id": "ask"}
CLICK = Click.model_validate(
    {
        "user": {"id": "U0ANA"},
        "channel": {"id": "C0ONCALL"},
        "message": {"ts": "1.2"},
        "trigger_id": "3.4",
        "actions": [{"action_id": "ask", "value": "i:replay"}],
    }
)


@dataclass
class Reply:
    """What Slack was told, in order; `opened` is set once a form is open."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    opened: Event = field(default_factory=Event)

    def tell(self, *, channel: str, user: str, text: str, thread_ts: str | None) -> None:
        raise AssertionError(text)

    def open_view(self, *, trigger_id: str, view: dict[str, Json]) -> str:
        self.calls.append(("open", str(view["callback_id"])))
        self.opened.set()
        return "V1"

    def update_view(self, view_id: str, *, view: dict[str, Json]) -> None:
        self.calls.append((view_id, str(view["callback_id"])))


def answering(reply: Reply) -> Answering:
    return Answering(desk=cast(Any, None), reply=reply)


def test_what_is_made_in_time_opens_as_it_is() -> None:
    reply = Reply()

    answering(reply).open(CLICK, lambda: FORM, patience=30)

    assert reply.calls == [("open", "ask")]


def test_what_takes_long_opens_empty_at_once_and_is_filled_after() -> None:
    reply = Reply()

    def make() -> dict[str, Json]:
        assert reply.opened.wait(30)
        return FORM

    answering(reply).open(CLICK, make, patience=0)

    assert reply.calls == [("open", "moment"), ("V1", "ask")]


def test_what_turns_out_to_be_wrong_is_said_in_the_form_that_is_open() -> None:
    reply = Reply()

    def make() -> dict[str, Json]:
        assert reply.opened.wait(30)
        raise BadInput("there is no incident i")

    answering(reply).open(CLICK, make, patience=0)

    assert reply.calls == [("open", "moment"), ("V1", "refused")]


def test_where_nothing_need_be_asked_an_open_form_says_so() -> None:
    reply = Reply()

    def make() -> None:
        assert reply.opened.wait(30)

    answering(reply).open(CLICK, make, patience=0)
    answering(reply).open(CLICK, lambda: None, patience=30)

    assert reply.calls == [("open", "moment"), ("V1", "done")]
