"""The kinds of step, one per module; this is the only list.

Reads and writes are two unions, so a write under `diagnose:` does not validate.
"""

from bot.steps.command import CommandRun
from bot.steps.http import HttpGet, HttpSend
from bot.steps.promql import Promql
from bot.steps.sql import SqlChange, SqlRead
from bot.steps.stripe import StripeGet, StripePost

Read = Promql | SqlRead | StripeGet | HttpGet
Write = HttpSend | SqlChange | StripePost | CommandRun

__all__ = [
    "CommandRun",
    "HttpGet",
    "HttpSend",
    "Promql",
    "Read",
    "SqlChange",
    "SqlRead",
    "StripeGet",
    "StripePost",
    "Write",
]
