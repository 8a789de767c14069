"""What the content files ask of a resource: queries, paths, lists; without what this installation is not asked."""

import re
from collections.abc import Iterator, Mapping

from bot.core.errors import ExpressionError
from bot.core.expression import Expression
from bot.engine.catalog import Catalog
from bot.engine.detection import Option
from bot.engine.runbook import Action
from bot.engine.system import System
from bot.steps import HttpGet, SqlRead, StripeGet

_LIST = re.compile(r"(/v[12]/[a-z_]+(?:/[a-z_]+)?)(/\{\{.*)?")

Step = tuple[str, object]
"""Where it stands, and the step."""


def steps(catalog: Catalog, system: System, options: Mapping[str, Option]) -> Iterator[Step]:
    """Every question of the system's runbooks and checks that this kind of installation is asked."""
    for name, book in sorted(catalog.runbooks.items()):
        if name.startswith(f"{system.system}/"):
            asked = (each for each in book.diagnose if _is_asked(each.when, options))
            yield from ((f"{name}/{question.id}", question.step) for question in asked)
            for action in book.actions:
                if _is_asked(action.when, options):
                    yield from ((f"{name}#{action.id}", step) for step in _reads(action))
    yield from ((f"{system.system}/{each.id}", each.step) for each in system.checks if _is_asked(each.when, options))


def _reads(action: Action) -> Iterator[object]:
    """What an action reads before anything is changed."""
    for part in (action.preview, action.targets, action.leaves_out):
        found = (getattr(part, kind, None) for kind in ("sql", "http", "stripe"))
        yield from (step for step in found if step is not None)


def queries(found: Iterator[Step], resource: str) -> Iterator[tuple[str, SqlRead]]:
    for name, step in found:
        if isinstance(step, SqlRead) and step.at == resource:
            yield name, step


def paths(found: Iterator[Step], resource: str) -> Iterator[str]:
    """Of GETs that need nothing filled in; those about health come first."""
    steps = (step for _, step in found if isinstance(step, HttpGet) and step.at == resource and not step.query)
    plain = {step.get.source for step in steps if step.get and "{{" not in step.get.source}
    yield from sorted(plain, key=lambda path: ("health" not in path, path))


def lists(found: Iterator[Step], resource: str) -> Iterator[str]:
    """Of Stripe: where a list of such objects stands."""
    for _, step in found:
        if isinstance(step, StripeGet) and step.at == resource and (match := _LIST.fullmatch(step.get.source)):
            yield match[1]


def _is_asked(when: Expression | None, options: Mapping[str, Option]) -> bool:
    """Whether it may be asked here: a condition on anything but an option is not judged."""
    if when is None or when.names != {"option"}:
        return True
    try:
        return when.holds({"option": options})
    except ExpressionError:
        return True
