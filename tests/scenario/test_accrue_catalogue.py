"""Accrue's whole catalogue: each event is broken, comes by a real alert, is answered, acted on, and undone."""

import pytest

from tests.kit.catalogue import nothing_private_is_left, play
from tests.kit.catalogue_accrue import ACCRUE
from tests.kit.scene import Scene

pytestmark = [pytest.mark.side_by_side, pytest.mark.timeout(400)]


def test_every_event_is_answered_and_every_action_is_approved_done_and_verified(scene: Scene) -> None:
    play(scene, ACCRUE)

    nothing_private_is_left(scene, ACCRUE)
