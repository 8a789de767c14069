"""Letting somebody in without Slack: who types a code of their own is that person; Slack's last word on them may do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.ports import Directory, Json
from bot.desk import people
from bot.desk.answer import Declined
from bot.desk.desk import Desk
from bot.desk.matter import matter_of
from bot.desk.policy import policy_of
from bot.desk.proving import Errand, prove
from bot.desk.remembering import Recalling
from bot.engine.request import Request
from bot.engine.system import Group


class Door(StrEnum):
    """Where somebody types a code."""

    CLI = "cli"
    API = "api"
    CONSOLE = "console"
    SLACK = "slack"  # where a code is asked for, too


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who somebody says they are, the code that proves it, and the door they stand at."""

    person: str
    code: str
    door: Door


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    """What somebody comes for, in a word for the audit, and what it is about."""

    wants: str
    request: Request | None = None
    incident_id: str | None = None
    groups: Collection[Group] = ()  # whose membership it takes, where no request says so
    more: Mapping[str, Json] | None = None


def admit(desk: Desk, caller: Caller, matter: Matter) -> Desk | Declined:
    """Take the code; the desk as it is for who gave it. What was recalled of whom, and how old it is, is audited.

    Everybody whom the deed will ask about is asked about first, so that it is on record before the deed is.
    """
    directory = Recalling(desk.directory, database=desk.database, now=desk.now, oldest=desk.oldest_facts)
    if matter.request is not None:
        _look_up(desk, directory, matter.request, caller.person)
    else:
        people.voters(directory, {caller.person}, matter.groups)
    now = desk.now()
    ages: dict[str, Json] = {id_: int((now - told).total_seconds()) for id_, told in sorted(directory.recalled.items())}
    errand = Errand(
        door=caller.door,
        incident_id=matter.request.incident_id if matter.request else matter.incident_id,
        request_id=matter.request.id if matter.request else None,
        more={"for": matter.wants, **(matter.more or {}), "recalled_seconds_ago": ages},
    )
    no = prove(desk, person=caller.person, code=caller.code, errand=errand)
    return no or replace(desk, directory=directory)


def _look_up(desk: Desk, directory: Directory, request: Request, person: str) -> None:
    policy = policy_of(desk, request)
    with desk.database.read() as conn:
        matter = matter_of(conn, request)
    people.voters(
        directory,
        {person, request.requester, *(each.person for each in matter.votes), *filter(None, [matter.resumer])},
        groups=policy.groups if policy else (),
        system=policy.system if policy else None,
        no_member={request.requester} - {person},
    )
