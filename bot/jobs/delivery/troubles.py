"""What Slack's errors mean for delivery: one message, one channel, one method, or everything."""

from datetime import timedelta
from enum import Enum, auto


class Means(Enum):
    """What is to be done about it."""

    SIMPLER = auto()  # the message is too much for Slack: say it in a simpler way
    ELSEWHERE = auto()  # the channel does not take it: the fallback channel does
    ANEW = auto()  # the message is gone: post it again
    THREAD_ANEW = auto()  # the root of its thread is gone: post that again, and the thread after it
    WAIT_FOR_TOKEN = auto()  # nothing works until somebody puts the token right
    WAIT_FOR_SCOPE = auto()  # this method does not work until somebody grants a scope
    WAIT = auto()  # a person has to look at this one message


_MEANINGS: dict[Means, tuple[str, ...]] = {
    Means.SIMPLER: (
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "only_one_table_allowed",
    ),
    Means.ELSEWHERE: (
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "is_inactive",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
    ),
    Means.ANEW: ("message_not_found",),
    Means.THREAD_ANEW: ("thread_not_found", "cannot_reply_to_message"),
    Means.WAIT_FOR_TOKEN: (
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    ),
    Means.WAIT_FOR_SCOPE: ("missing_scope", "no_permission", "not_allowed_token_type"),
}
_BY_WORD = {word: meaning for meaning, words in _MEANINGS.items() for word in words}

LOOK_AGAIN: dict[Means, timedelta] = {
    Means.WAIT_FOR_TOKEN: timedelta(minutes=1),
    Means.WAIT_FOR_SCOPE: timedelta(minutes=5),
    Means.WAIT: timedelta(minutes=15),
}
"""How long each is left alone before somebody may have put it right."""


def meaning(word: str) -> Means:
    """What a word of Slack's means; one we do not know concerns its message alone."""
    return _BY_WORD.get(word, Means.WAIT)
