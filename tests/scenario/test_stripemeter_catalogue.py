"""StripeMeter's whole catalogue: each event is broken, comes by a real alert, is answered, acted on, and undone."""

import pytest

from tests.kit.catalogue import Row, nothing_private_is_left, play
from tests.kit.catalogue_stripemeter import AT_THE_END, STRIPEMETER, WORKERS_AWAY
from tests.kit.scene import Scene


@pytest.mark.timeout(400)
def test_every_event_is_answered_and_every_action_is_approved_done_and_verified(catalogue_scene: Scene) -> None:
    play(catalogue_scene, STRIPEMETER)

    nothing_private_is_left(catalogue_scene, STRIPEMETER)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("rows", [AT_THE_END, WORKERS_AWAY], ids=["reconciler", "workers"])
def test_what_no_other_could_work_without_is_seen_as_well(catalogue_scene: Scene, rows: tuple[Row, ...]) -> None:
    play(catalogue_scene, rows)
