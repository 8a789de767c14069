"""Fixtures that every kind of test may ask for."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.kit.databases import database, database_url, postgresql, sqlite_database, sqlite_template

__all__ = ["database", "database_url", "postgresql", "sqlite_database", "sqlite_template"]

# A machine that is busy with something else makes an example slow, not wrong; and a change is not to fail for an
# example that another run would not have drawn. To look for new ones: pytest --hypothesis-profile=explore.
settings.register_profile(
    "steady", deadline=None, max_examples=50, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("steady"), max_examples=1000, derandomize=False)
settings.load_profile("steady")

# Tests write thousands of small databases that nobody keeps: where memory serves as a disk, none of them waits for one.
_MEMORY, _ENOUGH = Path("/dev/shm"), 4 * 1024**3
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH:
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # whoever asked before asks again


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker is at it alone in the end."""
    items.sort(key=lambda item: not {"faults", "sandbox"} & {*item.path.parts})
