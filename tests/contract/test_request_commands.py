"""countersign requests and people, as somebody at a shell uses them while Slack cannot be reached."""

import json

import pyotp
import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.engine.request import State
from bot.store import contents
from bot.store.database import Database
from bot.store.tables import audit
from tests.kit.trust import APPROVER, LEAD, REVISION, Office


@pytest.fixture
def office(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", database_url)
    monkeypatch.setenv("COUNTERSIGN_TOTP_KEY", "a key of thirty-two characters..")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/")
    made = Office(database=database)
    made.open_incident()
    with database.begin() as conn:
        contents.keep(conn, revision=REVISION, files={}, now=made.now())  # a shell has no files but what is kept
    return made


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments], input=typed)


def enroll(person: str) -> pyotp.TOTP:
    app_of_theirs = pyotp.parse_uri(run("people", "enroll", person).stdout.strip())
    assert isinstance(app_of_theirs, pyotp.TOTP)
    return app_of_theirs


def test_what_waits_is_listed_and_shown_by_the_beginning_of_its_id(office: Office) -> None:
    request_id = office.ask()

    listed, shown = run("requests", "list"), run("requests", "show", request_id[:35])
    as_json = json.loads(run("requests", "show", request_id, "--json").stdout)

    assert request_id in listed.stdout
    assert f"digest:      {office.digest(request_id)}" in shown.stdout
    assert "ev_1, ev_2" in shown.stdout
    assert as_json["digest"] == office.digest(request_id)


def test_what_is_settled_is_listed_only_when_asked_for(office: Office) -> None:
    request_id = office.ask()
    office.approve(request_id, APPROVER)

    assert request_id not in run("requests", "list").stdout
    assert request_id in run("requests", "list", "--all").stdout


def test_a_vote_asks_for_what_was_not_given_and_for_a_yes(office: Office) -> None:
    request_id = office.ask()
    code = enroll(LEAD).now()

    no = run("requests", "approve", request_id, typed=f"{LEAD}\n{code}\nn\n")

    assert no.exit_code == 1
    assert "Approve exactly this?" in no.stdout
    assert code not in no.stdout
    assert office.kinds().count("person.proved") == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--code", "000"], "That code is not right", id="a wrong code"),
        pytest.param(["--digest", "0" * 64], "the digest is another one", id="another digest"),
        pytest.param(["--digest", ""], "the digest is another one", id="an empty digest"),
        pytest.param(["--as", "U0NOBODY"], "no authenticator app", id="somebody not enrolled"),
    ],
)
def test_a_vote_that_does_not_count_ends_with_1_and_says_why(
    office: Office, monkeypatch: pytest.MonkeyPatch, arguments: list[str], says: str
) -> None:
    request_id = office.ask()
    given = {"--as": LEAD, "--code": "000", "--digest": office.digest(request_id)}
    enroll(LEAD)
    given |= dict(zip(arguments[::2], arguments[1::2], strict=True))

    told = run("requests", "deny", request_id, *(part for pair in given.items() for part in pair))

    assert (told.exit_code, says in told.stderr) == (1, True), told.output
    assert office.request(request_id).state is State.OPEN


def test_somebody_whom_nobody_can_vouch_for_does_not_vote_with_a_right_code(office: Office) -> None:
    request_id = office.ask()
    given = ("--as", LEAD, "--code", enroll(LEAD).now(), "--digest", office.digest(request_id))

    told = run("requests", "approve", request_id, *given)

    assert told.exit_code == 1
    assert "I cannot tell who you are right now" in told.stderr


def test_people_are_enrolled_listed_and_revoked_and_the_account_at_the_machine_is_audited(office: Office) -> None:
    enroll(LEAD)
    listed = run("people", "list")
    revoked, again = run("people", "revoke", LEAD), run("people", "revoke", LEAD)

    assert f"{LEAD}\tenrolled since" in listed.stdout
    assert (revoked.exit_code, again.exit_code) == (0, 1)
    assert "revoked since" in run("people", "list").stdout
    with office.database.read() as conn:
        kept = [(row.kind, json.loads(row.data)) for row in conn.execute(audit.select().order_by(audit.c.seq))]
    assert [kind for kind, _ in kept] == ["person.enrolled", "person.revoked"]
    assert all(data["person"] == LEAD and data["by"] for _, data in kept)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["people", "enroll", "chi@example.com"], 2, "is not a Slack user id", id="no user id"),
        pytest.param(["requests", "show", "nope"], 1, "there is no such request", id="no request"),
        pytest.param(["requests", "show", ""], 1, "there is no such request", id="no id"),
    ],
)
def test_commands_say_what_is_wrong(office: Office, arguments: list[str], code: int, says: str) -> None:
    told = run(*arguments)

    assert (told.exit_code, says in told.stderr) == (code, True), told.output


def test_without_a_key_nobody_can_be_enrolled(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUNTERSIGN_TOTP_KEY")

    told = run("people", "enroll", LEAD)

    assert (told.exit_code, "COUNTERSIGN_TOTP_KEY" in told.stderr) == (2, True)
