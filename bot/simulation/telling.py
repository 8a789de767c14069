"""A played trial in words: which rule, which runbook, what would be asked, and what Slack would show."""

from collections.abc import Iterator, Mapping

from bot.core.evidence import Failure
from bot.simulation.cards import Card
from bot.simulation.messages import posts, readable, words
from bot.simulation.play import Played


def lines(played: Played, cards: Mapping[str, Card]) -> Iterator[str]:
    """Line by line, for a terminal; with the cards of the actions that are asked for."""
    incident = played.episode.incident
    yield f"event    {incident.event}"
    if played.route is not None:
        system, rule = played.route.rule.split("/")[:2]
        yield f"rule     {f'{system}: {rule}' if played.route.is_routed else 'none'}"
    yield f"runbook  {incident.runbook}"
    yield f"channel  {incident.channel}    severity {incident.severity}"
    for name, value in played.params.values.items():
        yield f"param    {name} = {value}"
    for name, why in played.params.failed.items():
        yield f"param    {name}: {why}"
    yield from _asked(played)
    top, thread = posts(played)
    for heading, text in (
        ("root message", readable(words(top))),
        *((f"thread, {at}", readable(words(post))) for at, post in enumerate(thread, 1)),
        *((f"card of {name}", card.text) for name, card in cards.items()),
    ):
        yield f"--- {heading} ---"
        yield text


def _asked(played: Played) -> Iterator[str]:
    for name, query in played.queries.items():
        yield f"asks     {name}: {query}"
    for name, found in played.evidence.items():
        if name not in played.queries and isinstance(found, Failure):
            yield f"not asked {name}: {found.message}"
