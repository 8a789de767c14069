"""What opened an incident, or keeps it open: an alert, an event that a host sent, the clock, a person, or a doubt."""

from enum import StrEnum


class Origin(StrEnum):
    ALERTMANAGER = "alertmanager"
    OPS_EVENTS = "ops-events"
    SCHEDULE = "schedule"
    BY_HAND = "by-hand"
    VERIFICATION = "verification"  # that something done for it could not be verified; it opens no incident of its own

    @property
    def fires(self) -> bool:
        """Whether something else says when it is over; what people or the clock began is open until it is closed."""
        return self is Origin.ALERTMANAGER
