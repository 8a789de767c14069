"""What a scope will hold, known before it does: names, columns and fields, so that a path can be held against them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from bot.core.evidence import Shown
from bot.core.reads import ITEM, Read
from bot.engine.reading import did_you_mean
from bot.engine.runbook import Targets
from bot.steps import CommandRun, HttpGet, HttpSend, Promql, SqlChange, SqlRead, StripeGet, StripePost
from bot.steps import Read as ReadStep
from bot.steps.step import Projected


@dataclass(frozen=True, kw_only=True, slots=True)
class Fields:
    """Names with what stands under each. In an open one others may be there too, such as the labels of an alert."""

    names: Mapping[str, "Shape"] = field(default_factory=dict)
    is_open: bool = False
    words: frozenset[str] = frozenset()  # other names that an open one is likely to have


@dataclass(frozen=True, kw_only=True, slots=True)
class Items:
    """A list."""

    each: "Shape"


Shape = Fields | Items | None
"""None stands for a single value, or for something that cannot be known."""

ALWAYS = ("failed", "reason", "message", "count", "cut", "status_code")


def fields(names: Iterable[str], **more: Shape) -> Fields:
    """A closed set of names; those given by keyword have a shape of their own."""
    return Fields(names={**dict.fromkeys(names), **more})


def lost(read: Read, scope: Fields) -> str | None:
    """Why a path leads nowhere in `scope`, in words; None when it leads somewhere.

    >>> lost(("params", "tennant"), fields([], params=fields(["tenant"])))
    'params.tennant is not there; did you mean tenant?'
    """
    here: Shape = scope
    for at, part in enumerate(read):
        match here:
            case None:
                return None
            case Items():
                if part != ITEM:
                    return f"{_spelled(read[:at])} is a list: write {_spelled(read[:at])}[0].{part}"
                here = here.each
            case Fields():
                if part == ITEM:
                    return None
                if part not in here.names and (why := _unknown(read[: at + 1], here)):
                    return why
                here = here.names.get(part)
    return None


def _unknown(path: Read, here: Fields) -> str | None:
    word, spelled = path[-1], _spelled(path)
    if here.is_open:
        # Nobody can list them all, so only what looks like a slip of the pen is one.
        close = [] if word in here.words else get_close_matches(word, list(here.names), n=1, cutoff=0.75)
        return f"{spelled} is not there; did you mean {close[0]}?" if close else None
    return f"{spelled} is not there{did_you_mean(word, here.names) or _there_are(here.names)}"


def _there_are(names: Iterable[str]) -> str:
    listed = sorted(names)
    return f"; there are: {', '.join(listed)}" if 0 < len(listed) <= 13 else ""


def _spelled(path: Read) -> str:
    """`("dead", "rows", "[]", "type")` as dead.rows[].type."""
    return ".".join(path).replace(f".{ITEM}", ITEM)


def answer(step: ReadStep | HttpSend | CommandRun | SqlChange | StripePost) -> Fields:
    """The facts of a step's answer, as `bot.core.facts` makes them."""
    columns = dict.fromkeys(columns_of(step))
    over = ("max", "min", "sum") if "value" in columns else ()
    is_open = isinstance(step, Promql)  # its labels are Prometheus' to say
    words = frozenset(_words(step.query.source)) if isinstance(step, Promql) else frozenset()
    row = Fields(names=columns, is_open=is_open, words=words)
    names: dict[str, Shape] = {**columns, **dict.fromkeys((*ALWAYS, *over)), "rows": Items(each=row)}
    return Fields(names=names, is_open=is_open, words=words)


def columns_of(step: ReadStep | HttpSend | CommandRun | SqlChange | StripePost) -> Mapping[str, Shown]:
    """The declared columns of a step's answer, with their classes."""
    match step:
        case Promql():
            return {"value": step.value}
        case SqlRead() | SqlChange():
            return step.columns
        case HttpGet() | HttpSend() | StripeGet() | StripePost() | CommandRun():
            return {
                name: shown.shown if isinstance(shown, Projected) else Shown.TEXT for name, shown in step.show.items()
            }


def targets(declared: Targets) -> Fields:
    """`targets`: what an action would touch."""
    step = declared.sql or declared.http or declared.stripe
    columns = columns_of(step) if step else {declared.id: Shown.ID}
    money = [name for name, shown in columns.items() if shown is Shown.MINOR]
    return fields(["ids", "count"], rows=Items(each=fields(columns)), sums=fields(money))


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() or character == "_" else " " for character in text).split()
