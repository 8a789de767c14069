"""Content files on disk: read whole, checked whole, and kept while a newer state of them is wrong."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Set
from pathlib import Path

from bot.core.errors import ContentError, ContentErrors
from bot.engine import check_alerts, check_dashboards
from bot.engine.catalog import Catalog, parse, restore
from bot.engine.check import checked, content
from bot.engine.document import read

_KEPT = 16  # revisions in memory; older ones come from the store

Stored = Callable[[str], Mapping[str, str] | None]
"""The files of a revision as the store keeps them, or None."""

Latest = Callable[[], Mapping[str, str] | None]
"""The files that were loaded last, by this process or one before it; None when there never were any."""


class Library:
    """The content the bot works by. Any thread may use it; what it hands out never changes."""

    def __init__(
        self, *, rules: Path, runbooks: Path, stored: Stored = lambda _: None, latest: Latest = lambda: None
    ) -> None:
        """Read the folders; where they are wrong, begin with the latest content that was good.

        Raises ContentErrors when they are wrong and there is none.
        """
        self._rules = rules
        self._runbooks = runbooks
        self._stored = stored
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Catalog] = OrderedDict()
        self._findings: tuple[ContentError, ...] = ()
        self._current = self._begin(latest)

    @property
    def current(self) -> Catalog:
        """The newest content that was good."""
        return self._current

    @property
    def findings(self) -> tuple[ContentError, ...]:
        """What is wrong with the folders as they were read last; while there is something, `current` is older."""
        return self._findings

    def reload(self) -> Catalog:
        """Read the folders again. Raises ContentErrors, and keeps the last good content, when they are wrong."""
        try:
            catalog = load(rules=self._rules, runbooks=self._runbooks)
        except ContentErrors as errors:
            self._findings = errors.findings
            raise
        with self._lock:
            self._keep(catalog)
            self._current, self._findings = catalog, ()
        return catalog

    def at(self, revision: str) -> Catalog:
        """The content of a revision, for a run that began with it. Raises LookupError when nobody kept it."""
        with self._lock:
            if known := self._kept.get(revision):
                self._kept.move_to_end(revision)
                return known
        files = self._stored(revision)
        if files is None:
            raise LookupError(f"content revision {revision} is not in the store")
        catalog = restore(files)
        with self._lock:
            self._keep(catalog)
        return catalog

    def _begin(self, latest: Latest) -> Catalog:
        """A restart must not take the bot down where a reload would not have."""
        try:
            return self.reload()
        except ContentErrors:
            files = latest()
            if files is None:
                raise
        catalog = restore(files)
        self._keep(catalog)
        return catalog

    def _keep(self, catalog: Catalog) -> None:
        self._kept[catalog.revision] = catalog
        self._kept.move_to_end(catalog.revision)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)


def load(*, rules: Path, runbooks: Path) -> Catalog:
    """The content of two folders. Raises ContentErrors, naming files as they were reached."""
    try:
        return checked(_texts(rules=rules, runbooks=runbooks))
    except ContentErrors as errors:
        raise ContentErrors(_reached(finding, rules=rules, runbooks=runbooks) for finding in errors.findings) from None


def check(
    *,
    rules: Path,
    runbooks: Path,
    alerts: Path,
    dashboards: Path | None = None,
    own: frozenset[str] = frozenset(),
) -> list[ContentError]:
    """Everything that is wrong with the content of these places, in the order of files and lines.

    `own` are the metrics that the bot exports itself; without a folder of dashboards none are looked at.
    """
    findings: list[ContentError] = []
    texts: dict[str, str] = {}
    try:
        texts = _texts(rules=rules, runbooks=runbooks)
    except ContentErrors as errors:
        findings += errors.findings
    parsed = parse(texts)
    findings += content(parsed)
    try:
        text = alerts.read_text(encoding="utf-8")
        findings += check_alerts.alerts(text, file=str(alerts), parsed=parsed)
        asked = check_alerts.expressions(text, file=str(alerts))
        if dashboards is not None:
            known = check_dashboards.named_by(parsed, asked) | _exported(dashboards.parent / "exporters.yml") | own
            findings += check_dashboards.dashboards(_dashboards(dashboards), known=known)
    except ContentErrors as errors:
        findings += errors.findings
    except (OSError, UnicodeDecodeError) as error:
        findings.append(ContentError(file=str(alerts), line=1, where="", what=f"cannot be read: {error}"))
    return list(ContentErrors(_reached(each, rules=rules, runbooks=runbooks) for each in findings).findings)


def _exported(file: Path) -> Set[str]:
    """The metrics that others export and no other content names. Raises ContentErrors."""
    found = read(file.read_text(encoding="utf-8"), file=str(file)).value if file.exists() else {}
    return found.keys() if isinstance(found, Mapping) else frozenset()


def _dashboards(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}


def _texts(*, rules: Path, runbooks: Path) -> dict[str, str]:
    """File name, as content knows it (`rules/…`, `runbooks/…`), to text. Raises ContentErrors on unreadable ones."""
    found = {f"rules/{path.name}": path for path in sorted(rules.glob("*.yml"))}
    found |= {f"runbooks/{path.parent.name}/{path.name}": path for path in sorted(runbooks.glob("*/*.yml"))}
    texts, wrong = {}, []
    for name, path in found.items():
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            wrong.append(ContentError(file=name, line=1, where="", what=f"cannot be read: {error}"))
    wrong += [
        ContentError(file=str(stray), line=1, where="", what="is not read: name it .yml")
        for stray in [*rules.glob("*.yaml"), *runbooks.glob("*/*.yaml")]
    ]
    wrong += [
        ContentError(file=f"{name}/", line=1, where="", what=f"no content files in {folder}")
        for name, folder in (("rules", rules), ("runbooks", runbooks))
        if not any(each.startswith(f"{name}/") for each in found)
    ]
    if wrong:
        raise ContentErrors(wrong)
    return texts


def _reached(finding: ContentError, *, rules: Path, runbooks: Path) -> ContentError:
    """The finding with its file as it lies on disk, so that an editor can open it."""
    root, _, rest = finding.file.partition("/")
    folders = {"rules": rules, "runbooks": runbooks}
    if root not in folders:
        return finding
    return ContentError(file=str(folders[root] / rest), line=finding.line, where=finding.where, what=finding.what)
