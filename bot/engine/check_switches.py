"""Switches are engaged and released by actions that are there, and which can tell that they worked."""

from collections.abc import Iterator, Mapping

from bot.core.errors import ContentError
from bot.engine.catalog import Parsed, Source
from bot.engine.reading import did_you_mean
from bot.engine.runbook import Action, ActionKind, Runbook
from bot.engine.system import BusinessSwitch, System


def switches(parsed: Parsed) -> Iterator[ContentError]:
    """Findings about every switch of every rules file."""
    for source in parsed.systems.values():
        if source.value.switches and source.value.no_switch is not None:
            yield source.document.finding(("no_switch",), "there are switches, so this would not be true")
        for name, says in source.value.switches.items():
            yield from _switch(source, name, says, parsed)


def _switch(source: Source[System], name: str, says: BusinessSwitch, parsed: Parsed) -> Iterator[ContentError]:
    found: dict[str, Action] = {}
    named: dict[tuple[str | int, ...], str] = {
        ("engage",): says.engage,
        ("release",): says.release,
        **{("engaged_also_by", at): each for at, each in enumerate(says.engaged_also_by)},
        **{("released_also_by", at): each for at, each in enumerate(says.released_also_by)},
    }
    for field, action_path in named.items():
        where = ("switches", name, *field)
        runbook, _, action_id = action_path.rpartition("/")
        if runbook.partition("/")[0] != source.value.system:
            yield source.document.finding(where, f"{runbook} is another system's")
        elif runbook not in parsed.broken:
            action = _action(parsed.runbooks, runbook, action_id)
            if action is None:
                yield source.document.finding(where, _missing(parsed.runbooks, runbook, action_id))
            elif action.kind is not ActionKind.KILL_SWITCH:
                yield source.document.finding(where, f"{action_id} is of kind {action.kind}, not kill_switch")
            else:
                found[".".join(str(part) for part in field)] = action
    engage, release = found.get("engage"), found.get("release")
    if engage and release and release.is_undo_only and engage.undo != release.id:
        what = f"{release.id} takes back what it is the undo of, and that is not {engage.id}"
        yield source.document.finding(("switches", name, "release"), what)


def _action(runbooks: Mapping[str, Source[Runbook]], runbook: str, action_id: str) -> Action | None:
    source = runbooks.get(runbook)
    return source.value.action(action_id) if source else None


def _missing(runbooks: Mapping[str, Source[Runbook]], runbook: str, action_id: str) -> str:
    if runbook not in runbooks:
        return f"no runbook {runbook}{did_you_mean(runbook, runbooks)}"
    actions = {action.id for action in runbooks[runbook].value.actions}
    return f"no action {action_id} in {runbook}{did_you_mean(action_id, actions)}"
