"""The whole catalogue: each event is broken, comes by a real alert, is answered, acted on with approval, and undone."""

import pytest

from tests.kit.catalogue import nothing_private_is_left, play
from tests.kit.catalogue_accrue import ACCRUE, CHECKED
from tests.kit.catalogue_adventive import ADVENTIVE
from tests.kit.catalogue_aivo import AIVO, AIVO_AFTERWARDS, AIVO_DOWN, AIVO_FORCED
from tests.kit.catalogue_stripemeter import AT_THE_END, STRIPEMETER, WORKERS_AWAY
from tests.kit.scene import Scene

# In two parts: both Accrue's and Adventive's rows collect the invoices of one Stripe.
FIRST = (*ACCRUE, *STRIPEMETER, *AIVO)
THEN = (*CHECKED, *ADVENTIVE)
ROWS = (*FIRST, *THEN)

pytestmark = pytest.mark.timeout(900)


def test_every_event_is_answered_and_every_action_is_approved_done_and_verified(catalogue_scene: Scene) -> None:
    play(catalogue_scene, FIRST)
    play(catalogue_scene, THEN)


def test_what_no_other_could_work_beside_is_seen_as_well(catalogue_scene: Scene) -> None:
    catalogue_scene.world.set_options(aivo_dunning_routes=True)

    play(catalogue_scene, (*AT_THE_END, *AIVO_AFTERWARDS))
    play(catalogue_scene, (*WORKERS_AWAY, *AIVO_FORCED))
    play(catalogue_scene, AIVO_DOWN)


def test_after_all_of_it_nothing_private_is_left_and_the_audit_is_whole(catalogue_scene: Scene) -> None:
    nothing_private_is_left(catalogue_scene, ROWS)
    assert catalogue_scene.audit_verify().returncode == 0
