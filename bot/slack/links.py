"""Where a reader goes on: Prometheus, Grafana, Alertmanager, the guide, and Stripe's dashboard by an object's id."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote, unquote_plus, urlsplit

from bot.core.egress import private_values
from bot.core.quoting import promql
from bot.engine.alerts import Told
from bot.engine.incident import Incident
from bot.engine.route import UNROUTED
from bot.engine.silence import matchers
from bot.engine.system import System
from bot.slack.text import is_web
from bot.slack.views import Link

Mode = Literal["test", "live"]

_AROUND = timedelta(minutes=30)  # a dashboard begins so long before the alert, and ends so long after
_STRIPE_ID = re.compile(r"(?P<kind>[a-z]{2,5}(?:_sched)?)_[A-Za-z0-9]{6,}")
_STRIPE: Mapping[str, str] = {
    "in": "invoices",
    "sub": "subscriptions",
    "sub_sched": "subscription_schedules",
    "cus": "customers",
    "pi": "payments",
    "ch": "payments",
    "py": "payments",
    "evt": "events",
    "po": "payouts",
    "du": "disputes",
    "dp": "disputes",
    "price": "prices",
    "prod": "products",
    "we": "webhooks",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """What is known of the places around the bot: Grafana's address, and which mode of Stripe a system's key is for."""

    grafana: str | None = None
    stripe_mode: Callable[[System], Mode | None] = lambda _system: None


def stripe_link(value: str, mode: Mode | None) -> str | None:
    """The dashboard's page of a Stripe object; None for what is no id of one, or while the mode is not known.

    >>> stripe_link("in_1AbCdEfGh", "test")
    'https://dashboard.stripe.com/test/invoices/in_1AbCdEfGh'
    """
    found = _STRIPE_ID.fullmatch(value)
    page = _STRIPE.get(found["kind"]) if found else None
    if page is None or mode is None:
        return None
    return f"https://dashboard.stripe.com/{'test/' if mode == 'test' else ''}{page}/{value}"


def links(incident: Incident, alerts: Sequence[Told], *, guide: str | None, grafana: str | None) -> tuple[Link, ...]:
    """Of the root message; what is no web address, or holds something private, is left out."""
    source = next((alert.generator_url for alert in alerts if alert.generator_url), "")
    candidates = [
        ("Prometheus", source),
        ("Grafana", _dashboard(incident, alerts, grafana)),
        ("Alertmanager", _alertmanager(incident)),
        ("Guide", guide or ""),
    ]
    private = private_values(*(alert.labels for alert in alerts))
    return tuple(Link(label=label, url=url) for label, url in candidates if url and not _holds(url, private))


def _alertmanager(incident: Incident) -> str:
    """Its page, with this incident's group and nothing else; as it is where that would be too long for a link."""
    base = incident.external_url.rstrip("/")
    if not is_web(base) or urlsplit(base).fragment:
        return base
    wanted = matchers(incident.labels, group=incident.group_labels)
    if not wanted:
        return base
    told = ",".join(f"{name}={promql(value)}" for name, value in wanted.items())
    filtered = f"{base}/#/alerts?silenced=true&inhibited=true&active=true&filter={quote('{' + told + '}', safe='')}"
    return filtered if is_web(filtered) else base


def _dashboard(incident: Incident, alerts: Sequence[Told], grafana: str | None) -> str:
    """The alert's own dashboard, else the one its system has (grafana/); around the time that it is about."""
    said = next((url for alert in alerts if (url := alert.annotations.get("dashboard_url"))), "")
    if not is_web(said):
        own = f"d/countersign-{'overview' if incident.system == UNROUTED else quote(incident.system, safe='')}"
        said = f"{grafana.rstrip('/')}/{said.lstrip('/') or own}" if grafana else ""
    if not is_web(said):
        return ""
    query = f"from={_ms(incident.started_at - _AROUND)}&to={_until(incident)}"
    return f"{said}{'&' if urlsplit(said).query else '?'}{query}"


def _until(incident: Incident) -> str:
    return _ms(incident.resolved_at + _AROUND) if incident.resolved_at else "now"


def _ms(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def _holds(url: str, private: Sequence[str]) -> bool:
    """Whether an address, such as a query over one customer's series, holds one of these values."""
    plain = unquote_plus(url)
    return any(value in plain for value in private)
