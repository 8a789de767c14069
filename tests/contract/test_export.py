"""An export holds the whole story of an incident, lets its reader check it, and says the same for the same rows."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from typer.testing import CliRunner

from bot.cli import app
from bot.core.canonical import sha256
from bot.core.errors import BadInput
from bot.export.bundle import bundle
from bot.export.page import page
from bot.export.rows import gather
from bot.store import audit
from bot.store.audit import Checkpoint, Entry
from bot.store.database import Database
from bot.store.tables import answers, deliveries, requests, votes
from bot.store.tables import audit as audit_rows
from tests.kit.story import notification, tell
from tests.kit.tampering import tamper
from tests.kit.trust import APPROVER, REQUESTER

Json = dict[str, Any]


def exported(database: Database, incident_id: str) -> Json:
    with database.read() as conn:
        return bundle(gather(conn, incident_id))


@pytest.fixture
def told(database: Database) -> Json:
    _, incident_id = tell(database)
    return exported(database, incident_id)


def test_it_names_the_webhooks_that_made_the_incident_by_the_digest_of_their_bodies(told: Json) -> None:
    digests = [hashlib.sha256(notification(status=status)).hexdigest() for status in ("firing", "resolved")]

    assert [(each["digest"], each["body"]) for each in told["webhooks"]] == [
        (digest, "kept, unchanged") for digest in digests
    ]


def test_a_webhook_that_changed_the_incident_is_named_and_a_repeat_is_not(database: Database) -> None:
    story, incident_id = tell(database)

    for _ in range(3):
        story.pass_time(timedelta(seconds=10))
        story.receive(notification(annotations={"summary": "Three events are dead"}, status="resolved"))

    assert len(exported(database, incident_id)["webhooks"]) == 3
    assert "incident.changed" in [entry.kind for entry in story_entries(database, incident_id)]


def test_each_question_has_its_definition_what_was_shown_and_the_digest_of_the_answer(told: Json) -> None:
    diagnosis, _after_the_effect = told["diagnoses"]
    health, backlog, gone = diagnosis["questions"]

    assert health["definition"]["http"]["get"] == "/health"
    assert (backlog["answer"]["columns"], backlog["answer"]["rows"]) == (["n"], [["2"]])
    assert len(backlog["answer"]["digest"]) == 64
    assert gone["answer"]["failed"] == "refused"
    assert [each["held"] for each in diagnosis["conclusions"]] == [True, None]


def test_an_answer_is_held_against_the_digest_that_the_audit_noted_then(database: Database) -> None:
    _, incident_id = tell(database)
    before = exported(database, incident_id)["diagnoses"][0]
    with database.begin() as conn:
        conn.execute(
            update(answers)
            .where(answers.c.question == "gone", answers.c.number == 1)
            .values(evidence={"kind": "failure", "reason": "timeout", "message": "it took too long"})
        )

    after = exported(database, incident_id)["diagnoses"][0]

    assert [each["is_as_noted_then"] for each in before["questions"]] == [True, True, True]
    assert {each["id"]: each["is_as_noted_then"] for each in after["questions"]} == {
        "health": True,
        "backlog": True,
        "gone": False,
    }
    assert "not what the audit noted then" in page(exported(database, incident_id))


def test_what_is_not_kept_any_more_is_named_with_its_digest(database: Database) -> None:
    _, incident_id = tell(database)
    before = exported(database, incident_id)["diagnoses"][0]
    with database.begin() as conn:
        conn.execute(delete(answers))

    document = exported(database, incident_id)

    noted = {each["id"]: each["answer"]["digest"] for each in before["questions"]}
    assert before["forgotten"] == {}
    assert document["diagnoses"][0]["questions"] == []
    assert document["diagnoses"][0]["forgotten"] == noted
    assert noted["health"] in page(document)


def test_a_request_holds_what_was_voted_on_by_whom_and_what_came_of_it(told: Json) -> None:
    (request,) = told["requests"]
    (vote,) = request["votes"]

    assert request["requester"] == REQUESTER
    assert (request["targets"]["ids"], request["targets"]["rows"][0]) == (["ev_1", "ev_2"], ["ev_1", "5.00 EUR", "eur"])
    assert request["preview"]["say"] == "2 of 2 would be replayed."
    assert request["digest_matches_what_is_stored"]
    assert (vote["person"], vote["choice"], vote["digest"]) == (APPROVER, "approve", request["digest"])
    assert request["verification"]["condition"]["until"] == "backlog.n == 0"
    assert (request["verification"]["result"], request["verification"]["seen"]) == ("verified", "backlog.n is 0")


def test_a_call_holds_its_idempotency_key_and_the_targets_own_number(database: Database) -> None:
    story, incident_id = tell(database)

    (call,) = exported(database, incident_id)["requests"][0]["execution"]["calls"]

    assert call["idempotency_key"] == story.host.effects[0][0]
    assert call["answer"]["provider_request_id"] == "req-0001"
    (done,) = (entry for entry in story_entries(database, incident_id) if entry.kind == "deed.succeeded")
    assert done.content["provider_request_id"] == "req-0001"


def story_entries(database: Database, incident_id: str) -> list[Entry]:
    with database.read() as conn:
        return audit.export(conn, incident_id)


def test_its_entries_can_be_sealed_again_by_whoever_reads_it(told: Json) -> None:
    for entry in told["audit"]["entries"]:
        sealed: Mapping[str, Any] = {
            "seq": entry["seq"],
            "at": entry["at"],
            "kind": entry["kind"],
            "actor": entry["actor"],
            "incident": entry["incident_id"],
            "request": entry["request_id"],
            "data": entry["data"],
            "previous": entry["previous"],
        }
        assert sha256(sealed) == entry["hash"]
        assert entry["is_sealed"]


def test_its_head_is_a_checkpoint_that_verifies(database: Database) -> None:
    _, incident_id = tell(database)

    chain = exported(database, incident_id)["audit"]["chain"]

    assert chain["intact"]
    with database.read() as conn:
        assert audit.verify(conn, checkpoint=Checkpoint.parse(chain["head"])).is_intact


def test_the_same_rows_make_the_same_bytes(database: Database) -> None:
    _, incident_id = tell(database)

    first, second = (exported(database, incident_id) for _ in range(2))

    assert json.dumps(first) == json.dumps(second)
    assert page(first) == page(second)


def test_what_was_changed_behind_the_bots_back_is_said(database: Database) -> None:
    _, incident_id = tell(database)

    def change(conn: Any) -> None:
        conn.execute(update(deliveries).where(deliveries.c.seq == 1).values(body=b"{}"))
        conn.execute(update(requests).values(inputs={"kind": "payout"}))
        conn.execute(update(votes).values(digest="0" * 64))
        conn.execute(update(audit_rows).where(audit_rows.c.kind == "request.voted").values(actor="U0LIAR"))

    tamper(database, change)
    found = exported(database, incident_id)

    assert found["webhooks"][0]["body"] == "kept, but CHANGED"
    assert not found["requests"][0]["digest_matches_what_is_stored"]
    assert not found["requests"][0]["votes"][0]["is_for_this_digest"]
    assert [entry["kind"] for entry in found["audit"]["entries"] if not entry["is_sealed"]] == ["request.voted"]
    assert not found["audit"]["chain"]["intact"]
    shown = page(found)
    for mark in ("kept, but CHANGED", "NOT made of what stands here", "another one", "NOT intact", "does not match"):
        assert mark in shown


class References(HTMLParser):
    """Everything in a page that would be fetched or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "iframe", "object", "embed", "link", "base", "img", "form"}:
            self.found.append(tag)
        for name, value in attrs:
            if (
                name in {"src", "srcset", "action"}
                or name.startswith("on")
                or (name == "href" and value and value[0] != "#")
            ):
                self.found.append(f"{tag} {name}={value}")


def test_the_page_needs_nothing_outside_itself(told: Json) -> None:
    parser = References()

    parser.feed(page(told))

    assert parser.found == []
    assert "url(" not in page(told)
    assert "@import" not in page(told)
    assert "default-src 'none'" in page(told)


def test_markup_in_what_came_from_outside_stays_text(database: Database) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    _, incident_id = tell(database, labels={"service": bad}, annotations={"summary": bad})

    shown = page(exported(database, incident_id))

    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown


def test_an_incident_that_only_came_in_has_a_page_too(database: Database) -> None:
    _, incident_id = tell(database)
    with database.begin() as conn:
        for table in ("answers", "diagnoses", "deeds", "executions", "votes", "requests", "content_revisions"):
            conn.exec_driver_sql(f"DELETE FROM {table}")

    assert "Dead events" in page(exported(database, incident_id))


def test_an_incident_that_is_not_there_is_said_to_be_missing(database: Database) -> None:
    with pytest.raises(BadInput, match="no incident 'nope'"), database.read() as conn:
        gather(conn, "nope")


def test_the_command_writes_both_files(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, incident_id = tell(database)
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", database_url)
    files = tmp_path / "i.json", tmp_path / "i.html"

    ended = CliRunner().invoke(app, ["audit", "export", incident_id, "--json", str(files[0]), "--html", str(files[1])])

    assert ended.exit_code == 0, ended.output
    assert json.loads(files[0].read_text())["incident"]["id"] == incident_id
    assert files[1].read_text().startswith("<!doctype html>")


def test_the_command_prints_the_bundle_when_no_file_is_named(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, incident_id = tell(database)
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", database_url)

    ended = CliRunner().invoke(app, ["audit", "export", incident_id])

    assert json.loads(ended.stdout)["format"] == "countersign-incident/1"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["audit", "verify"], 0, "intact; head", id="intact"),
        pytest.param(["audit", "verify", "--checkpoint", "x"], 2, "SEQ:HASH", id="malformed-checkpoint"),
        pytest.param(["audit", "verify", "--checkpoint", f"99:{'0' * 64}"], 1, "entry 99 (truncated)", id="cut-off"),
        pytest.param(["audit", "incidents"], 0, "resolved  ledger: Dead events", id="list"),
        pytest.param(["audit", "export", "nope"], 2, "no incident 'nope'", id="no-incident"),
        pytest.param(["audit", "export"], 2, "Missing argument", id="no-argument"),
    ],
)
def test_commands_say_what_is_wrong_and_end_with_their_code(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, says: str
) -> None:
    tell(database)
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", database_url)

    ended = CliRunner().invoke(app, arguments)

    assert (ended.exit_code, says in ended.output) == (code, True), ended.output


def test_verify_names_each_finding_on_a_line_and_what_to_do(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(database)
    tamper(database, lambda conn: conn.execute(update(audit_rows).where(audit_rows.c.seq == 2).values(actor="U0LIAR")))
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", database_url)

    ended = CliRunner().invoke(app, ["audit", "verify"])

    assert ended.exit_code == 1
    assert "NOT intact: 1 finding\nentry 2 (edited): what it says" in ended.output
    assert "compare these entries with a backup" in ended.output


def test_a_database_without_tables_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")

    ended = CliRunner().invoke(app, ["audit", "verify"])

    assert ended.exit_code == 2
    assert "countersign db upgrade" in ended.output
