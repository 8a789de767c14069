"""What is read of many alerts is read of each once or twice, however many they are."""

from datetime import UTC, datetime
from typing import Any

from bot.core.event import Status
from bot.engine.alerts import Told
from bot.slack.reading import told_apart

MANY = 200


class Counted(dict[str, str]):
    """Labels that know how often somebody went through them."""

    looks = 0

    def items(self) -> Any:
        Counted.looks += 1
        return super().items()


def alert(number: int) -> Told:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    return Told(
        fingerprint=f"{number:016x}",
        starts_at=now,
        status=Status.FIRING,
        ends_at=None,
        seen_at=now,
        labels=Counted(alertname="Dead", endpoint=f"we_{number}", customer_name=f"Jane {number}"),
        annotations={"summary": f"{number} events of Jane {number} are dead"},
        generator_url="",
    )


def test_a_thousand_alerts_of_a_group_are_not_each_held_against_all_the_others() -> None:
    Counted.looks = 0
    told = told_apart([alert(number) for number in range(MANY)])

    assert told[f"{7:016x}"] == "7 events of [private] are dead"
    assert Counted.looks < 5 * MANY
