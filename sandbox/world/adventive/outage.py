"""How the Worker is away: down, or without Stripe; for everybody, or for the probe beside it alone."""

from dataclasses import dataclass


@dataclass(slots=True)
class Outage:
    """Switched on and off by the breaks; the routes ask."""

    is_down: bool = False
    is_disconnected: bool = False
    probe_fails: bool = False
    poller_sees_none: bool = False

    def end(self) -> None:
        """Everything is well again."""
        self.is_down = self.is_disconnected = self.probe_fails = self.poller_sees_none = False
