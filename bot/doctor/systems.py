"""Each resource of each rules file, asked by its kind."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import assert_never

from bot.adapters.resources import Connections
from bot.core.errors import NotConnected
from bot.doctor import wanted
from bot.doctor.databases import database
from bot.doctor.finding import Finding, Findings, gathered, ok, skipped
from bot.doctor.hosts import host
from bot.doctor.monitoring import prometheus
from bot.doctor.options import options
from bot.doctor.stripe import stripe
from bot.engine.catalog import Catalog
from bot.engine.system import (
    CommandResource,
    DatabaseResource,
    HttpResource,
    PrometheusResource,
    Resource,
    StripeResource,
    System,
)

_OWN = "COUNTERSIGN_SELF_URL"  # which a running bot knows by itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Ward:
    """What the resources of a system are looked at with."""

    connections: Connections
    catalog: Catalog
    environ: Mapping[str, str]
    alerts: Path


def system(ward: Ward, found: System, *, now: datetime) -> list[Finding]:
    """Everything about one system; one resource that is away keeps no other from being looked at."""
    asked = options(found, ward.connections.of(found), now=now)
    findings = list(asked.findings)
    for name, resource in found.resources.items():
        steps = partial(wanted.steps, ward.catalog, found, asked.values)
        where = f"{found.system}: {name}"
        findings += gathered(where, partial(_resource, ward, name, resource, steps=steps, where=where))
    return findings


def _resource(
    ward: Ward, name: str, resource: Resource, *, steps: Callable[[], Iterator[wanted.Step]], where: str
) -> Findings:
    connections = ward.connections
    try:
        match resource:
            case PrometheusResource():
                url = connections.value(name, resource.prometheus)
                yield from prometheus(url, alerts=ward.alerts, where=where)
            case DatabaseResource(write=True):
                connections.value(name, resource.database)
                connections.writer(name, resource)
                yield ok(where, "configured, for approved actions only")
            case DatabaseResource():
                yield from database(connections.reader(name, resource), wanted.queries(steps(), name), where=where)
            case HttpResource():
                yield from host(connections.http(name, resource), wanted.paths(steps(), name), where=where)
            case StripeResource():
                yield from stripe(
                    connections.stripe_reader(name, resource),
                    connections.value(name, resource.stripe),
                    wanted.lists(steps(), name),
                    version=resource.version,
                    write_key=ward.environ.get(resource.write_key or ""),
                    where=where,
                )
            case CommandResource():
                connections.command(name, resource)
                yield ok(where, "allowed")
            case never:
                assert_never(never)
    except NotConnected as error:
        if error.variable == _OWN:
            yield skipped(where, "a bot that runs is its own host")
            return
        yield skipped(where, f"not connected: {error.variable} is not set", f"Set {error.variable}")
