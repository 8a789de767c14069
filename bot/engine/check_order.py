"""No question waits for itself, over however many others or parameters."""

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from bot.core.errors import ContentError
from bot.engine.catalog import Source
from bot.engine.check_names import parsed_in
from bot.engine.document import Path
from bot.engine.runbook import Runbook


def order(source: Source[Runbook]) -> Iterator[ContentError]:
    """A finding for the first circle there is: its questions would never be asked."""
    runbook = source.value
    nodes: dict[str, tuple[Path, object]] = {
        question.id: (("diagnose", at), question) for at, question in enumerate(runbook.diagnose)
    }
    nodes |= {f"params.{name}": (("params", name), param) for name, param in runbook.params.items()}
    try:
        TopologicalSorter({name: _needs(part, nodes) for name, (_, part) in nodes.items()}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        path, _ = nodes[circle[-1]]
        yield source.document.finding(path, f"never answered, it waits for itself: {' needs '.join(reversed(circle))}")


def _needs(part: object, nodes: Mapping[str, object]) -> set[str]:
    found: set[str] = set()
    for _, parsed in parsed_in(part, ()):
        for read in parsed.reads:
            found |= {read[0], ".".join(read[:2])} & nodes.keys()
            if read == ("params",):
                found |= {name for name in nodes if name.startswith("params.")}
    return found
