"""The one sandbox of templates and expressions: no globals, few filters, and nothing that could run for long.

Content files are written by people we trust to edit them, not to be careful: a slip must not hang the bot, and a value
from outside must never be executed. So what could grow without bound is refused when the file is loaded.
"""

import operator
import re
from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateError, Undefined, filters, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.core.quoting import iso, minus, plus, promql, segment

LONGEST_EXPRESSION = 2_000  # characters
LONGEST_TEMPLATE = 10_000
_LONGEST_TEXT = 100_000  # what `+` may build

FAILURES = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError, OSError)
"""What evaluating may raise: a missing value, one of the wrong type, or one that a filter cannot read."""

CALLABLE = frozenset({"timestamp", "date", "startswith", "endswith", "lower", "upper", "strip"})
_STATEMENTS = (
    nodes.For, nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.With, nodes.Block, nodes.Extends, nodes.Include,
    nodes.Import, nodes.FromImport, nodes.Assign, nodes.AssignBlock, nodes.ExprStmt, nodes.ScopedEvalContextModifier,
)  # fmt: skip
_FORMAT = re.compile(r"(?:[^%]|%%|%[-+ 0]?\d{0,2}(?:\.\d{1,2})?[dfgs])*")


class Missing(Undefined):
    """A name or attribute that is not there: falsy in `default(…)`, an error anywhere else."""

    __slots__ = ()
    __str__ = __iter__ = __len__ = __contains__ = Undefined._fail_with_undefined_error  # noqa: SLF001 - jinja2's own StrictUndefined is made this way
    __bool__ = __eq__ = __ne__ = __hash__ = Undefined._fail_with_undefined_error  # noqa: SLF001


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, where a name on a mapping means its key and nothing else (`table.count` is no method)."""

    intercepted_binops = frozenset({"+", "*", "%"})

    def getattr(self, obj: object, attribute: str) -> object:
        return self._of(obj, attribute) if isinstance(obj, Mapping) else super().getattr(obj, attribute)

    def getitem(self, obj: object, argument: object) -> object:
        return self._of(obj, argument) if isinstance(obj, Mapping) else super().getitem(obj, argument)

    def _of(self, obj: Mapping[object, object], key: object) -> object:
        return obj[key] if key in obj else self.undefined(obj=obj, name=str(key))

    def call_binop(self, context: object, operator: str, left: Any, right: Any) -> object:  # noqa: ARG002 - jinja2's hook
        """`*` and `%` are for numbers, so that no text is multiplied; what `+` joins stays small."""
        if operator != "+" and not (_is_number(left) and _is_number(right)):
            raise TypeError(f"{operator} is for numbers")
        result: object = _OPERATORS[operator](left, right)
        if isinstance(result, str | list) and len(result) > _LONGEST_TEXT:
            raise ValueError(f"longer than {_LONGEST_TEXT}")
        return result


_OPERATORS = {"+": operator.add, "*": operator.mul, "%": operator.mod}


def environment() -> Sandbox:
    """The sandbox with the filters content files may use; they are its whole vocabulary."""
    env = Sandbox(undefined=Missing, autoescape=False)
    env.globals.clear()
    env.filters = {name: env.filters[name] for name in _KEPT} | _OURS
    return env


def vetted(tree: nodes.Template) -> nodes.Template:
    """The tree, if it holds nothing that could run long or call what it should not. Raises ValueError otherwise."""
    for statement in tree.find_all(_STATEMENTS):
        raise ValueError(f"{{% {_word(statement)} %}} is not supported; there are {{{{ … }}}} and {{% if %}}")
    for _ in tree.find_all(nodes.Pow):
        raise ValueError("** is not supported")
    for call in tree.find_all(nodes.Call):
        if not (isinstance(call.node, nodes.Getattr) and call.node.attr in CALLABLE):
            raise ValueError(f"only these can be called: {', '.join(f'.{name}()' for name in sorted(CALLABLE))}")
    return tree


def _word(statement: nodes.Node) -> str:
    """A statement as it is written."""
    name = type(statement).__name__.lower()
    return _SPELLED.get(name, "set" if name.startswith("assign") else name.removesuffix("block"))


_SPELLED = {"fromimport": "from", "exprstmt": "do", "scopedevalcontextmodifier": "autoescape", "block": "block"}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _format(text: object, *values: object) -> str:
    """`'%.2f' | format(x)`, with widths that stay on a line."""
    pattern = str(text)
    if not _FORMAT.fullmatch(pattern):
        raise ValueError(f"format knows %d %f %g %s with a width and precision of two digits, not {pattern!r}")
    return pattern % values


def _round(value: float, precision: int = 0, method: str = "common") -> float:
    if not -10 <= precision <= 10:
        raise ValueError("round takes a precision of -10 to 10")
    return filters.do_round(value, precision, method)  # type: ignore[arg-type]  # jinja2 checks the method's name itself


def _counted(number: int | float, one: str, many: str) -> str:
    """`n | counted('event waits', 'events wait')`: "1 event waits", "3 events wait"."""
    if not _is_number(number):
        raise TypeError(f"counted is for numbers, not {type(number).__name__}")  # the value may be private
    return f"{number} {one if number == 1 else many}"


_KEPT = (
    "abs", "capitalize", "count", "d", "default", "first", "float", "int", "join", "last", "length", "list", "lower",
    "map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "string", "sum", "title",
    "trim", "unique", "upper",
)  # fmt: skip
_OURS = {
    "counted": _counted,
    "format": _format,
    "round": _round,
    "promql": promql,
    "segment": segment,
    "iso": iso,
    "minus": minus,
    "plus": plus,
}
