"""Every row of the catalogue, in the order in which they begin, and whom else a scenario plays."""

from tests.kit.catalogue import Row
from tests.kit.catalogue_accrue import ACCRUE, BY_RELEASE, CHECKED
from tests.kit.catalogue_adventive import ADVENTIVE
from tests.kit.catalogue_aivo import AIVO, AIVO_LAST, BY_BILLING
from tests.kit.catalogue_stripemeter import STRIPEMETER, STRIPEMETER_LAST

OURS = (
    Row(event="countersign.canary.round", runbook="countersign/canary"),
    Row(event="countersign.canary.stale", runbook="countersign/canary-stale", by_hand={}),
)
"""The bot itself: its test alert comes by itself."""

ROWS = (*STRIPEMETER, *AIVO, *ACCRUE, *CHECKED, *ADVENTIVE, *OURS, *STRIPEMETER_LAST, *AIVO_LAST)
OTHERWISE_INSTALLED = (*BY_RELEASE, *BY_BILLING)
