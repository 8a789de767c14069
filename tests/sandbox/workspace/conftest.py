"""What the workspace's own tests share: a running workspace and slack_sdk's clients against it."""

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from tests.kit.workspace import RunningWorkspace, ShiftedClock, running_workspace


@pytest.fixture(scope="session")
def served() -> Iterator[RunningWorkspace]:
    """One server for all tests of a session; `workspace` empties it before each."""
    with running_workspace() as running:
        yield running


@pytest.fixture
def workspace(served: RunningWorkspace) -> RunningWorkspace:
    served.control.reset()
    return served


@pytest.fixture
def slack(workspace: RunningWorkspace) -> WebClient:
    """The client a bot has, without the SDK's own repeats."""
    return WebClient(token="xoxb-local", base_url=workspace.api, retry_handlers=[], timeout=30)


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()
