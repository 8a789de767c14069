"""Everything the doctor looks at, each on its own, in one list."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.adapters.files import check, load
from bot.adapters.resources import Connections
from bot.core.errors import ContentErrors
from bot.doctor.delivery import canary, delivery
from bot.doctor.finding import Finding, Findings, broken, gathered, ok
from bot.doctor.monitoring import alertmanager
from bot.doctor.own import own_database
from bot.doctor.slack import slack
from bot.doctor.systems import Ward, system
from bot.engine.catalog import Catalog
from bot.parts import open_database, slack_client
from bot.settings import Settings
from bot.store import migrations

_AT_ONCE = 8
_PATIENCE = 5  # seconds for a call to Slack

Look = Callable[[], Iterable[Finding]]


def examine(settings: Settings, environ: Mapping[str, str], *, now: datetime) -> list[Finding]:
    """Ask everything that is configured, side by side; the order is always the same."""
    catalog, content = _content(settings)
    systems = catalog.systems if catalog else {}
    # Whether a role may write is what we want to know, so it must not keep us from asking.
    with closing(Connections(environ, trust_readers=True)) as connections:
        url = str(settings.alertmanager_url) if settings.alertmanager_url else None
        looks: list[tuple[str, Look]] = [
            ("own database", partial(_own, settings, now)),
            ("content", lambda: content),
            ("slack", partial(slack, settings, slack_client(settings, timeout=_PATIENCE), systems)),
            ("alertmanager", partial(alertmanager, url, token_is_set=settings.webhook_token is not None)),
        ]
        if catalog is not None:
            ward = Ward(connections=connections, catalog=catalog, environ=environ, alerts=settings.alerts)
            looks += [(name, partial(system, ward, each, now=now)) for name, each in sorted(systems.items())]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return _merged(found for part in pool.map(lambda each: gathered(*each), looks) for found in part)


def _merged(findings: Iterable[Finding]) -> list[Finding]:
    """What several systems share, such as one Prometheus, is said once, of all of them."""
    systems: dict[Finding, list[str]] = {}
    for each in findings:
        system, colon, resource = each.where.partition(": ")
        systems.setdefault(replace(each, where=resource if colon else each.where), []).append(system if colon else "")
    return [
        replace(each, where=f"{', '.join(dict.fromkeys(names))}: {each.where}" if any(names) else each.where)
        for each, names in systems.items()
    ]


def _own(settings: Settings, now: datetime) -> Findings:
    with closing(open_database(settings)) as database:
        yield from own_database(database)
        if database.version() == migrations.head():
            yield from delivery(database, now=now)
            yield from canary(database, settings, now=now)


def _content(settings: Settings) -> tuple[Catalog | None, list[Finding]]:
    wrong = check(rules=settings.rules, runbooks=settings.runbooks, alerts=settings.alerts)
    findings = [broken("content", str(each), "countersign check says the same") for each in wrong]
    try:
        catalog = load(rules=settings.rules, runbooks=settings.runbooks)
    except ContentErrors:
        return None, findings
    counted = f"{len(catalog.systems)} systems, {len(catalog.runbooks)} runbooks"
    return catalog, findings or [ok("content", f"{counted}, revision {catalog.revision[:12]}")]
