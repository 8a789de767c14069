"""Small Block Kit bodies that tests are made of."""

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "hello", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(action_id: str = "go", text: str = "Go", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def option(value: str, text: str | None = None) -> Json:
    return {"text": plain(text or value), "value": value}


def select(action_id: str = "pick", *values: str, **more: Any) -> Json:
    return {
        "type": "static_select",
        "action_id": action_id,
        "options": [option(v) for v in values or ("a", "b")],
        **more,
    }


def text_input(block_id: str = "reason", action_id: str = "text", **more: Any) -> Json:
    """An input block; `more` belongs to the block, except `element`, which adds to its element."""
    element = {"type": "plain_text_input", "action_id": action_id, **more.pop("element", {})}
    return {"type": "input", "block_id": block_id, "label": plain("Reason"), "element": element, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Replay"), "submit": plain("Send"), "blocks": list(blocks), **more}


def confirm(**more: Any) -> Json:
    return {
        "title": plain("Sure?"),
        "text": mrkdwn("This *replays* 3 webhooks."),
        "confirm": plain("Replay"),
        "deny": plain("Cancel"),
        **more,
    }
