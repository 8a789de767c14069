"""What the bot's own metrics say of a story: the open incident with its thread, requests, executions, diagnoses."""

from datetime import timedelta
from functools import partial
from typing import Any

from bot.metrics.own import Metrics, own_names
from bot.metrics.stock import Stock
from bot.store.database import Database
from bot.store.stock import stock
from bot.store.tables import messages
from tests.kit.coverage import shipped
from tests.kit.story import Story, notification
from tests.kit.trust import APPROVER


def _stock(story: Story) -> Stock:
    with story.database.read() as conn:
        return stock(conn, story.at)


def test_a_story_is_told_in_numbers(database: Database) -> None:
    metrics, story = Metrics(), Story(database)
    diagnoser: Any = story.handlers["diagnose"]
    diagnoser.__self__._done = metrics.diagnosed

    incident = story.receive(notification())
    story.approve(story.ask(incident_id=incident, reason="customers wait"), APPROVER)
    with database.begin() as conn:
        said = {"channel": "#billing", "revision": 1, "text": "x", "blocks": [], "created_at": story.at}
        in_slack = {"slack_channel": "C0BILLING", "slack_ts": "1700000000.000100", "changed_at": story.at}
        conn.execute(messages.insert().values(id="m1", subject=f"root:{incident}", **said, **in_slack))
    metrics.watch(partial(_stock, story), content=lambda: "abc")
    page = metrics.render().decode()

    found = _stock(story)
    assert sum(found.requests.values()) == 1
    assert dict(found.executions) == {("ledger", "succeeded"): 1}
    assert 'countersign_executions{state="succeeded",system="ledger"} 1.0' in page
    [line] = [line for line in page.splitlines() if line.startswith("countersign_incident_open_timestamp_seconds{")]
    assert f'incident="{incident}"' in line
    assert 'channel="C0BILLING",event="ledger.ops.dead"' in line
    assert 'runbook="ledger/dead",severity="critical",system="ledger",thread="1700000000.000100"' in line
    story.pass_time(timedelta(minutes=2))
    story.receive(notification(status="resolved"))
    assert list(_stock(story).open) == []
    assert 'countersign_questions_total{outcome="answered",system="ledger"}' in page
    assert 'countersign_diagnosis_seconds_count{system="ledger"}' in page


def test_a_business_switch_is_off_before_anybody_has_engaged_it(database: Database) -> None:
    systems = shipped().content.systems.values()

    with database.read() as conn:
        told = stock(conn, Story(database).at, systems=systems).switches

    names = [f"{system.system}/{name}" for system in systems for name in system.switches]
    assert names
    assert {(name, "business"): False for name in names}.items() <= told.items()


def test_every_name_it_may_export_is_known_before_anything_was_counted() -> None:
    names = own_names()

    assert {"countersign_webhooks_total", "countersign_diagnosis_seconds_bucket", "countersign_requests"} <= names
    assert {"countersign_incident_open_timestamp_seconds", "process_resident_memory_bytes"} <= names
