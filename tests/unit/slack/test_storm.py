"""The message of a storm is one that Slack takes, however many incidents and words there are."""

from datetime import timedelta

import pytest

from bot.engine.storm import Kind
from bot.slack.blocks.storm import storm_message
from bot.slack.storm_view import MOST, StormLine, StormView
from bot.slack.views import Mood
from sandbox.workspace.validate import check_message
from tests.unit.slack.samples import INCIDENT, NOW


def line(*, says: str = "behind", mood: Mood = Mood.FIRING, is_opened: bool = False) -> StormLine:
    return StormLine(
        incident_id=INCIDENT,
        title="Account is behind",
        says=says,
        severity="warning",
        mood=mood,
        opened_at=NOW,
        is_opened=is_opened,
    )


def view(*lines: StormLine, total: int, kind: Kind = Kind.STORM, is_over: bool = False) -> StormView:
    return StormView(
        kind=kind,
        began_at=NOW,
        ended_at=NOW + timedelta(minutes=5) if is_over else None,
        total=total,
        firing=total,
        by_system=(("Ledger", total),),
        by_severity=(("warning", total),),
        lines=lines,
    )


@pytest.mark.parametrize("says", ["", "x" * 5_000, "<!channel> & <@U1>" * 50], ids=["none", "long", "markup"])
@pytest.mark.parametrize("is_over", [False, True])
def test_slack_takes_it_whatever_the_alerts_say(says: str, *, is_over: bool) -> None:
    post = storm_message(view(*[line(says=says)] * MOST, total=5_000, is_over=is_over))

    check_message(text=post.text, blocks=list(post.blocks), attachments=None)
    assert "<!channel>" not in str(post.blocks)


def test_what_finds_no_room_is_counted() -> None:
    post = storm_message(view(*[line()] * MOST, total=1_000))

    assert "960 more incidents" in str(post.blocks[-2])


def test_what_has_a_thread_is_told_there_once_the_storm_is_over() -> None:
    post = storm_message(view(line(is_opened=True), line(mood=Mood.RESOLVED), total=2, is_over=True))
    opened, listed = (block["text"]["text"] for block in post.blocks[2:4])  # type: ignore[index,call-overload]

    assert str(opened).endswith("it has its own thread")
    assert str(listed).endswith("resolved")


def test_a_catch_up_says_what_it_is() -> None:
    post = storm_message(view(line(), total=12, kind=Kind.CATCH_UP))

    assert post.text == ":hourglass: While Slack could not be reached: 12 incidents"
