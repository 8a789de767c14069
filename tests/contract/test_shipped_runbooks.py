"""The shipped runbooks against the hosts they are for: each question is answered, and nothing private comes out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.adapters.files import load
from bot.adapters.resources import Connections
from bot.core.egress import shown
from bot.core.errors import NotInstalled
from bot.core.evidence import Answer, Evidence, Failure, Reason
from bot.core.facts import rows_of
from bot.engine.catalog import Catalog
from bot.engine.conclude import Conclusions, conclude
from bot.engine.diagnose import Seen, Subject, seen
from bot.jobs.incidents.asking import Asker
from bot.steps.step import Call
from sandbox.world.accrue.columns import READABLE
from tests.kit.catalogue_accrue import ACCRUE, CHECKED
from tests.kit.catalogue_aivo import AIVO
from tests.kit.loopback import loopback
from tests.kit.prometheus import prometheus
from tests.kit.world import RunningWorld, running_world
from tests.sandbox.world.test_accrue import owner

__all__ = ["prometheus"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    with running_world(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load(rules=ROOT / "rules", runbooks=ROOT / "runbooks")


@pytest.fixture
def connections(world: RunningWorld, prometheus: str) -> Iterator[Connections]:
    world.reset()
    with closing(Connections({**world.environment(), "PROMETHEUS_URL": prometheus})) as made:
        yield made


@pytest.fixture(scope="module")
def standing(world: RunningWorld, prometheus: str) -> Iterator[Connections]:
    """The same over a world in which everything stays broken."""
    world.reset()
    with closing(Connections({**world.environment(), "PROMETHEUS_URL": prometheus})) as made:
        yield made


@dataclass(frozen=True)
class Diagnosed:
    evidence: Mapping[str, Evidence]
    conclusions: Conclusions

    @property
    def unanswered(self) -> Mapping[str, Evidence]:
        """The questions without an answer, but for those of another kind of installation or case, which say so."""
        failed = {name: each for name, each in self.evidence.items() if isinstance(each, Failure)}
        told = {name: each for name, each in failed.items() if each.reason is not Reason.NOT_HERE}
        return {name: each for name, each in told.items() if "for this does not hold: " not in each.message}

    def text(self) -> str:
        """All that people would be shown."""
        cells = [
            shown(cell, column, row)
            for answer in self.evidence.values()
            if isinstance(answer, Answer)
            for row in rows_of(answer.table)
            for column, cell in zip(answer.table.columns, row.values(), strict=True)
        ]
        return "\n".join([*cells, *(each.say for each in self.conclusions.held)])


def diagnose(
    catalog: Catalog, connections: Connections, name: str, labels: Mapping[str, str], *, event: str = "x.y"
) -> Diagnosed:
    runbook, system = catalog.runbooks[name], catalog.systems[name.partition("/")[0]]
    subject = Subject(
        id="00000000-0000-4000-8000-000000000001",
        event=event,
        system=system.system,
        runbook=name,
        severity="warning",
        state="firing",
        starts_at=now(),
        opened_at=now(),
        labels=labels,
        annotations={},
        given={},
    )

    def see(evidence: Mapping[str, Evidence]) -> Seen:
        return seen(subject, system=system, runbook=runbook, evidence=evidence)

    asked = Asker(now=now).ask(runbook.diagnose, resources=connections.of(system), see=see)
    evidence = {question: each.evidence for question, each in asked.items()}
    return Diagnosed(evidence, conclude(runbook.conclude, scope=see(evidence).scope, evidence=evidence))


def now() -> datetime:
    return datetime.now(UTC)


def is_answered(
    world: RunningWorld, catalog: Catalog, connections: Connections, scenario: str, runbook: str, suggested: str | None
) -> None:
    touched = world.start(scenario)

    found = diagnose(catalog, connections, runbook, {name: str(value) for name, value in touched.items()})

    assert found.unanswered == {}
    assert suggested is None or suggested in found.conclusions.suggest
    assert world.leaked(found.text()) == []
    assert world.leaked(str(found.evidence)) == []


def _granted_as_documented(world: RunningWorld) -> None:
    """Accrue's reading role with what docs/hosts/accrue.sql gives it, and no column more."""
    script = re.sub(r"--.*", "", (ROOT / "docs/hosts/accrue.sql").read_text())
    grants = re.findall(r"grant select \([^)]*\)\s+on \w+ to countersign_read", script)
    assert len(grants) > 10
    with owner(world).begin() as connection:
        for table in READABLE:
            connection.exec_driver_sql(f"revoke all on {table} from countersign_read")
        for grant in grants:
            connection.exec_driver_sql(grant)


def test_every_row_of_the_catalogue_is_answered_with_the_documented_grants_or_says_why_not(
    world: RunningWorld, catalog: Catalog, connections: Connections
) -> None:
    """All of them broken at once: what one leaves behind must not mislead another."""
    _granted_as_documented(world)
    rows = [row for row in (*ACCRUE, *CHECKED) if row.by_hand is None]
    for row in rows:
        assert row.scenario is not None
        world.start(row.scenario, **row.options)

    found = {row: diagnose(catalog, connections, row.runbook, row.labels, event=row.event) for row in rows}

    for row, each in found.items():
        silent = {name: one for name, one in each.evidence.items() if not isinstance(one, Answer)}
        assert silent.keys() - set(row.either) == row.unanswered.keys(), (row.scenario, silent)
        assert all(words in silent[name].message for name, words in row.unanswered.items()), (row.scenario, silent)
        assert each.conclusions.unjudged == (), (row.scenario, each.conclusions.unjudged)
        assert world.leaked(f"{each.text()} {each.evidence}") == [], row.scenario


@pytest.mark.parametrize(
    ("object_id", "says"),
    [
        ("invoice", "Both say"),
        ("subscription", "Both say"),
        ("charge", "Both say"),
        ("customer", None),
        ("event", None),
    ],
)
def test_an_object_is_looked_up_here_and_at_stripe(
    world: RunningWorld, catalog: Catalog, connections: Connections, object_id: str, says: str | None
) -> None:
    there = loopback.get(
        f"{world.environment()['STRIPE_API_URL']}/v1/{object_id}s",
        headers={"Authorization": f"Bearer {world.environment()['STRIPE_API_KEY']}"},
        timeout=20,
    ).json()["data"][0]["id"]

    found = diagnose(catalog, connections, "accrue/object", {"object_id": there})

    answered = {name for name, one in found.evidence.items() if isinstance(one, Answer)}
    assert answered == {"local", object_id}
    assert says is None or any(says in each.say for each in found.conclusions.held)
    assert found.conclusions.unjudged == ()


@pytest.mark.parametrize(
    ("scenario", "runbook", "suggested"),
    [
        ("dead-letter-webhooks", "accrue/webhook-dead-lettered", "replay-type"),
        ("downgrade-wave", "aivo/dunning-downgrades", "skip-pending"),
    ],
)
def test_every_question_is_answered_and_shows_nothing_private(
    world: RunningWorld, catalog: Catalog, connections: Connections, scenario: str, runbook: str, suggested: str | None
) -> None:
    is_answered(world, catalog, connections, scenario, runbook, suggested)


SUGGESTED = {
    "aivo/webhook-backlog": "resend-undelivered",
    "aivo/subscription-out-of-sync": "resend-latest",
    "aivo/entitlements-mismatch": "recalculate",
    "aivo/dunning-state": "recover",
}


def test_aivos_rows_are_answered_at_once_in_each_style_of_columns(
    world: RunningWorld, catalog: Catalog, connections: Connections, prometheus: str
) -> None:
    first_ones = [row for row in reversed(AIVO) if row.scenario is not None]
    rows = {row.runbook: row for row in first_ones}
    touched = {name: world.start(row.scenario or "", **row.options) for name, row in rows.items()}
    labels = {"aivo/correlation": {"correlation_id": str(touched["aivo/correlation"]["correlation"])}}

    found = {name: diagnose(catalog, connections, name, labels.get(name, {})) for name in rows}
    others = {
        (style, name): found_in(style, catalog, world, prometheus, name, labels.get(name, {}))
        for style, names in STYLES.items()
        for name in names
    }

    for each in (*found.values(), *others.values()):
        assert each.unanswered == {}
        assert world.leaked(f"{each.text()} {each.evidence}") == []
    assert {name: each for name, each in SUGGESTED.items() if each not in found[name].conclusions.suggest} == {}
    assert "sync" in found["aivo/mass-sync"].conclusions.warn_against  # some of the events wait at Stripe: those first
    # The same rows in another style come to the same tenant, account and customer.
    for name in ("aivo/subscription-out-of-sync", "aivo/double-charge", "aivo/entitlements-mismatch"):
        assert [each.say for each in others["camel", name].conclusions.held if "option" not in each.say] != []
    assert set(others["camel", "aivo/entitlements-mismatch"].conclusions.suggest) == {"recalculate"}


# billing-svc's Prisma schema, and payments-svc's own model, as views over the same rows.
STYLES = {
    "camel": (
        "aivo/webhook-backlog", "aivo/trials-expiring", "aivo/entitlements-mismatch", "aivo/subscription-out-of-sync",
        "aivo/double-charge", "aivo/correlation",
    ),
    "payments": ("aivo/webhook-backlog", "aivo/trials-expiring"),
}  # fmt: skip


def found_in(
    style: str, catalog: Catalog, world: RunningWorld, prometheus: str, name: str, labels: Mapping[str, str]
) -> Diagnosed:
    """What is found where Aivo's tables have that style."""
    with closing(styled(style, world, prometheus)) as connections:
        system = catalog.systems["aivo"]
        options = {**system.options, "columns": style}
        there = {**catalog.systems, "aivo": system.model_copy(update={"options": options})}
        return diagnose(replace(catalog, systems=there), connections, name, labels)


def styled(style: str, world: RunningWorld, prometheus: str) -> Connections:
    environment = world.environment()
    dsn = make_url(environment["AIVO_READ_DSN"]).update_query_dict({"options": f"-csearch_path={style}"})
    environment["AIVO_READ_DSN"] = dsn.render_as_string(hide_password=False)
    return Connections({**environment, "PROMETHEUS_URL": prometheus})


@pytest.mark.parametrize("style", ["public", "camel", "payments"])
def test_which_style_aivo_has_can_be_found_out_and_its_checks_are_answered(
    world: RunningWorld, catalog: Catalog, prometheus: str, style: str
) -> None:
    aivo = catalog.systems["aivo"]
    checks = [each for each in aivo.checks if each.id.endswith("-camel") == (style == "camel")]

    with closing(styled(style, world, prometheus)) as connections:
        database = connections.of(aivo).read_database("db")

        def ask(query: str) -> Sequence[Sequence[object]]:
            return database.read(query, binds={}, limit=5, timeout=10).rows

        [(columns,)], [(dunning,)] = (ask(each.sql.query) for each in aivo.detect.values() if each.sql)
        answers = {check.metric: ask(check.sql.query) for check in checks if check.sql and style != "payments"}

    assert columns == {"public": "snake"}.get(style, style)
    assert dunning == {"public": "dunning_events"}.get(style)
    assert (
        style == "payments"
        or {"countersign_check_aivo_out_of_sync", "countersign_check_aivo_double_charged"} <= answers.keys()
    )


def test_an_override_that_is_documented_and_not_built_is_said_to_be_not_installed(
    catalog: Catalog, connections: Connections
) -> None:
    resources = connections.of(catalog.systems["aivo"])
    scope = {"targets": {"ids": ["7b3e0b5a-0d0e-4a43-9d5d-0c6b4a9f1e02"]}}

    for name in ("recover", "force-downgrade", "recover-forced"):
        action = catalog.runbooks["aivo/dunning-state"].action(name)
        assert action is not None
        step = action.do[0].http
        assert step is not None
        with pytest.raises(NotInstalled, match="it has no route /internal/dunning/"):
            step.run(Call(resources=resources, scope=scope, timeout=10, now=now()), key=f"k-{name}")


def test_the_roles_that_the_world_gives_for_reading_may_not_write(catalog: Catalog, connections: Connections) -> None:
    assert [connections.writing_readers(system) for system in catalog.systems.values()] == [()] * len(catalog.systems)


# Breaks of these do not meet, so one world serves all of them; those that take a whole host away come last.
@pytest.mark.parametrize(
    ("scenario", "runbook", "suggested"),
    [
        ("usage-drift", "stripemeter/drift", None),  # what it suggests depends on a gauge that nothing scrapes here
        ("suppress-invoice-email", "adventive/invoice-email-undelivered", "render-pdf"),
        ("small-drift", "stripemeter/corrections", "adjust"),
        ("duplicate-usage", "stripemeter/corrections", "adjust"),
        ("late-usage", "stripemeter/corrections", "backfill"),
        ("stalled-item", "stripemeter/reconciler", None),
        ("queue-lag", "stripemeter/queue-lag", None),
        ("slow-ingest", "stripemeter/ingest-latency", None),
        ("server-errors", "stripemeter/server-errors", None),
        ("reject-pushes", "stripemeter/writer", None),
        ("refused-keys", "stripemeter/access", None),
        ("usage-drift", "stripemeter/daily-reconciliation", None),
        ("refuse-webhooks", "adventive/webhook-undelivered", "resend-all"),
        ("fail-rendering", "adventive/pdf-render-failed", "render-pdf"),
        ("lose-usage", "adventive/reconciliation-drift", None),  # it warns: it may be double billing
        ("decline-card", "adventive/collection", None),  # Stripe tries again by itself
        ("open-dispute", "adventive/dispute", None),
        ("open-dispute", "adventive/refund", None),
        ("decline-card", "adventive/payment-method", None),
        ("decline-card", "adventive/invoice-amount", None),
        ("miss-reconciliation", "adventive/daily-reconciliation", "reconcile"),
        ("lose-usage", "adventive/month-end", None),
        ("lose-usage", "adventive/acodei-sync", None),
        ("refuse-webhooks", "stripe/event", "resend"),
        ("suppress-invoice-email", "stripe/invoice", None),  # a paid one
        ("not-ready", "stripemeter/health", None),
        ("worker-away", "adventive/worker-health", None),
        ("no-stripe", "adventive/secret-rotation", None),
        ("worker-away", "adventive/deploy", None),
    ],
)
def test_every_question_is_answered_while_much_else_is_broken(
    world: RunningWorld, catalog: Catalog, standing: Connections, scenario: str, runbook: str, suggested: str | None
) -> None:
    is_answered(world, catalog, standing, scenario, runbook, suggested)
