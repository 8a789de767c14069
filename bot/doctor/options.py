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


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The values the system works with, and what there is to say about them."""

    values: Mapping[str, Option]
    findings: tuple[Finding, ...]


def options(system: System, resources: Resources, *, now: datetime) -> Options:
    """Detect each option that says how; a value that is written down stands, whatever was found."""
    values = {name: value for name, value in system.options.items() if value != AUTO}
    found: list[Finding] = []
    for name, detection in system.detect.items():
        where, written = f"{system.system}: option {name}", system.options.get(name)
        scope = {"option": values}
        try:
            value = _detected(system, name, resources, scope, now)
        except NotConnected as error:
            found.append(skipped(where, str(error)))
            continue
        except CountersignError as error:
            todo = f"Write it down under options: in rules/{system.system}.yml"
            found.append(broken(where, f"not known: {error}", todo) if written == AUTO else skipped(where, str(error)))
            continue
        if written == AUTO:
            values = {**values, name: value}
            found.append(ok(where, f"found to be {value}"))
        elif written != value:
            todo = f"Mend rules/{system.system}.yml, or write auto"
            found.append(warning(where, f"the file says {written}, found {value}; {detection.value.source}", todo))
        else:
            found.append(ok(where, f"{value}, as the file says"))
    return Options(values=values, findings=tuple(found))


def _detected(system: System, name: str, resources: Resources, scope: Mapping[str, object], now: datetime) -> Option:
    detection = system.detect[name]
    try:
        outcome = detection.step.run(Call(resources=resources, scope=scope, timeout=_SECONDS, now=now))
    except NotConnected:
        raise
    except CountersignError as error:
        return detection.read(error, scope)
    return detection.read(outcome, scope)
