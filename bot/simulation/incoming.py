"""What is given to `simulate` and `explain`: a trial's file, a webhook body, one alert, or an ops event's name."""

import json
from pathlib import PurePosixPath

from bot.core.errors import BadInput
from bot.core.event import Alert, Notification, ops_event, parse
from bot.engine.catalog import Source
from bot.engine.document import Document
from bot.simulation.trial import Expected, GivenAlert, GivenEvent, Trial, trial

_SUFFIXES = {".yml", ".yaml"}


def read(text: str, *, file: str) -> list[Source[Trial]]:
    """A trial for each thing that comes in. Raises ContentErrors or BadInput."""
    if PurePosixPath(file).suffix in _SUFFIXES:
        return [trial(text, file=file)]
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadInput(f"{file}: neither YAML nor JSON: {error}") from None
    if isinstance(value, dict) and isinstance(value.get("body"), dict):
        value = value["body"]  # a recorded delivery
    if isinstance(value, dict) and "event" in value:
        return [_said(file, title="an ops event", event=_event(value, file))]
    return [_said(file, title=f"alert {at}", alert=each) for at, each in enumerate(_alerts(value, file), start=1)]


def of_event(name: str) -> Source[Trial]:
    """A trial of an event with nothing but its name. Raises BadInput."""
    try:
        return _said("--event", title=name, event=GivenEvent(event=ops_event(name)))
    except ValueError as error:
        raise BadInput(str(error)) from None


def _alerts(value: object, file: str) -> list[GivenAlert]:
    try:
        if isinstance(value, dict) and "alerts" not in value and "labels" in value:
            return [_alert(Alert.model_validate({"status": "firing", "fingerprint": "0", "startsAt": _START, **value}))]
        return [_alert(each) for each in _notification(value).alerts]
    except (BadInput, ValueError) as error:
        raise BadInput(f"{file}: {' '.join(str(error).split())}") from None


_START = "2026-11-20T12:00:00Z"


def _notification(value: object) -> Notification:
    return parse(json.dumps(value).encode())


def _alert(alert: Alert) -> GivenAlert:
    return GivenAlert(labels=alert.labels, annotations=alert.annotations, startsAt=alert.starts_at)


def _event(value: dict[str, object], file: str) -> GivenEvent:
    known = {name: value[name] for name in GivenEvent.model_fields if value.get(name) is not None}
    try:
        return GivenEvent.model_validate(known)
    except ValueError as error:
        raise BadInput(f"{file}: {' '.join(str(error).split())}") from None


def _said(file: str, *, title: str, alert: GivenAlert | None = None, event: GivenEvent | None = None) -> Source[Trial]:
    made = Trial(title=title, alert=alert, event=event, others="failed", expect=Expected())
    return Source(document=Document(file=file, value=None, lines={}), value=made)
