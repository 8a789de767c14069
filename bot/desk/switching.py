"""Bot switches: anybody who may approve something may stop the bot; to let it act again takes an approver's reason."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Connection

from bot.core.egress import mask
from bot.core.ports import Directory, Json
from bot.desk.answer import Cause, Declined, Done, declined
from bot.desk.desk import Contents
from bot.desk.people import not_of
from bot.engine.switch import BOT, DEFAULT_TTL, LONGEST_TTL, Kind, Switch, scope_of
from bot.engine.system import Group
from bot.store import audit, orders, switches
from bot.store.database import Database
from bot.store.work import Clock, Enqueue

_LONGEST_REASON = 500


class Switching(Protocol):
    """What engaging and releasing works with; a Desk has it all."""

    @property
    def database(self) -> Database: ...

    @property
    def enqueue(self) -> Enqueue: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def contents(self) -> Callable[[str], Contents]: ...

    @property
    def revision(self) -> Callable[[], str]: ...

    @property
    def now(self) -> Clock: ...

    @property
    def new_id(self) -> Callable[[], str]: ...


def engage(
    desk: Switching, *, person: str, name: str, reason: str, ttl: timedelta = DEFAULT_TTL, operator: bool = False
) -> Done | Declined:
    """Stop the actions that `name` is about, at once; `ttl` is when to remind of it. Done holds the engagement's id.

    `operator` is somebody at the machine with access to the database, who needs no directory to vouch for them.
    """
    told = _engage(desk, person=person, name=name, reason=reason, ttl=ttl, operator=operator)
    return _kept(desk, told, verb="engage", person=person, name=name)


def _engage(desk: Switching, *, person: str, name: str, reason: str, ttl: timedelta, operator: bool) -> Done | Declined:
    files = desk.contents(desk.revision())
    systems = tuple(scope_of(name, systems=files.systems, runbooks=files.runbooks))
    said = _said(reason)
    if no := _wrong(files, name, systems, reason=said) or _wrong_ttl(ttl):
        return no
    if not operator and (why := not_of(desk.directory, person, _groups(files, files.systems))):
        return declined(why)
    now = desk.now()
    switch = Switch(
        id=desk.new_id(),
        name=name,
        kind=Kind.BOT,
        scope="",
        system=None if name == BOT else systems[0],
        person=person,
        reason=said,
        since=now,
        until=now + ttl,
        is_verified=True,
        reminders=0,
        released_at=None,
        released_by=None,
        release_reason=None,
    )
    with desk.database.begin() as conn:
        audit.lock(conn)  # every effect takes it before it looks: after this commit none begins
        if not switches.engage(conn, switch):
            held = switches.named(conn, name)[0]
            return Declined(why=Cause.ALREADY_ENGAGED, say=f"{name} is engaged already, by {_called(held.person)}.")
        more: dict[str, Json] = {"until": switch.until.isoformat()}
        _write(desk, conn, switch, verb="engaged", person=person, reason=said, more=more)
    return Done(id=switch.id)


def release(desk: Switching, *, person: str, name: str, reason: str, operator: bool = False) -> Done | Declined:
    """Let the actions run again that `name` stops; what was held and is still fresh starts."""
    told = _release(desk, person=person, name=name, reason=reason, operator=operator)
    return _kept(desk, told, verb="release", person=person, name=name)


def _release(desk: Switching, *, person: str, name: str, reason: str, operator: bool) -> Done | Declined:
    files = desk.contents(desk.revision())
    said = _said(reason)
    with desk.database.read() as conn:
        held = switches.named(conn, name)
    if any(each.kind is Kind.BUSINESS for each in held) or _is_business(files, name):
        return Declined(why=Cause.NOT_OFFERED, say=_BY_ACTION)
    if not held:
        return Declined(why=Cause.NOT_ENGAGED, say=f"{name} is not engaged.")
    if not said:
        return Declined(why=Cause.NO_REASON, say="Say why it may be released.")
    systems = tuple(scope_of(name, systems=files.systems, runbooks=files.runbooks)) or _left(files, held)
    if not operator and (why := not_of(desk.directory, person, _groups(files, systems))):
        return declined(why)
    with desk.database.begin() as conn:
        audit.lock(conn)
        if not switches.release(conn, held[0].id, person=person, reason=said, now=desk.now()):
            return Declined(why=Cause.NOT_ENGAGED, say=f"{name} has been released just now.")
        _write(desk, conn, held[0], verb="released", person=person, reason=said)
    return Done(id=held[0].id)


_BY_ACTION = (
    "This switch changes things at the billing system, so it is an action like any other: ask for it with the buttons "
    "in an incident's thread, and somebody else approves it."
)


def _wrong(files: Contents, name: str, systems: Sequence[str], *, reason: str) -> Declined | None:
    if _is_business(files, name):
        return Declined(why=Cause.NOT_OFFERED, say=_BY_ACTION)
    if not systems and name != BOT:
        known = ", ".join([BOT, *(f"{BOT}:{each}" for each in sorted(files.systems))])
        say = f"There is no switch {name}. There are {known}, and {BOT}:system/runbook/action for a single action."
        return Declined(why=Cause.NOT_FOUND, say=say)
    return None if reason else Declined(why=Cause.NO_REASON, say="Say why: whoever is held up will want to know.")


def _wrong_ttl(ttl: timedelta) -> Declined | None:
    if timedelta(minutes=1) <= ttl <= LONGEST_TTL:
        return None
    return Declined(why=Cause.BAD_INPUT, say=f"Between a minute and {LONGEST_TTL.days} days, please.")


def _is_business(files: Contents, name: str) -> bool:
    system, _, switch = name.partition("/")
    held = files.systems.get(system)
    return held is not None and switch in held.switches


def _left(files: Contents, held: Sequence[Switch]) -> tuple[str, ...]:
    """Its system, when the files no longer hold the action that it stops."""
    return tuple(each.system for each in held if each.system in files.systems and each.system is not None)


def groups_of(files: Contents) -> list[Group]:
    """All that may approve something, each once: systems mostly share theirs."""
    return list(dict.fromkeys(_groups(files, files.systems)))


def _groups(files: Contents, systems: Iterable[str]) -> list[Group]:
    return [group for name in systems for group in files.systems[name].approvers.values()]


def _called(person: str) -> str:
    return person if ":" in person else f"<@{person}>"


def _said(reason: str) -> str:
    return mask(" ".join(reason.split()))[:_LONGEST_REASON]


def _kept(desk: Switching, told: Done | Declined, *, verb: str, person: str, name: str) -> Done | Declined:
    """The answer; who was told no, and why, is written down."""
    if isinstance(told, Declined):
        data: dict[str, Json] = {"switch": mask(name)[:120], "wants": verb, "why": told.why, "say": mask(told.say)}
        with desk.database.begin() as conn:
            audit.append(conn, kind="switch.refused", actor=person, now=desk.now(), data=data)
    return told


def _write(
    desk: Switching,
    conn: Connection,
    switch: Switch,
    *,
    verb: str,
    person: str,
    reason: str,
    more: dict[str, Json] | None = None,
) -> None:
    data: dict[str, Json] = {"switch": switch.name, "id": switch.id, "reason": reason, **(more or {})}
    audit.append(conn, kind=f"switch.{verb}", actor=person, now=desk.now(), data=data)
    desk.enqueue(conn, orders.announce(switch.id, verb))
