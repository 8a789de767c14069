"""What opened an incident: an alert, an event that a host sent, the clock, or a person."""

from enum import StrEnum


class Origin(StrEnum):
    ALERTMANAGER = "alertmanager"
    OPS_EVENTS = "ops-events"
    SCHEDULE = "schedule"
    BY_HAND = "by-hand"

    @property
    def fires(self) -> bool:
        """Whether something else says when it is over; what people or the clock began is open until it is closed."""
        return self is Origin.ALERTMANAGER
