"""One world for all tests here; each test begins with a fresh one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.world import RunningWorld, running_world


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    folder: Path = tmp_path_factory.mktemp("world")
    with running_world(folder) as running:
        yield running


@pytest.fixture
def world(started: RunningWorld) -> RunningWorld:
    started.reset()
    return started


@pytest.fixture(scope="session")
def calm(started: RunningWorld) -> dict[str, str]:
    """The environment of a world that nothing happens in: for tests that only look."""
    started.reset()
    return started.environment()


@pytest.fixture
def env(world: RunningWorld) -> dict[str, str]:
    return world.environment()
