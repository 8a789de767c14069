"""POST /ops-events: an event that a host sends by itself, with its identifiers."""

from bot.core.event import parse_event
from bot.store.deliveries import Source
from bot.web.door import Door


class OpsEventsDoor(Door):
    source = Source.OPS_EVENTS
    wanted = "an ops event {event, measurements, metadata, occurred_at}"

    def check(self, body: bytes) -> object:
        return parse_event(body)
