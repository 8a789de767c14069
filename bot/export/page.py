"""The document of one incident as one HTML page: nothing outside it is needed to read, print or keep it."""

import json

from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.core.ports import Json
from bot.export.evidence import Document


def page(document: Document) -> str:
    """The page of a bundle. Everything in it is escaped; the page itself forbids scripts and foreign addresses."""
    environment = Environment(
        loader=PackageLoader("bot.export", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": _moment, "spelled": _spelled}
    return environment.get_template("incident.html").render(document)


def _moment(text: str | None) -> str:
    """`2026-11-21T08:00:00.000000+00:00` as people read it."""
    return "–" if text is None else f"{text[:10]} {text[11:19]} UTC"  # noqa: RUF001 - a dash that stands for nothing


def _spelled(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
