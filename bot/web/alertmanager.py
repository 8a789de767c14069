"""POST /alertmanager: notifications of Alertmanager's webhook, version 4."""

from bot.core.event import parse
from bot.store.deliveries import Source
from bot.web.door import Door


class AlertmanagerDoor(Door):
    source = Source.ALERTMANAGER
    wanted = "a notification of Alertmanager's webhook version 4"

    def check(self, body: bytes) -> object:
        return parse(body)
