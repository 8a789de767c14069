"""The catalogue as data, and whether everything it names is there, and everything that is there is named by it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, model_validator

from bot.adapters.files import load
from bot.core.model import Frozen
from bot.engine.catalog import Catalog
from bot.engine.document import read
from bot.engine.reading import validated
from bot.engine.route import route
from bot.engine.runbook import Action

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "catalogue.yml"
TRIALS = ROOT / "tests" / "content" / "runbooks"

_OURS = "countersign/"  # runbooks about the bot itself are of no billing system

RowId = Annotated[str, Field(pattern=r"^[ASDV]\d\d$")]


class Row(Frozen):
    """One event, symptom or procedure: what tells of it, and the runbook that answers it; or why there is none."""

    row: RowId
    title: str
    source: str
    alerts: tuple[str, ...] = ()
    no_alert: str | None = None
    runbook: str | None = None
    no_runbook: str | None = None
    also: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _says_why_not(self) -> "Row":
        if bool(self.alerts) == bool(self.no_alert) or bool(self.runbook) == bool(self.no_runbook):
            raise ValueError("give alerts: or no_alert:, and runbook: or no_runbook:")
        return self

    @property
    def runbooks(self) -> tuple[str, ...]:
        return (*((self.runbook,) if self.runbook else ()), *self.also)


class Deed(Frozen):
    """One action of the documents: where it is offered, or why a person does it."""

    action: str
    level: Literal["R0", "R1", "R2", "R3", "RX"]
    title: str
    offered: tuple[str, ...] = ()
    by_hand: str | None = None
    one_is_enough: dict[str, str] = Field(default_factory=dict)  # for R3: actions that one person approves, and why

    @model_validator(mode="after")
    def _says_why_not(self) -> "Deed":
        if bool(self.offered) == bool(self.by_hand):
            raise ValueError("give offered: or by_hand:")
        return self


class Said(Frozen):
    """Something a document says, and the rows that answer it."""

    document: str
    says: str
    rows: tuple[RowId, ...] = Field(min_length=1)


class Catalogue(Frozen):
    rows: tuple[Row, ...]
    actions: tuple[Deed, ...]
    seeds: tuple[Said, ...]


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """What the repository holds: content, alerts by name with the runbook each leads to, and trials by runbook."""

    content: Catalog
    alerts: Mapping[str, str]
    trials: frozenset[str]

    def action(self, path: str) -> Action:
        """The action that `system/runbook/action` names."""
        runbook, _, name = path.rpartition("/")
        found = self.content.runbooks[runbook].action(name)
        assert found is not None, path
        return found

    @property
    def actions(self) -> frozenset[str]:
        return frozenset(
            f"{name}/{action.id}" for name, runbook in self.content.runbooks.items() for action in runbook.actions
        )


@cache
def catalogue() -> Catalogue:
    return validated(read(FILE.read_text(), file=FILE.relative_to(ROOT).as_posix()), Catalogue)


@cache
def shipped() -> Shipped:
    content = load(rules=ROOT / "rules", runbooks=ROOT / "runbooks")
    alerts = {
        rule["alert"]: route(
            {**group.get("labels", {}), **rule.get("labels", {}), "alertname": rule["alert"]},
            content.systems.values(),
            fallback="",
        ).runbook
        for group in yaml.safe_load((ROOT / "alerts.yml").read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    trials = frozenset(path.parent.relative_to(TRIALS).as_posix() for path in TRIALS.glob("*/*/*.yml"))
    return Shipped(content=content, alerts=alerts, trials=trials)


def lacking(row: Row, there: Shipped) -> Iterator[str]:
    """What a row names and is not there, or does not lead where it says."""
    for alert in row.alerts:
        if alert not in there.alerts:
            yield f"no alert {alert}"
        elif there.alerts[alert] not in row.runbooks:
            yield f"{alert} leads to {there.alerts[alert]}, not to {', '.join(row.runbooks)}"
    for runbook in row.runbooks:
        if runbook not in there.content.runbooks:
            yield f"no runbook {runbook}"
        if runbook not in there.trials:
            yield f"no trial under tests/content/runbooks/{runbook}"
    own = {f"{row.runbook}/{action}" for action in row.actions}
    yield from (f"no action {action}" for action in sorted(own - there.actions))


def unnamed(told: Catalogue, there: Shipped) -> Iterator[str]:
    """What is there and the catalogue does not name."""
    runbooks = {runbook for row in told.rows for runbook in row.runbooks}
    ours = {name for name in there.content.runbooks if name.startswith(_OURS)}
    yield from (f"runbook {name}" for name in sorted(there.content.runbooks.keys() - runbooks - ours))
    alerts = {alert for row in told.rows for alert in row.alerts}
    of_billing = {name for name, runbook in there.alerts.items() if runbook not in ours}
    yield from (f"alert {name}" for name in sorted(of_billing - alerts))
    offered = {action for deed in told.actions for action in deed.offered}
    yield from (f"action {name}" for name in sorted(there.actions - offered))
