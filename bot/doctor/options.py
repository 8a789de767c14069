"""What differs between installations: options that are `auto` are found out here, others compared with what is so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.errors import CountersignError, NotConnected
from bot.core.ports import Resources
from bot.doctor.finding import Finding, broken, ok, skipped, warning
from bot.engine.detection import AUTO, Option
from bot.engine.system import System
from bot.steps.step import Call

_SECONDS = 10.0
_QUOTED = frozenset({"on", "off", "yes", "no", "true", "false"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The values the system works with, and what there is to say about them."""

    values: Mapping[str, Option]
    findings: tuple[Finding, ...]


def options(system: System, resources: Resources, *, now: datetime) -> Options:
    """Detect each option that says how; a value that is written down stands, whatever was found."""
    values = {name: value for name, value in system.options.items() if value != AUTO}
    findings: list[Finding] = []
    for name in system.detect:
        found, finding = _looked_at(system, name, resources, values, now)
        findings.append(finding)
        if found is not None and system.options.get(name) == AUTO:
            values = {**values, name: found}
    return Options(values=values, findings=tuple(findings))


def _looked_at(
    system: System, name: str, resources: Resources, values: Mapping[str, Option], now: datetime
) -> tuple[Option | None, Finding]:
    where, written, detection = f"{system.system}: option {name}", system.options.get(name), system.detect[name]
    scope = {"option": values}
    outcome = detection.ask(Call(resources=resources, scope=scope, timeout=_SECONDS, now=now))
    if isinstance(outcome, NotConnected):
        return None, skipped(where, str(outcome))
    advice = detection.advice(outcome, scope)
    try:
        found = detection.read(outcome, scope)
    except CountersignError as error:
        todo = advice or f"Write it down under options: in rules/{system.system}.yml"
        what = f"not known: {error}"
        return None, broken(where, what, todo) if written == AUTO else skipped(where, what, advice)
    if written == AUTO:
        return found, ok(where, f"found to be {found}")
    if written == found:
        return found, ok(where, f"{found}, as the file says")
    todo = advice or f"Set options: {{{name}: {_spelled(found)}}} in rules/{system.system}.yml"
    return found, warning(where, f"the file says {_spelled(written)}, but it is {_spelled(found)} here", todo)


def _spelled(value: Option | None) -> str:
    """As our YAML has it, where a bare off is an error."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if value in _QUOTED else str(value)
