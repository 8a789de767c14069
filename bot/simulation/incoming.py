"""What is given to `simulate` and `explain`: a trial's file, a webhook body, one alert, or an ops event's name."""

import json
from pathlib import PurePosixPath

from bot.core.errors import BadInput, ContentErrors
from bot.core.event import Alert, Status, ops_event, parse, parse_event
from bot.engine.catalog import Source
from bot.engine.document import Document
from bot.engine.document import read as document
from bot.engine.ops_event import texts
from bot.simulation.trial import Expected, GivenAlert, GivenEvent, Trial, trial

_SUFFIXES = {".yml", ".yaml"}
_OTHERS = {"rules": "a rules file", "diagnose": "a runbook", "groups": "alert rules"}
_AS_IF = " (it is resolved; played as if it fired)"
_START = "2026-11-20T12:00:00Z"


def read(text: str, *, file: str) -> list[Source[Trial]]:
    """A trial for each thing that comes in. Raises ContentErrors or BadInput."""
    if PurePosixPath(file).suffix in _SUFFIXES:
        return [_trial(text, file=file)]
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadInput(f"{file}: it is no JSON: {error}; a trial's name ends in .yml") from None
    if isinstance(value, dict) and isinstance(value.get("body"), dict):
        value = value["body"]  # a recorded delivery
    if isinstance(value, dict) and "event" in value:
        return [_said(file, title="an ops event", event=_event(value, file))]
    found = _alerts(value, file)
    return [
        _said(file, title=f"alert {at} of {len(found)}{_AS_IF if each.status is Status.RESOLVED else ''}", alert=each)
        for at, each in enumerate(found, start=1)
    ]


def of_event(name: str) -> Source[Trial]:
    """A trial of an event with nothing but its name. Raises BadInput."""
    try:
        return _said("--event", title=name, event=GivenEvent(event=ops_event(name)))
    except ValueError as error:
        raise BadInput(str(error)) from None


def _trial(text: str, *, file: str) -> Source[Trial]:
    try:
        return trial(text, file=file)
    except ContentErrors:
        value = document(text, file=file).value
        other = next((what for name, what in _OTHERS.items() if isinstance(value, dict) and name in value), None)
        if other is not None:
            raise BadInput(
                f"{file}: this is {other}, and no trial; docs/content.md shows what one looks like"
            ) from None
        raise


def _alerts(value: object, file: str) -> tuple[Alert, ...]:
    """Of a webhook body, or the one alert that it is. Read as the bot reads what Alertmanager sends."""
    is_one = isinstance(value, dict) and "alerts" not in value and "labels" in value
    if is_one:
        one = {"status": "firing", "fingerprint": "0", "startsAt": _START, **value}  # type: ignore[dict-item]  # is_one
        value = {"version": "4", "receiver": "simulate", "status": "firing", "groupKey": "simulate", "alerts": [one]}
    try:
        found = parse(json.dumps(value).encode()).alerts
    except BadInput as error:
        said = (
            str(error).replace("alerts.0.", "") if is_one else f"{error} (a webhook body, one alert, or an ops event)"
        )
        raise BadInput(f"{file}: {said}") from None
    if not found:
        raise BadInput(f"{file}: there is no alert in it")
    return found


def _event(value: dict[str, object], file: str) -> GivenEvent:
    """Read as the bot reads what a host sends; when it happened may be left out."""
    try:
        event = parse_event(json.dumps({"occurred_at": _START, **value}).encode())
    except BadInput as error:
        raise BadInput(f"{file}: {error}") from None
    return GivenEvent(event=event.event, metadata={**texts(event)}, occurred_at=event.occurred_at)


def _said(file: str, *, title: str, alert: Alert | None = None, event: GivenEvent | None = None) -> Source[Trial]:
    given = alert and GivenAlert(labels=alert.labels, annotations=alert.annotations, startsAt=alert.starts_at)
    made = Trial(title=title, alert=given, event=event, others="failed", expect=Expected())
    return Source(document=Document(file=file, value=None, lines={}), value=made)
