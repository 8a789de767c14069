"""Settings of the doors beside Slack: secrets that are hard to guess, and a second factor only where there is a key."""

import pytest

from bot.core.errors import SettingsError
from bot.settings import Settings

SECRET = "f2WvR0p1m3uQ8sZ6tYk9bLxA"


@pytest.mark.parametrize("name", ["COUNTERSIGN_CONSOLE_TOKEN", "COUNTERSIGN_TOTP_KEY"])
def test_a_secret_that_is_short_is_refused_without_being_repeated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "hunter2")

    with pytest.raises(SettingsError, match=f"{name}: .*at least 24 characters") as raised:
        Settings.read()

    assert "hunter2" not in str(raised.value)


def test_an_empty_secret_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_CONSOLE_TOKEN", "")
    monkeypatch.setenv("COUNTERSIGN_TOTP_KEY", "")

    assert (Settings.read().console_token, Settings.read().totp_key) == (None, None)


def test_a_second_factor_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_SECOND_FACTOR", "severe")
    with pytest.raises(SettingsError, match="COUNTERSIGN_TOTP_KEY"):
        Settings.read()

    monkeypatch.setenv("COUNTERSIGN_TOTP_KEY", SECRET)
    assert Settings.read().second_factor == "severe"
