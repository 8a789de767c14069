"""The messages of played trials as one page that loads nothing from anywhere."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from bot.core.egress import mask
from bot.simulation.cards import Card
from bot.simulation.messages import posts, readable, words
from bot.simulation.play import Played

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1d1c1d}"
    "article{border:1px solid #ddd;border-radius:8px;padding:.75rem 1rem;margin:.75rem 0}"
    "article.thread{margin-left:2rem}pre{white-space:pre-wrap;font:inherit;margin:0}"
    "code{background:#f6f6f6;padding:.1rem .3rem;border-radius:4px}"
)


def page(played: Sequence[tuple[Played, Mapping[str, Card]]]) -> str:
    """A whole HTML document."""
    body = "\n".join(part for each, cards in played for part in _one(each, cards))
    return (
        "<!doctype html>\n<html lang=en><meta charset=utf-8>"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>What would be posted</title><style>{_STYLE}</style>\n{body}\n</html>\n"
    )


def _one(played: Played, cards: Mapping[str, Card]) -> Iterator[str]:
    incident = played.episode.incident
    top, thread = posts(played)
    yield f"<h2>{escape(mask(incident.title))}</h2>"
    yield f"<p><code>{escape(incident.event)}</code> → <code>{escape(incident.runbook)}</code></p>"
    yield _message(readable(words(top)), "root")
    below = (*(readable(words(post)) for post in thread), *(card.text for card in cards.values()))
    yield from (_message(text, "thread") for text in below)


def _message(text: str, kind: str) -> str:
    return f"<article class={kind}><pre>{escape(text)}</pre></article>"
