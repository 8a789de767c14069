"""Matchers with labels and whether they hold: one table, held against our matcher and against Alertmanager's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    matcher: str
    holds: bool
    labels: Mapping[str, str] = field(default_factory=dict)


def _case(matcher: str, holds: bool, **labels: str) -> Case:
    return Case(matcher=matcher, holds=holds, labels=labels)


ACCEPTED = (
    _case('a="b"', True, a="b"),
    _case("a=b", True, a="b"),
    _case(' a = "b" ', True, a="b"),
    _case("a!=b", True, a="c"),
    _case('a=""', True, x="1"),
    _case("a=", True, x="1"),
    _case('a!=""', False, x="1"),
    _case('a=~"b.*"', True, a="bcd"),
    _case("a=~b.*", True, a="bcd"),
    _case('a=~"b"', False, a="bcd"),
    _case('a=~"b|c"', True, a="c"),
    _case('a=~"b|c"', False, a="cc"),
    _case('a!~"b|c"', False, a="c"),
    _case('a!~"b|c"', True, a="d"),
    _case('a=~""', True, x="1"),
    _case('a=~".*"', True, x="1"),
    _case('a=~".+"', False, x="1"),
    _case('a=~"b\\\\.c"', True, a="b.c"),
    _case('a=~"b\\\\.c"', False, a="bxc"),
    _case('a=~"b\\.c"', True, a="b.c"),
    _case('a=~"b\\.c"', False, a="bxc"),
    _case('a="b\\\\c"', True, a="b\\c"),
    _case('a="é"', True, a="é"),
    _case('a=~"\\\\d+"', True, a="12"),
    _case('a=~"\\\\d+"', False, a="\u0661"),
    _case('a=~"\\\\w+"', False, a="é"),
    _case('a=~"(?i)B"', True, a="b"),
    _case('a=~"^b$"', True, a="b"),
    _case('a=~"(?P<x>b)"', True, a="b"),
    _case('a=~"b+?"', True, a="bb"),
    _case('a=~"\\\\x62"', True, a="b"),
)

REFUSED = (
    'a-b="c"',
    '1a="b"',
    'a="b',
    'a=b"',
    'a="b"c',
    'a=="b"',
    "a",
    'a=~"("',
    'a=~"(?=b)b"',
    'a=~"b++"',
    'a=~"b{2000}"',
    'a=~"(b)\\\\1"',
    'a=~"b\\\\Z"',
    'a=~"[b-"',
)
"""Refused by Alertmanager too."""

REFUSED_BY_US = ("a='b'", "a=b c", "a=b,c", '{a="b"}', 'a="b",c="d"', 'a="b\\tc"', 'a=~"\\\\pL+"', 'a=~"[[:alpha:]]"')
"""Taken by some releases of Alertmanager, and not always in the same way."""
