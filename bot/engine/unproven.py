"""An incident that is over opens again when what was done for it could not be verified, until a person closes it."""

from dataclasses import replace
from datetime import datetime

from bot.core.event import Status
from bot.engine.alerts import Alerts, Told, firing
from bot.engine.incident import Episode, Outcome, State
from bot.engine.origin import Origin


def opened_again(episode: Episode, *, request_id: str, now: datetime) -> Outcome:
    """The incident once its doubt is told like an alert, which no webhook resolves; one that is open stays as it is."""
    if episode.is_open:
        return Outcome(before=episode, after=episode)
    doubt = Told(
        fingerprint=request_id,
        starts_at=now,
        status=Status.FIRING,
        ends_at=None,
        seen_at=now,
        labels={},
        annotations={},
        generator_url="",
        source=Origin.VERIFICATION,
    )
    incident = replace(episode.incident, state=State.FIRING, resolved_at=None, closed_by=None, changed_at=now)
    return Outcome(before=episode, after=Episode(incident=incident, alerts={**episode.alerts, doubt.identity: doubt}))


def is_doubted(alerts: Alerts) -> bool:
    """Whether there is such a doubt."""
    return any(alerts[identity].source is Origin.VERIFICATION for identity in firing(alerts))


def is_only_doubted(alerts: Alerts) -> bool:
    """Whether nothing but such doubts keeps it open."""
    fire = firing(alerts)
    return bool(fire) and all(alerts[identity].source is Origin.VERIFICATION for identity in fire)
