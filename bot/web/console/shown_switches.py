"""Kill switches as the API and the console show them."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import Connection

from bot.core.model import Frozen
from bot.engine.switch import BOT, Kind
from bot.slack.reading import Contents
from bot.slack.switch_view import listed
from bot.slack.text import plain


class SwitchShown(Frozen):
    """A switch that is engaged."""

    name: str
    kind: Kind = Field(description="bot: the bot's own actions; business: at the billing system, released by an action")
    title: str = Field(description="what it stops")
    person: str
    reason: str
    since: datetime
    until: datetime = Field(description="when somebody is reminded of it; it does not end by itself")
    is_verified: bool
    does_not_stop: str | None = Field(description="what goes on all the same")


class IdleShown(Frozen):
    """A switch of a billing system that is not engaged, and the action that would engage it."""

    name: str
    title: str
    action: str
    does_not_stop: str


class NoneShown(Frozen):
    """A billing system that has no switch, and why."""

    system: str
    why: str


class Switches(Frozen):
    """Every switch."""

    engaged: tuple[SwitchShown, ...]
    idle: tuple[IdleShown, ...]
    without: tuple[NoneShown, ...]
    names: tuple[str, ...] = Field(description="of the bot's own that may be engaged, single actions left out")


def switches(conn: Connection, files: Contents) -> Switches:
    """All of them, by the files in use now."""
    found = listed(conn, files.systems)
    taken = {each.name for each in found.engaged}
    names = (BOT, *(f"{BOT}:{each}" for each in sorted(files.systems)))
    return Switches(
        engaged=tuple(
            SwitchShown(
                name=each.name,
                kind=each.kind,
                title=plain(each.title),
                person=each.person,
                reason=plain(each.reason),
                since=each.since,
                until=each.until,
                is_verified=each.is_verified,
                does_not_stop=plain(each.does_not_stop) if each.does_not_stop else None,
            )
            for each in found.engaged
        ),
        idle=tuple(
            IdleShown(
                name=each.name,
                title=plain(each.title),
                action=each.action,
                does_not_stop=plain(each.does_not_stop),
            )
            for each in found.idle
        ),
        without=tuple(NoneShown(system=plain(title), why=plain(why)) for title, why in found.without),
        names=tuple(each for each in names if each not in taken),
    )
