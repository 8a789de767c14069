"""The whole catalogue: each event is broken, comes by a real alert, is answered, acted on with approval, and undone."""

import pytest

from tests.kit.catalogue import nothing_private_is_left, play
from tests.kit.catalogue_accrue import ACCRUE, CHECKED
from tests.kit.scene import Scene

ROWS = (*ACCRUE, *CHECKED)  # one tuple for each system


@pytest.mark.timeout(400)
def test_every_event_is_answered_and_every_action_is_approved_done_and_verified(catalogue_scene: Scene) -> None:
    play(catalogue_scene, ROWS)

    nothing_private_is_left(catalogue_scene, ROWS)
    assert catalogue_scene.audit_verify().returncode == 0
