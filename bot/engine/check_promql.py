"""PromQL parses, and every value put into it is quoted."""

from collections.abc import Iterator

import promql_parser

from bot.core.errors import ContentError
from bot.core.template import Template
from bot.engine.catalog import Source
from bot.engine.check_references import steps_in
from bot.engine.runbook import Runbook
from bot.steps import Promql


def promql(source: Source[Runbook]) -> Iterator[ContentError]:
    """Findings about every PromQL text of a runbook."""
    for path, step in steps_in(source.value, ()):
        if isinstance(step, Promql):
            where, loose = (*path, "query"), step.query.unfiltered("promql")
            for name in loose:
                yield source.document.finding(where, f"put what you insert from {name} in as {{{{ … | promql }}}}")
            if not loose and (why := unparsed(step.query)):
                yield source.document.finding(where, why)


def unparsed(query: Template | str) -> str | None:
    """What is wrong with a query, values standing in for what is inserted; None when it parses."""
    text = query if isinstance(query, str) else query.filled('"x"')
    try:
        promql_parser.parse(text)
    except ValueError as error:
        return f"not PromQL: {' '.join(str(error).split())}"
    return None
