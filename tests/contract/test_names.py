"""A replica's name is its own, on both databases: whoever comes second is told so, and a dead one holds nothing."""

import subprocess
import sys

import pytest

from bot.core.errors import SettingsError
from bot.starting import alone
from bot.store.database import Database
from tests.kit.waiting import eventually

HOLD = """
import sys, time
from bot.store.database import Database
give_back = Database(sys.argv[1]).hold("one")
print(give_back is not None, flush=True)
time.sleep(600)
"""


def test_a_name_is_held_by_one_at_a_time(database: Database) -> None:
    first, second, other = database.hold("one"), database.hold("one"), database.hold("other")
    assert first is not None
    assert other is not None
    assert second is None

    first()

    again = database.hold("one")
    assert again is not None
    again()
    other()


def test_the_name_of_a_living_replica_keeps_another_from_starting(database: Database) -> None:
    give_back = alone(database, "one")

    with pytest.raises(SettingsError, match=r"COUNTERSIGN_REPLICA: another process .* is called one"):
        alone(database, "one", patience=0.3)

    give_back()
    alone(database, "one", patience=0)()


def test_a_process_that_is_killed_holds_its_name_no_longer(database: Database, database_url: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, database_url], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        said, taken = other.stdout.readline(), database.hold("one")
        other.kill()
        other.wait()

    assert (said, taken) == ("True\n", None)

    def is_free() -> bool:
        if (give_back := database.hold("one")) is None:
            return False
        give_back()
        return True

    assert eventually(is_free)
