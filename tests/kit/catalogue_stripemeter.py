"""StripeMeter's rows of the catalogue, as they are played; the replay of late usage has scenarios of its own."""

from datetime import UTC, datetime

from tests.kit.catalogue import Deed, Row

_A_WHILE = {"seconds": 75}
_FIRST = datetime.now(UTC).strftime("%Y-%m-01T00:00:00Z")
_ITEM = ("subscription_item",)

STRIPEMETER = (
    Row(
        scenario="usage-drift",
        event="stripemeter.reconciliation.drift",
        runbook="stripemeter/drift",
        options={"metric": "minutes", "percent": 4, "hours_late": 30},
        by=_ITEM,
        deeds=(Deed(action="replay-period"), Deed(action="replay", inputs={"since": "48h"}), Deed(action="reconcile")),
    ),
    Row(
        scenario="small-drift",
        event="stripemeter.reconciliation.within_epsilon",
        runbook="stripemeter/corrections",
        by=_ITEM,
        deeds=(Deed(action="adjust"), Deed(action="approve-adjustment", undo=True)),
    ),
    Row(
        scenario="small-drift",
        event="stripemeter.reconciliation.absolute_drift",
        runbook="stripemeter/corrections",
        by=_ITEM,
    ),
    Row(
        scenario="duplicate-usage",
        event="stripemeter.usage.duplicates",
        runbook="stripemeter/corrections",
        by=_ITEM,
        deeds=(Deed(action="adjust", inputs={"why": "duplicate"}), Deed(action="approve-adjustment")),
    ),
    Row(
        scenario="late-usage",
        event="stripemeter.usage.late_events",
        runbook="stripemeter/corrections",
        by=_ITEM,
        deeds=(
            Deed(action="backfill", inputs={"quantity": "1.5", "at": _FIRST, "key": "catalogue-backfill-1"}),
            Deed(action="reconcile"),
        ),
    ),
    Row(
        scenario="stalled-item",
        event="stripemeter.reconciliation.reports_stale",
        runbook="stripemeter/reconciler",
        deeds=(Deed(action="reconcile"),),
        after=("usage-drift", "late-usage"),  # which ask for a run
    ),
    Row(
        scenario="slow-reconciler",
        event="stripemeter.reconciliation.slow",
        runbook="stripemeter/reconciler",
        options=_A_WHILE,
    ),
    Row(
        scenario="queue-lag",
        event="stripemeter.ingestion.queue_lag",
        runbook="stripemeter/queue-lag",
        options=_A_WHILE,
    ),
    Row(
        scenario="slow-ingest",
        event="stripemeter.ingest.latency",
        runbook="stripemeter/ingest-latency",
        options=_A_WHILE,
    ),
    Row(
        scenario="server-errors",
        event="stripemeter.http.server_errors",
        runbook="stripemeter/server-errors",
        options=_A_WHILE,
    ),
    Row(
        scenario="not-ready",
        event="stripemeter.health.not_ready",
        runbook="stripemeter/health",
        options={"seconds": 25},
    ),
    Row(
        scenario="write-errors",
        event="stripemeter.writer.errors",
        runbook="stripemeter/writer",
        options=_A_WHILE,
    ),
    Row(
        scenario="failing-shadow-pushes",
        event="stripemeter.writer.shadow_failures",
        runbook="stripemeter/writer",
        options=_A_WHILE,
    ),
    Row(
        scenario="refused-keys",
        event="stripemeter.auth.failures",
        runbook="stripemeter/access",
        options=_A_WHILE,
    ),
    Row(event="stripemeter.daily_reconciliation", runbook="stripemeter/daily-reconciliation", by_hand={}),
)

_RECONCILING = ("usage-drift", "late-usage", "stalled-item")  # each asks for a run, which would end what stops them
_ALL = frozenset(row.scenario for row in STRIPEMETER)

STRIPEMETER_LAST = (
    Row(
        scenario="stop-reconciler",
        event="stripemeter.reconciliation.stale",
        runbook="stripemeter/reconciler",
        deeds=(Deed(action="reconcile"),),
        after=_RECONCILING,
    ),
    Row(
        scenario="workers-down",
        event="stripemeter.health.workers_down",
        runbook="stripemeter/health",
        options={"seconds": 45},
        unanswered={"worker": "502"},
        after=(*_ALL, "stop-reconciler"),  # everybody asks the workers something
    ),
)
"""What takes all of it away from the others is broken when they are done."""
