"""Adventive's whole catalogue, and Stripe's: broken or opened by hand, answered, acted on, and undone."""

import pytest

from tests.kit.catalogue import nothing_private_is_left, play
from tests.kit.catalogue_adventive import ADVENTIVE
from tests.kit.scene import Scene

pytestmark = pytest.mark.timeout(400)


def test_every_event_is_answered_and_every_action_is_approved_done_and_verified(catalogue_scene: Scene) -> None:
    play(catalogue_scene, ADVENTIVE)

    nothing_private_is_left(catalogue_scene, ADVENTIVE)
