"""Views to build messages from: one incident in its states, evidence of every kind, a request in each stage."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.evidence import Answer, Column, Failure, Reason, Shown, Table
from bot.engine.origin import Origin
from bot.engine.runbook import Risk
from bot.engine.switch import Kind
from bot.slack.card_views import CardView, Offer, Phase, Progress, Stage, Touched, VoteView
from bot.slack.life_views import Call, CallView, Hush, SilenceView
from bot.slack.switch_views import SwitchView
from bot.slack.views import (
    AlertView,
    Asked,
    Asking,
    ChecklistView,
    EvidenceView,
    Findings,
    Link,
    Mood,
    RequestLine,
    RootView,
    StepView,
)

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
INCIDENT = "1f0c9a34-52b1-4b7e-9d55-3a1f6f1f0a01"
REQUEST = "7c3d2b10-88aa-4f0e-8a41-0b6f5c2d9e02"
DIGEST = "3e12ab90" + "c4" * 28


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def alert(number: int, *, is_firing: bool = True, says: str | None = None) -> AlertView:
    return AlertView(
        says=says or f"tenant=tenant-{number:02}", is_firing=is_firing, started_at=NOW - minutes(30 - number % 30)
    )


FINDINGS = Findings(
    asking=Asking.DONE,
    is_concluded=True,
    at=NOW - minutes(29),
    held=("Beyond epsilon (0.5 %): replay late events, then reconcile.",),
    warned=("Adjust by hand",),
    unjudged=("ready.status != 'healthy' (needs ready, which has no answer)",),
    unanswered=1,
)
OFFERS = (
    Offer(action="replay", label="Replay last 24 h", is_suggested=True),
    Offer(action="reconcile", label="Reconcile now", is_suggested=True),
    Offer(action="adjust", label="Adjust by hand", caution="The drift is beyond epsilon; an adjustment would hide it."),
)
FIRING = RootView(
    incident_id=INCIDENT,
    system="StripeMeter",
    event="stripemeter.reconciliation.drift",
    title="Local usage and Stripe disagree",
    summary="Drift of tenant demo is 2.1 %.",
    severity="critical",
    mood=Mood.FIRING,
    started_at=NOW - minutes(30),
    alerts=(alert(1),),
    findings=FINDINGS,
    offers=OFFERS,
    links=(
        Link(label="Prometheus", url="http://prometheus.example:9090/graph?g0.expr=drift&g0.tab=1"),
        Link(label="Alertmanager", url="http://alertmanager.example:9093"),
        Link(label="Guide", url="docs/hosts/stripemeter.md"),
    ),
)
ACKNOWLEDGED = replace(
    FIRING,
    mood=Mood.ACKNOWLEDGED,
    acknowledged_by="U0ANA",
    acknowledged_at=NOW - minutes(5),
    requests=(RequestLine(label="Replay last 24 h", stage=Stage.OPEN),),
)
BY_HAND = replace(FIRING, severity="info", origin=Origin.BY_HAND, opened_by="U0ALICE")
DIGEST_CLOSED = replace(
    FIRING,
    severity="info",
    mood=Mood.RESOLVED,
    resolved_at=NOW,
    origin=Origin.SCHEDULE,
    opened_by="stripemeter/daily",
    closed_by="countersign",
    offers=(),
)
EVENTS = replace(FIRING, origin=Origin.OPS_EVENTS, alerts=(alert(1), alert(2), alert(3)))
RESOLVED = replace(
    ACKNOWLEDGED,
    mood=Mood.RESOLVED,
    resolved_at=NOW,
    alerts=(alert(1, is_firing=False),),
    findings=replace(FINDINGS, is_outdated=True),
    requests=(RequestLine(label="Replay last 24 h", stage=Stage.VERIFIED, ran_at=NOW),),
)
AGAIN = replace(
    FIRING,
    reopenings=2,
    told_because="new alerts added",
    alerts=(alert(1), alert(2), replace(alert(3, is_firing=False), ended_at=NOW - minutes(4))),
)
SILENCED = replace(
    ACKNOWLEDGED,
    can_silence=True,
    silences=(
        SilenceView(hush=Hush.ACTIVE, person="U0ANA", until=NOW + minutes(90), reason="the worker is redeployed"),
        SilenceView(hush=Hush.ACTIVE, person="bo", until=NOW + minutes(300), reason="maintenance", is_ours=False),
    ),
)
BEING_SILENCED = replace(
    FIRING,
    can_silence=True,
    silences=(SilenceView(hush=Hush.WANTED, person="U0ANA", until=NOW + minutes(90), trouble="no answer within 10 s"),),
)
NOT_SILENCED = replace(
    FIRING,
    can_silence=True,
    silences=(SilenceView(hush=Hush.FAILED, person="U0ANA", until=NOW + minutes(90), trouble="HTTP 400"),),
)
CALLS = {
    "worse": CallView(
        call=Call.WORSE,
        title="Local usage and Stripe disagree",
        severity="critical",
        was="warning",
        people=("U0ANA", "S0ONCALL"),
    ),
    "again": CallView(
        call=Call.AGAIN,
        title="Local usage and Stripe disagree",
        severity="critical",
        times=1,
        people=("U0ANA",),
    ),
    "unproven": CallView(call=Call.UNPROVEN, title="Replay last 24 h", severity="critical", people=("S0ONCALL",)),
    "flaps": CallView(call=Call.AGAIN, title="Local usage and Stripe disagree", severity="critical", times=4),
}
TRUNCATED = replace(FIRING, alerts=tuple(alert(n, is_firing=n != 2) for n in range(1, 4)), truncated=4)
FORTY = replace(FIRING, alerts=tuple(alert(n, is_firing=n % 4 != 0) for n in range(40)))
ASKING = replace(FIRING, findings=Findings(asking=Asking.RUNNING), offers=())
FAILED = replace(
    FIRING, findings=Findings(asking=Asking.FAILED, error="rules/stripemeter.yml is no longer kept"), offers=()
)
NASTY = "<!channel> <@U0LEAD1> *bold* `code` & <https://evil.example|click> \u202eright-to-left jane@example.com "
HUGE = replace(
    FIRING,
    title=NASTY * 20,
    summary=NASTY * 400,
    alerts=tuple(alert(n, says=NASTY * 10) for n in range(60)),
    findings=replace(FINDINGS, held=(NASTY * 50,) * 30, unjudged=(NASTY * 20,) * 10),
    offers=tuple(Offer(action=f"action-{n}", label=NASTY, is_suggested=n < 9, caution=NASTY) for n in range(30)),
)


def answer(*rows: tuple[object, ...], cut: bool = False, **columns: Shown) -> Answer:
    made = tuple(Column(name=name, shown=shown) for name, shown in columns.items())
    return Answer(table=Table.model_validate({"columns": made, "rows": rows, "cut": cut}))


DRIFT = answer(
    ("si_1AbCdEfGhIjKlM", 1204, 1179, 0.0212),
    ("si_1NoPqRsTuVwXyZ", 880, 880, 0.0),
    ("si_1AaBbCcDdEeFfG", 15, 14, 0.0714),
    item=Shown.ID,
    local_total=Shown.COUNT,
    stripe_total=Shown.COUNT,
    value=Shown.RATIO,
)
STATES = answer(("past_due", 41), ("active", 1_900), status=Shown.ENUM, n=Shown.COUNT)
ONE = answer(
    ("in_1AbCdEfGhIjKlM", "open", 1999, "eur", "2026-11-20T09:00:00Z"),
    invoice=Shown.ID,
    status=Shown.ENUM,
    amount_due=Shown.MINOR,
    currency=Shown.ENUM,
    created=Shown.TIME,
)
EVIDENCE = EvidenceView(
    number=1,
    finished_at=NOW,
    not_here=("Invoices, camel case", "Dunning, prisma"),
    asked=(
        Asked(id="drift", title="Drift by item", evidence=DRIFT),
        Asked(id="states", title="Subscriptions by state", evidence=STATES),
        Asked(id="invoice", title="The invoice at Stripe", evidence=ONE),
        Asked(id="rate", title="Late events per hour", evidence=answer((12.5,), value=Shown.NUMBER)),
        Asked(
            id="runs",
            title="Runs",
            evidence=answer(("2026-11-20T09:00:00Z", 3), ("2026-11-20T09:10:00Z", 4), at=Shown.TIME, n=Shown.COUNT),
        ),
        Asked(id="late", title="Late events", evidence=answer(id=Shown.ID)),
        Asked(
            id="ready",
            title="Readiness",
            evidence=Failure(reason=Reason.TIMEOUT, message="api did not answer within 10 s"),
        ),
        Asked(
            id="watermark",
            title="Watermarks",
            evidence=Failure(reason=Reason.NOT_CONNECTED, message="db is not connected: set STRIPEMETER_READ_DSN"),
        ),
    ),
)
WIDE = answer(
    *((f"evt_{n:014}", *("a word of text that is rather long",) * 11) for n in range(80)),
    cut=True,
    id=Shown.ID,
    **{f"column_{n}": Shown.TEXT for n in range(11)},
)
CROWDED = EvidenceView(
    number=3,
    finished_at=NOW,
    asked=tuple(Asked(id=f"q{n}", title=f"Question {n} " + NASTY * 5, evidence=WIDE) for n in range(60)),
    error="the deadline of the whole diagnosis passed",
)
SMALL_PRINT = replace(
    EVIDENCE,
    asked=EVIDENCE.asked[:1],
    idle=("The same event at Stripe", "Portal checkouts <!here>"),
    unjudged=("ready.status != 'healthy' (ready was not answered (timeout))",),
    not_here=("Rows of the newer schema",),
)
AT_STRIPE = EvidenceView(
    number=2,
    finished_at=NOW,
    stripe_mode="test",
    asked=(
        Asked(
            id="invoices",
            title="Open invoices at Stripe",
            evidence=answer(
                ("in_1AbCdEfGhIjKlM", 1999, "eur", "2026-11-20T09:00:00Z"),
                ("in_1NoPqRsTuVwXyZ", 4900, "usd", "2026-11-19T22:15:00Z"),
                invoice=Shown.ID,
                amount_due=Shown.MINOR,
                currency=Shown.ENUM,
                created=Shown.TIME,
            ),
        ),
        Asked(id="invoice", title="The oldest", evidence=ONE),
    ),
)
CHECKLIST = ChecklistView(
    title="Local usage and Stripe disagree",
    items=("Confirm tenant, metric and period", "Check the period boundary's time zone <!here>"),
    guide="docs/hosts/stripemeter.md",
)
TICKED = ChecklistView(
    title="Accrue gave up on webhooks",
    items=("Look at the row", "Mend the handler", "Replay it"),
    guide="docs/hosts/accrue.md",
    incident_id=INCIDENT,
    is_ordered=True,
    done={1: StepView(person="U0ANA", at=NOW), 3: StepView(person="U0CHI", at=NOW, skipped=2)},
)


PREPARING = CardView(
    request_id=REQUEST,
    label="Replay last 24 h",
    about="Sends the events of the last 24 hours once more. Stripe counts each only once.",
    risk=Risk.HIGH,
    stage=Stage.PREPARING,
    requester="U0ANA",
    requested_at=NOW - minutes(6),
    reason="Drift after the worker was down",
    needs=2,
    approvers=("oncall", "leads"),
    verifies='ready.status == "healthy" and drift.max <= 0.005',
)
OPEN = replace(
    PREPARING,
    stage=Stage.OPEN,
    inputs=(("since", "24h"), ("metric", "api_calls")),
    touched=Touched(
        count=1204,
        sample=("evt_00000000000001", "evt_00000000000002"),
        sums=("1,204.00 EUR (amount_due)",),
        oldest=NOW - minutes(24 * 60),
        left_out=("3 × already counted", "1 × too old"),  # noqa: RUF001
    ),
    goal="Stripe has counted every event of the window, and drift is back within 0.5 %.",
    undoes="Take the replay back",
    preview=answer(("api_calls", 1204), ("storage", 12), metric=Shown.ENUM, would_replay=Shown.COUNT),
    calls=('POST /v1/replay at api with {"mode": "apply", "since": "24h"}',),
    digest=DIGEST,
    expires_at=NOW + minutes(24),
)
VOTED = replace(OPEN, votes=(VoteView(person="U0BEN", is_approval=True, at=NOW - minutes(2)),))
SETTLED = replace(
    VOTED, votes=(*VOTED.votes, VoteView(person="U0CAL", is_approval=True, at=NOW - minutes(1))), settled_at=NOW
)
STOPPED = SwitchView(
    name="bot",
    kind=Kind.BOT,
    title="All actions",
    system=None,
    person="U0CAL",
    reason="the deploy of 10:15 replays twice",
    since=NOW - minutes(10),
    until=NOW + minutes(230),
)
DUNNING = SwitchView(
    name="aivo/dunning",
    kind=Kind.BUSINESS,
    title="Dunning of the pending steps",
    system="Aivo",
    person="U0ANA",
    reason="wrong downgrades",
    since=NOW - minutes(200),
    until=NOW + minutes(40),
    is_verified=False,
    does_not_stop="New steps are still scheduled, and Stripe's own retries and e-mails go on.",
)
SWITCHED = replace(FIRING, switches=(STOPPED, DUNNING))
CARDS = {
    "preparing": PREPARING,
    "open": OPEN,
    "one-vote": VOTED,
    "approved": replace(SETTLED, stage=Stage.APPROVED),
    "held": replace(SETTLED, stage=Stage.APPROVED, held_by=STOPPED, note="held: bot has been stopped by U0CAL"),
    "of-a-switch": replace(OPEN, held_by=STOPPED, does_not_stop=DUNNING.does_not_stop),
    "denied": replace(
        OPEN,
        stage=Stage.DENIED,
        votes=(VoteView(person="U0BEN", is_approval=False, at=NOW, reason="the worker is still down"),),
    ),
    "expired": replace(OPEN, stage=Stage.EXPIRED, settled_at=NOW),
    "superseded": replace(
        SETTLED, stage=Stage.SUPERSEDED, note="the targets changed from 1204 to 1300: 96 new, 0 gone"
    ),
    "refused": replace(PREPARING, stage=Stage.REFUSED, note="A replay is running already."),
    "running": replace(SETTLED, stage=Stage.RUNNING, started_at=NOW),
    "running-batches": replace(
        SETTLED,
        stage=Stage.RUNNING,
        started_at=NOW,
        progress=Progress(done=31, total=1204, phase=Phase.BATCH, batch=5, batches=122),
        can_stop=True,
    ),
    "checking": replace(
        SETTLED,
        stage=Stage.RUNNING,
        started_at=NOW,
        progress=Progress(done=1, total=21, phase=Phase.CHECKING, batch=2, batches=3),
        can_stop=True,
    ),
    "stopping": replace(
        SETTLED,
        stage=Stage.RUNNING,
        started_at=NOW,
        progress=Progress(done=0, total=2, phase=Phase.CANARY, batch=1, batches=2),
        stopped_by="U0CAL",
    ),
    "stopped": replace(
        SETTLED,
        stage=Stage.STOPPED,
        stopped_by="U0CAL",
        outcome="stopped; 31 of 1204 calls done, the rest was not tried",
        undo=Offer(action="undo-replay", label="Take the replay back"),
    ),
    "unknown-for-a-person": replace(
        SETTLED,
        stage=Stage.UNKNOWN,
        outcome="api: the outcome is unknown: it answered 500 (request req_1AbCdEfGh); 0 of 1 calls done for certain; "
        "nothing can be asked; a person must look, and it is not tried again",
        can_settle=True,
    ),
    "verifying": replace(
        SETTLED, stage=Stage.VERIFYING, outcome="replayed 1204", verify_until=NOW + minutes(15), started_at=NOW
    ),
    "failed": replace(SETTLED, stage=Stage.FAILED, outcome="api refused: 422"),
    "unknown": replace(SETTLED, stage=Stage.UNKNOWN, outcome="api: the outcome is unknown: timeout"),
    "verified": replace(
        SETTLED,
        stage=Stage.VERIFIED,
        outcome="replayed 1204",
        verified_at=NOW,
        undo=Offer(action="undo-replay", label="Take the replay back"),
    ),
    "not-verified": replace(SETTLED, stage=Stage.NOT_VERIFIED, outcome="drift.max is still 0.02"),
}
