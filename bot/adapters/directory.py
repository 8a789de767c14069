"""Who people are, as Slack knows them; remembered for seconds, and unknown rather than guessed."""

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from slack_sdk import WebClient

from bot.adapters.slack_calls import Throttled, translated
from bot.core.errors import NotVouched, Refused, Unavailable, Unknown
from bot.core.ports import Person

_KEEP = 30.0  # seconds that somebody who left, or was made a guest, is still believed
_MOST = 5_000
_GONE = frozenset({"user_not_found", "user_not_visible", "no_such_subteam", "subteam_not_found", "subteam_disabled"})

T = TypeVar("T")


class SlackDirectory:
    """Implements `bot.core.ports.Directory`: whatever Slack does not say for certain is `Unavailable`."""

    def __init__(self, client: WebClient, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._people: _Memory[Person] = _Memory(clock)
        self._groups: _Memory[frozenset[str]] = _Memory(clock)
        self._home: str | None = None

    def person(self, user_id: str) -> Person:
        """A member by id."""
        return self._people.get(user_id, self._ask_person)

    def members(self, usergroup_id: str) -> frozenset[str]:
        """The active members of a usergroup."""
        return self._groups.get(usergroup_id, self._ask_members)

    def _ask_person(self, user_id: str) -> Person:
        user = _certain(lambda: self._client.users_info(user=user_id)["user"])
        profile = user.get("profile") or {}
        return Person(
            id=str(user["id"]),
            name=str(profile.get("display_name") or user.get("real_name") or user.get("name") or user_id),
            email=profile.get("email"),
            is_bot=_flag(user, "is_bot") or user["id"] == "USLACKBOT",
            is_deleted=_flag(user, "deleted"),
            is_guest=_flag(user, "is_restricted") or _flag(user, "is_ultra_restricted"),
            is_stranger=_flag(user, "is_stranger") or self._is_from_elsewhere(user),
        )

    def _ask_members(self, usergroup_id: str) -> frozenset[str]:
        users = _certain(lambda: self._client.usergroups_users_list(usergroup=usergroup_id)["users"])
        return frozenset(map(str, users))

    def _is_from_elsewhere(self, user: Any) -> bool:
        """Whether the account is another workspace's, seen through a shared channel."""
        if self._home is None:
            self._home = str(_certain(lambda: self._client.auth_test()["team_id"]))
        is_ours = user.get("team_id") == self._home or self._home in (user.get("enterprise_user") or {}).get(
            "teams", []
        )
        return not is_ours


class _Memory(Generic[T]):
    """Answers by id, each for a short time; a failure is not remembered."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, T]] = {}

    def get(self, key: str, ask: Callable[[str], T]) -> T:
        now = self._clock()
        with self._lock:
            known = self._known.get(key)
        if known is not None and now < known[0]:
            return known[1]
        answer = ask(key)
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = (now + _KEEP, answer)
        return answer


def _flag(user: Any, name: str) -> bool:
    return bool(user.get(name, False))


def _certain(ask: Callable[[], Any]) -> Any:
    try:
        with translated():
            answer = ask()
    except (Refused, Throttled) as error:
        raise NotVouched("slack's directory", error.why, is_gone=error.why in _GONE) from error
    except Unknown as error:
        raise Unavailable("slack's directory", error.why) from error
    if answer is None:
        raise NotVouched("slack's directory", "an answer without what was asked")
    return answer
