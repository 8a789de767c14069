"""The good sample content, and the bad samples: each is the good content with one mistake in one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import ContentError
from bot.engine.catalog import parse
from bot.engine.check import content
from bot.engine.check_alerts import alerts

DATA = Path(__file__).parent.parent / "data"
ALERTS = "alerts.yml"
_REPLACES = {"rules": "rules/shop.yml", "runbook": "runbooks/shop/late-orders.yml", "alerts": ALERTS}
_EXPECT = "# expect "


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A bad sample: its content, and the findings its last lines expect, as `file:line: where: what`."""

    name: str
    files: Mapping[str, str]
    expected: tuple[str, ...]


def good() -> dict[str, str]:
    """The good content, alerts included, by file name."""
    return {path.relative_to(DATA / "good").as_posix(): path.read_text() for path in (DATA / "good").rglob("*.yml")}


def bad() -> list[Sample]:
    """Every bad sample, by name."""
    return [_sample(path) for path in sorted((DATA / "bad").glob("*.yml"))]


def findings(files: Mapping[str, str]) -> list[ContentError]:
    """Everything that is wrong with content and alerts."""
    parsed = parse({name: text for name, text in files.items() if name != ALERTS})
    return [*content(parsed), *alerts(files[ALERTS], file=ALERTS, parsed=parsed)]


def _sample(path: Path) -> Sample:
    kind = path.name.partition(".")[0]
    text = path.read_text()
    replaced = _REPLACES[kind]
    expected = [line.removeprefix(_EXPECT) for line in text.splitlines() if line.startswith(_EXPECT)]
    return Sample(
        name=path.name,
        files={**good(), replaced: text},
        expected=tuple(f"{replaced}{line}" if line.startswith(":") else line for line in expected),
    )
