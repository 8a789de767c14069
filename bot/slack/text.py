"""Text on its way to Slack: masked, escaped, measured. Only this module and `words` make it."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NewType

from bot.core.egress import mask

Safe = NewType("Safe", str)
"""mrkdwn in which every value is masked and escaped; only our own markup is left in it."""

Plain = NewType("Plain", str)
"""Masked text for places where Slack reads no markup: headers, buttons, table cells."""

# Control, zero-width and direction characters, and halves of surrogate pairs: they hide or turn text around.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_MOST = 6_000  # characters that are looked at; Slack shows 3,000 of a text
_HALF_ENTITY = re.compile(r"&[a-z]{0,4}$")
_LOOK_ALIKES = {"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"}  # noqa: RUF001 - that is what they are for
_PAIRED = {
    mark: re.compile(rf"(?<!\w){re.escape(mark)}(?=\S)([^\n]{{0,300}}?\S){re.escape(mark)}(?!\w)")
    for mark in _LOOK_ALIKES
}
_PERSON = re.compile(r"[UW][A-Z0-9]{1,30}")


def plain(value: object) -> Plain:
    """Any value as masked text, without control, invisible and direction characters."""
    return Plain(mask(_CONTROL.sub(" ", _bounded(str(value)))))


def cell(shown: str) -> Plain:
    """What `egress.shown` made of a cell: masked already, by the cell's class."""
    return Plain(_CONTROL.sub(" ", shown))


def safe(value: object) -> Safe:
    """Any value as mrkdwn that pings nobody and links nowhere."""
    return Safe(plain(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def unmarked(text: str) -> str:
    """A text of others, such as an alert's: asterisks and the like that stand in pairs are letters, and no markup.

    Slack knows no way to say so, hence look-alikes. An identifier with a `_` inside keeps it.
    """
    for mark, like in _LOOK_ALIKES.items():
        text = _PAIRED[mark].sub(rf"{like}\1{like}", text)
    return text


def code(value: object) -> Safe:
    """A value in fixed-width letters; an identifier, a path."""
    inner = safe(value).replace("`", "'").replace("\n", " ").strip()
    return Safe(f"`{inner}`") if inner else Safe("")


def bold(value: object) -> Safe:
    """A value in bold; its own asterisks would end it early."""
    inner = safe(value).replace("*", "∗").replace("\n", " ").strip()  # noqa: RUF001 - U+2217 looks like an asterisk and marks nothing
    return Safe(f"*{inner}*") if inner else Safe("")


def joined(parts: Iterable[Safe], between: str) -> Safe:
    return Safe(between.join(part for part in parts if part))


DATE_FORMAT = "{date_short_pretty} {time}"


def in_utc(moment: datetime) -> str:
    """A moment for where the reader's own zone is not known: with the zone's name."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def when(moment: datetime) -> Safe:
    """A moment in the reader's own zone; where that cannot be shown, in UTC with its name."""
    if moment.timestamp() < 0:
        return Safe(in_utc(moment))  # Slack counts from 1970
    return Safe(f"<!date^{int(moment.timestamp())}^{DATE_FORMAT}|{in_utc(moment)}>")


def person(user_id: str) -> Safe:
    """A member as a mention; anything that is no member id, such as a name from the command line, as text."""
    return Safe(f"<@{user_id}>") if _PERSON.fullmatch(user_id) else safe(user_id)


def link(url: str, label: str) -> Safe:
    """A link, or just its label when the address is no plain web address or holds something to be masked."""
    if not is_web(url) or mask(url) != url:
        return safe(label)
    return Safe(f"<{url.replace('&', '&amp;')}|{safe(label).replace('|', '/')}>")


def is_web(url: str) -> bool:
    """Whether Slack takes it as a link: http(s), no spaces or markup, at most 3000 characters."""
    return bool(re.fullmatch(r"https?://[^\s<>|\"]+", url)) and len(url) <= 3000


def _bounded(text: str) -> str:
    """At most as much as could ever be shown, up to a blank, so that nothing is cut before it is looked at whole."""
    if len(text) <= _MOST:
        return text
    return (text[:_MOST].rsplit(None, 1) or [""])[0] + " …"


def clip(text: Safe, limit: int) -> Safe:
    """At most `limit` characters, never ending inside an entity, a mention or a date."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    if cut.rfind("<") > cut.rfind(">"):
        cut = cut[: cut.rfind("<")]
    return Safe(_HALF_ENTITY.sub("", cut).rstrip() + "…")


def clip_plain(text: Plain, limit: int) -> Plain:
    """At most `limit` characters on one line."""
    line = " ".join(text.split())
    return Plain(line if len(line) <= limit else line[: limit - 1].rstrip() + "…")
