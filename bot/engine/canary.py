"""The bot's own alert: sent to its own door at fixed times, to see that the whole way is open."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.ports import Json

EVENT = "countersign.canary.round"
"""Incidents of this event are nobody's concern: they have no root, but one message that is edited each round."""

FINGERPRINT = "c0c0c0c0c0c0c0c0"
_NEVER = "0001-01-01T00:00:00Z"


class Stage(StrEnum):
    """How far a round came, in order."""

    SENT = "sent"
    FOLDED = "folded"
    DIAGNOSED = "diagnosed"
    DELIVERED = "delivered"


def round_id(now: datetime, every: timedelta) -> str:
    """The name of the round that is due at this moment: the same in every replica."""
    return f"round-{int(every.total_seconds())}-{int(now.timestamp() // every.total_seconds())}"


def webhook(*, started_at: datetime, ended_at: datetime | None) -> Mapping[str, Json]:
    """What Alertmanager would send. A day's rounds are one group, so that no incident gathers alerts for ever."""
    labels: Mapping[str, Json] = {
        "alertname": "CountersignCanary",
        "system": "countersign",
        "severity": "none",
        "ops_event": EVENT,
    }
    status = "resolved" if ended_at else "firing"
    alert: Mapping[str, Json] = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": "A round of the canary"},
        "startsAt": started_at.isoformat(),
        "endsAt": ended_at.isoformat() if ended_at else _NEVER,
        "generatorURL": "",
        "fingerprint": FINGERPRINT,
    }
    return {
        "version": "4",
        "receiver": "countersign",
        "status": status,
        "groupKey": f'{{}}:{{alertname="CountersignCanary", day="{started_at:%Y-%m-%d}"}}',
        "groupLabels": {"alertname": "CountersignCanary"},
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": "",
        "truncatedAlerts": 0,
        "alerts": [alert],
    }
