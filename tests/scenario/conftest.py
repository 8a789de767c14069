"""One stage for all scenarios: the local world, the bot, a real Alertmanager and a real Prometheus.

Most of a scenario is waiting: for a scrape, an alert, a check. So tests marked `side_by_side` begin when the first of
them is due, a few at a time in threads of their own, and whatever else is to run here waits until they are done. They
ask for the `scene` or for nothing, and each looks after things that no other touches.
"""

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.demo import monitoring
from bot.demo.stage import Stage
from bot.store.database import Database
from tests.kit.databases import running_postgresql
from tests.kit.scene import Scene
from tests.kit.workspace import Control
from tests.kit.world import WorldControl

_STARTED = pytest.StashKey[dict[str, Future[None]]]()
_AT_ONCE = 4  # more of them keep two processors so busy that a click is not answered within Slack's three seconds
_WINDOW = timedelta(seconds=20)  # alerts over counters end so long after the last count


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder is a scenario, and none runs where there is no Prometheus; the catalogue comes last."""
    here = Path(__file__).parent
    items.sort(key=lambda item: "catalogue_scene" in getattr(item, "fixturenames", ()))
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.scenario)
            item.add_marker(pytest.mark.timeout(900))
            item.add_marker(pytest.mark.skipif(bool(monitoring.missing()), reason="needs Prometheus and Alertmanager"))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run side by side what may, and the rest after."""
    started = pyfuncitem.session.stash.setdefault(_STARTED, {})
    if pyfuncitem.get_closest_marker("side_by_side") is None:
        wait(started.values())
        return None
    if pyfuncitem.nodeid not in started:
        together = [each for each in pyfuncitem.session.items if each.get_closest_marker("side_by_side")]
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="scenario")
        for item in together:
            assert isinstance(item, pytest.Function)
            needs = ["scene"] if "scene" in item.fixturenames else []
            given = {name: pyfuncitem._request.getfixturevalue(name) for name in needs}
            started[item.nodeid] = pool.submit(item.obj, **given)
        pool.shutdown(wait=False)
    started[pyfuncitem.nodeid].result()
    return True


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    folder = Path(tempfile.mkdtemp(prefix="cs-"))  # short: PostgreSQL's socket path may have 107 characters
    try:
        with Stage(folder, with_prometheus=True, longest_window=_WINDOW) as up:
            yield up
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def scene(stage: Stage) -> Iterator[Scene]:
    with _on(stage) as found:
        yield found


@contextmanager
def _on(stage: Stage) -> Iterator[Scene]:
    base = f"http://{stage.addresses.world}"
    with (
        httpx.Client(base_url=base, timeout=30, trust_env=False) as client,
        closing(Database(stage.environment["COUNTERSIGN_DATABASE_URL"])) as record,
    ):
        yield Scene(control=Control(client), stage=stage, world=WorldControl(base), record=record)


def _rewritten(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{file.name}: {old}"
    file.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def catalogue_scene() -> Iterator[Scene]:
    """A stage of its own for what breaks dozens of things at once: no storm, and nobody else's thread to drown.

    This bot keeps its record in PostgreSQL, that of the other stage in SQLite.
    """
    folder, rules = Path(tempfile.mkdtemp(prefix="cs-")), Path(tempfile.mkdtemp(prefix="cs-rules-"))
    shutil.copytree("rules", rules, dirs_exist_ok=True)  # a scenario changes them
    _rewritten(rules / "accrue.yml", "command: [bin/billing-host]", "command: [billing-host]")
    _rewritten(rules / "stripemeter.yml", 'cron: "30 6 * * *"', 'cron: "* * * * *"')  # a digest while somebody looks
    try:
        with running_postgresql() as server, server.fresh(migrated=False) as url:
            more = {
                "COUNTERSIGN_DATABASE_URL": url,
                "COUNTERSIGN_STORM_ABOVE": "1000",
                "COUNTERSIGN_CANARY_MINUTES": "1",
                "COUNTERSIGN_RULES": str(rules),
                "ACCRUE_RELEASE_COMMAND": "1",
            }
            with Stage(folder, with_prometheus=True, longest_window=_WINDOW, more=more) as up, _on(up) as found:
                yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(rules, ignore_errors=True)
