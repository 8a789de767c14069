"""The messages a trial would bring into Slack, by the same builders, and all they say as plain text."""

import re
from collections.abc import Iterator, Mapping
from html import unescape

from bot.core.ports import Json
from bot.engine.alerts import firing
from bot.simulation.play import Played
from bot.slack import evidence_view, incident_view
from bot.slack.blocks.checklist import checklist
from bot.slack.blocks.evidence import evidence
from bot.slack.blocks.layout import Post
from bot.slack.blocks.root import root
from bot.slack.reading import Case
from bot.store.diagnoses import Asked, Diagnosis

_A_MOMENT = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_A_LINK = re.compile(r"<(https?://[^|>]*)\|([^>]*)>")


def case_of(played: Played) -> Case:
    """The incident with its finished diagnosis, as the builders take it."""
    incident = played.episode.incident
    diagnosis = Diagnosis(
        incident_id=incident.id,
        number=1,
        content=incident.content,
        ordered_at=played.now,
        started_at=played.now,
        finished_at=played.now,
        asked={name: Asked(evidence=each, asked_at=played.now, took=0) for name, each in played.evidence.items()},
        conclusions=played.conclusions,
        error=None,
    )
    return Case(
        incident=incident,
        system=played.system,
        runbook=played.runbook,
        diagnosis=diagnosis if played.runbook else None,
        scope=played.scope,
    )


def posts(played: Played) -> tuple[Post, tuple[Post, ...]]:
    """The root message, and what follows in its thread."""
    case = case_of(played)
    alerts = played.episode.alerts
    fire = firing(alerts)
    view = incident_view.composed(case, [(each, each.identity in fire) for each in alerts.values()])
    found, points = evidence_view.evidence_view(case), incident_view.checklist_view(case)
    thread = [evidence(found)[0]] if found else []
    return root(view), (*thread, *([checklist(points)] if points else []))


def words(post: Post) -> str:
    """Everything a message says, a line for each piece; buttons in brackets."""
    return "\n".join(line for block in post.blocks for line in _lines(block))


def readable(text: str) -> str:
    """Slack's markup as people read it: moments in UTC, links with their address behind them."""
    return unescape(_A_LINK.sub(r"\2 (\1)", _A_MOMENT.sub(r"\1", text)))


def _lines(part: Json) -> Iterator[str]:
    match part:
        case {"type": "button", "text": {"text": str() as label}}:
            yield f"[{label}]"
        case {"type": "divider"}:
            return
        case {"type": "table", "rows": list() as rows}:
            yield from (" | ".join(" ".join(_lines(cell)) for cell in row) for row in rows if isinstance(row, list))
        case {"text": str() as text}:
            yield text
        case Mapping():
            for name, inner in part.items():
                if name not in {"confirm", "type", "block_id", "action_id", "value", "style"}:
                    yield from _lines(inner)
        case list() | tuple():
            for each in part:
                yield from _lines(each)
