"""From switches as rows, and what the files say of them, to what a message shows."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from bot.engine import switch as switching
from bot.engine.request import Request
from bot.engine.switch import BOT, Kind, Switch
from bot.engine.system import BusinessSwitch, System
from bot.slack.switch_views import IdleSwitch, SwitchList, SwitchView
from bot.store import switches


def switch_view(switch: Switch, systems: Mapping[str, System]) -> SwitchView:
    """One engagement. What the files no longer declare is called by its name."""
    says = _says(switch.name, systems) if switch.kind is Kind.BUSINESS else None
    system = systems.get(switch.system) if switch.system else None
    return SwitchView(
        name=switch.name,
        kind=switch.kind,
        title=says.title if says else _title(switch, system),
        system=system.title if system else switch.system,
        person=switch.person,
        reason=switch.reason,
        since=switch.since,
        until=switch.until,
        is_verified=switch.is_verified,
        does_not_stop=says.does_not_stop if says else None,
    )


def over(conn: Connection, *, system: str, runbook: str, systems: Mapping[str, System]) -> tuple[SwitchView, ...]:
    """What is engaged and concerns an incident of this runbook: its system's switches, and those of its actions."""
    widest = (BOT, f"{BOT}:{system}")
    return tuple(
        switch_view(each, systems)
        for each in switches.of_system(conn, system)
        if each.kind is Kind.BUSINESS or each.name in widest or each.name.startswith(f"{BOT}:{runbook}/")
    )


def stopping(conn: Connection, request: Request, systems: Mapping[str, System]) -> SwitchView | None:
    """The bot switch that stops this request's action; None when none does."""
    by = switches.stopping_switch(conn, system=request.system, runbook=request.runbook, action=request.action)
    return switch_view(by, systems) if by else None


def goes_on(request: Request, system: System | None) -> str | None:
    """What the switch that this request engages does not stop; None when it engages none."""
    found = switching.engaged_by(system, runbook=request.runbook, action=request.action) if system else None
    return found.says.does_not_stop if found else None


def listed(conn: Connection, systems: Mapping[str, System]) -> SwitchList:
    """Everything that is engaged, every business switch that is not, and why the other systems have none."""
    engaged = switches.engaged(conn)
    names = {each.name for each in engaged}
    return SwitchList(
        engaged=tuple(switch_view(each, systems) for each in engaged),
        idle=tuple(each for each in _declared(systems.values()) if each.name not in names),
        without=tuple((system.title, system.no_switch or "") for system in systems.values() if not system.switches),
    )


def _declared(systems: Iterable[System]) -> Iterable[IdleSwitch]:
    for system in systems:
        for each in switching.declared(system):
            action, says = each.says.engage.rpartition("/")[2], each.says
            yield IdleSwitch(name=each.name, title=says.title, action=action, does_not_stop=says.does_not_stop)


def _says(name: str, systems: Mapping[str, System]) -> BusinessSwitch | None:
    system, _, switch = name.partition("/")
    return systems[system].switches.get(switch) if system in systems else None


def _title(switch: Switch, system: System | None) -> str:
    """What it stops, in words."""
    if switch.kind is Kind.BUSINESS:
        return switch.name
    _, _, what = switch.name.partition(":")
    if not what:
        return "All actions"
    runbook, _, action = what.rpartition("/")
    return f"The action {action} of {runbook}" if runbook else f"All actions on {system.title if system else what}"
