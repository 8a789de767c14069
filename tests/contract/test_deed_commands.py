"""countersign incidents and the deeds of countersign requests, as somebody at a shell uses them while Slack is down."""

import json
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from pydantic import BaseModel
from sqlalchemy import update
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.core.errors import CountersignError, Unavailable, Unknown
from bot.core.ports import HttpCall
from bot.desk import break_glass, stop
from bot.desk.remembering import Remembering
from bot.jobs.acquaintance import Acquaintance
from bot.parts import now
from bot.store import contents
from bot.store.database import Database
from bot.store.tables import content_revisions, incidents
from tests.kit.trust import ACTION, APPROVER, INCIDENT, LEAD, REQUESTER, REVISION, SYSTEM, Office, runbook


@pytest.fixture
def office(sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """By the machine's own clock, for a command has no other; everybody is known, and nobody can be asked about."""
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", f"sqlite:///{tmp_path / 'countersign.db'}")
    monkeypatch.setenv("COUNTERSIGN_TOTP_KEY", "a key of thirty-two characters..")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/")
    made = Office(database=sqlite_database, runbook=runbook(break_glass=True))
    made.at = now()
    made.open_incident()
    with sqlite_database.begin() as conn:
        contents.keep(conn, revision=REVISION, files=files(made), now=made.now())
    known = Remembering(made.directory, database=sqlite_database, now=made.now)
    Acquaintance(database=sqlite_database, directory=known, systems=lambda: {"ledger": SYSTEM}, now=made.now)()
    known.person(REQUESTER)
    return made


def files(office: Office) -> dict[str, str]:
    """The office's content as files, which a shell finds where the bot kept them."""

    def spelled(model: BaseModel) -> str:
        return json.dumps(model.model_dump(mode="json", by_alias=True, exclude_defaults=True))

    return {"rules/ledger.yml": spelled(office.system), "runbooks/ledger/dead.yml": spelled(office.runbook)}


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments], input=typed)


def me(person: str) -> tuple[str, ...]:
    enrolled = pyotp.parse_uri(run("people", "enroll", person).stdout.strip())
    assert isinstance(enrolled, pyotp.TOTP)
    return ("--as", person, "--code", enrolled.now())


def test_an_incident_shows_what_may_be_asked_for_and_takes_a_wish(office: Office) -> None:
    listed, shown = run("incidents", "list"), run("incidents", "show", INCIDENT[:8])
    as_json = json.loads(run("incidents", "show", INCIDENT, "--json").stdout)

    asked = run("requests", "ask", INCIDENT[:8], "replay", "kind=invoice", *me(REQUESTER), "--reason", "customers wait")

    assert INCIDENT in listed.stdout
    assert "may ask:     replay  Replay (needs 1 approvals)" in shown.stdout
    assert "kind=invoice" in shown.stdout
    assert [each["action"] for each in as_json["offers"]] == ["replay"]
    assert asked.exit_code == 0, asked.output
    (entry,) = office.audited("request.asked")
    assert (entry.actor, entry.content["inputs"]) == (REQUESTER, {"kind": "invoice"})


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["replay", "kind"], 2, "write an input as key=value", id="no pair"),
        pytest.param(["replay", "kind=NOT THIS"], 1, "does not match", id="a bad value"),
        pytest.param(["dance"], 1, "has no such action", id="no action"),
        pytest.param(["unplay"], 1, "ask for it on that action's card", id="an undo of nothing"),
    ],
)
def test_a_wish_that_cannot_be_says_why(office: Office, arguments: list[str], code: int, says: str) -> None:
    told = run("requests", "ask", INCIDENT, *arguments, *me(REQUESTER), "--reason", "so")

    assert (told.exit_code, says in told.stderr) == (code, True), told.output


def test_who_runs_it_alone_says_why_and_another_reviews_it(office: Office) -> None:
    request_id = office.ask()
    digest = office.digest(request_id)

    silent = run("requests", "break-glass", request_id, *me(APPROVER), "--digest", digest, "--reason", " ")
    break_glass(office.desk, person=APPROVER, request_id=request_id, digest=digest, reason="the books close")
    shown = run("requests", "show", request_id)
    own = run("requests", "review", request_id, *me(APPROVER))
    reviewed = run("requests", "review", request_id, *me(LEAD))

    assert (silent.exit_code, "Say why it cannot wait" in silent.stderr) == (1, True), silent.output
    assert f"run alone:   by {APPROVER}; not reviewed" in shown.stdout
    assert (own.exit_code, "somebody else must review it" in own.stderr) == (1, True)
    assert reviewed.exit_code == 0, reviewed.output
    assert f"reviewed by {LEAD}" in run("requests", "show", request_id).stdout


def test_what_has_no_answer_is_settled_at_a_shell(office: Office) -> None:
    office.host.answers = lost
    office.at -= timedelta(minutes=20)
    request_id = office.ask()
    office.approve(request_id, APPROVER)

    shown = run("requests", "show", request_id)
    told = run("requests", "settle", request_id, "--no-effect", *me(LEAD), "--reason", "its log has no such call")

    assert "you can:     settle" in shown.stdout
    assert told.exit_code == 0, told.output
    assert [entry.content["took_effect"] for entry in office.audited("execution.settled_by")] == [False]


def test_what_was_stopped_is_asked_to_go_on_at_a_shell(office: Office) -> None:
    # A shell reaches no host here, so it is about targets that are known without one.
    each = {**ACTION["do"][0], "each": True}
    office.runbook = runbook(
        do=[each],
        batches={"check": "health.status == 'healthy'"},
        targets={"ids": "['ev_1', 'ev_2']"},
        refuse=[],
        preview=None,
    )
    with office.database.begin() as conn:
        conn.execute(update(content_revisions).values(files=files(office)))
    request_id = office.ask()
    office.approve(request_id, APPROVER)
    stop(office.desk, person=APPROVER, request_id=request_id)
    office.work()

    shown = run("requests", "show", request_id)
    told = run("requests", "resume", request_id, *me(LEAD), "--reason", "its log is quiet")
    then = run("requests", "show", request_id).stdout

    assert "you can:     resume" in shown.stdout
    assert "asked for it: its log is quiet; 1 left" in then, (told.output, then)
    assert "waiting for approval" in then


def test_stop_says_when_there_is_nothing_to_stop(office: Office) -> None:
    request_id = office.ask()

    told = run("requests", "stop", request_id, *me(LEAD))

    assert (told.exit_code, "It is not running any more" in told.stderr) == (1, True), told.output


def test_an_incident_is_silenced_and_heard_again_at_a_shell(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in files(office).items():  # who may silence is said by the files of today
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("COUNTERSIGN_RULES", str(tmp_path / "rules"))
    monkeypatch.setenv("COUNTERSIGN_RUNBOOKS", str(tmp_path / "runbooks"))
    nowhere = run("silence", "make", INCIDENT, "--for", "2h", *me(APPROVER))
    monkeypatch.setenv("ALERTMANAGER_URL", "http://127.0.0.1:9")  # a running bot tells it, not this command
    with office.database.begin() as conn:
        conn.execute(update(incidents).values(labels={"alertname": "Dead", "system": "ledger"}))

    odd = run("silence", "make", INCIDENT, "--for", "a while", *me(APPROVER))
    made = run("silence", "make", INCIDENT[:8], "--for", "2h", "--reason", "a deploy", *me(APPROVER))
    listed, shown = run("silence", "list"), run("incidents", "show", INCIDENT)
    lifted = run("silence", "lift", INCIDENT[:8], *me(LEAD))

    assert (nowhere.exit_code, "set ALERTMANAGER_URL" in nowhere.stderr) == (1, True), nowhere.output
    assert (odd.exit_code, "--for" in odd.stderr) == (2, True), odd.output
    assert (made.exit_code, made.stdout[:21]) == (0, "Being silenced until "), made.output
    assert f"by {APPROVER}: a deploy)" in listed.stdout
    assert "silenced:    wanted until" in shown.stdout
    assert lifted.exit_code == 0, lifted.output
    assert [entry.actor for entry in office.audited("silence.lift_asked")] == [LEAD]
    assert [entry.content["for"] for entry in office.audited("person.proved")] == ["silence", "silence", "unsilence"]


def lost(call: HttpCall) -> CountersignError | None:
    """The one call has no answer, and nobody can ask what became of it."""
    if call.path.startswith("/replays/"):
        return Unavailable("api", "no answer")
    return Unknown("api", "the connection broke") if call.path == "/replay" else None
