"""One-time codes on both databases: good once, by the clock, by the person; and not to be guessed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import select

from bot.desk import Cause, Declined, Desk, Done
from bot.desk.proving import Errand, enrol, prove, revoke
from bot.engine.one_time import Codes
from bot.store import enrolments
from bot.store.database import Database
from bot.store.tables import audit
from tests.kit.trust import APPROVER, SECOND, Office

STEP = timedelta(seconds=30)
KEY = b"a key of thirty-two characters.."
HERE = Errand(door="cli")


@pytest.fixture
def office(database: Database) -> Office:
    made = Office(database=database)
    made.desk = replace(made.desk, codes=Codes(KEY))
    return made


def app_of(desk: Desk, person: str) -> pyotp.TOTP:
    """An authenticator app that has read the URI, as a phone does."""
    enrolled = enrol(desk, person=person, by="root")
    assert isinstance(enrolled, tuple)
    uri = pyotp.parse_uri(enrolled[1])
    assert isinstance(uri, pyotp.TOTP)
    return uri


def why(told: Declined | Done | None) -> str | None:
    return told.why if isinstance(told, Declined) else None


def test_the_uri_names_issuer_and_person_and_another_key_or_number_makes_another_secret() -> None:
    uri = urlsplit(Codes(KEY).uri("U0CHI", 1))

    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Countersign:U0CHI")
    assert len(parse_qs(uri.query)["secret"][0]) == 32  # 160 bits in base32
    assert Codes(KEY).uri("U0CHI", 2) != Codes(KEY).uri("U0CHI", 1) != Codes(b"another").uri("U0CHI", 1)


def test_a_code_is_taken_once(office: Office) -> None:
    app = app_of(office.desk, APPROVER)
    code = app.at(office.at)

    assert prove(office.desk, person=APPROVER, code=code, errand=HERE) is None
    assert why(prove(office.desk, person=APPROVER, code=code, errand=HERE)) is Cause.CODE_USED


def test_of_many_who_use_a_code_at_once_one_wins(office: Office) -> None:
    code = app_of(office.desk, APPROVER).at(office.at)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: prove(office.desk, person=APPROVER, code=code, errand=HERE), range(4)))

    assert sorted(str(why(each)) for each in told) == ["None", *["code_used"] * 3]


@pytest.mark.parametrize(
    ("ahead", "is_taken"),
    [
        pytest.param(-2, False, id="two steps behind"),
        pytest.param(-1, True, id="one step behind"),
        pytest.param(1, True, id="one step ahead"),
        pytest.param(2, False, id="two steps ahead"),
    ],
)
def test_a_clock_may_be_one_step_off(office: Office, ahead: int, is_taken: bool) -> None:
    code = app_of(office.desk, APPROVER).at(office.at + ahead * STEP)

    told = prove(office.desk, person=APPROVER, code=code, errand=HERE)

    assert why(told) == (None if is_taken else Cause.WRONG_CODE)


def test_a_code_older_than_one_that_was_used_is_of_no_use(office: Office) -> None:
    app = app_of(office.desk, APPROVER)
    assert prove(office.desk, person=APPROVER, code=app.at(office.at), errand=HERE) is None

    told = prove(office.desk, person=APPROVER, code=app.at(office.at - STEP), errand=HERE)

    assert why(told) is Cause.CODE_USED


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "12 34 5"])  # noqa: RUF001
def test_what_is_not_six_digits_is_wrong(office: Office, typed: str) -> None:
    app_of(office.desk, APPROVER)

    assert why(prove(office.desk, person=APPROVER, code=typed, errand=HERE)) is Cause.WRONG_CODE


def test_a_code_may_be_typed_as_apps_show_it(office: Office) -> None:
    code = app_of(office.desk, APPROVER).at(office.at)

    assert prove(office.desk, person=APPROVER, code=f"{code[:3]} {code[3:]}", errand=HERE) is None


def test_five_wrong_codes_lock_out_even_the_right_one_and_nobody_else(office: Office) -> None:
    app, other = app_of(office.desk, APPROVER), app_of(office.desk, SECOND)
    wrong = wrong_code(app, office)
    for _ in range(enrolments.TRIES):
        assert why(prove(office.desk, person=APPROVER, code=wrong, errand=HERE)) is Cause.WRONG_CODE

    told = prove(office.desk, person=APPROVER, code=app.at(office.at), errand=HERE)

    assert why(told) is Cause.LOCKED
    assert prove(office.desk, person=SECOND, code=other.at(office.at), errand=HERE) is None


def test_guesses_made_at_once_are_all_counted(office: Office) -> None:
    app = app_of(office.desk, APPROVER)
    wrong = wrong_code(app, office)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: prove(office.desk, person=APPROVER, code=wrong, errand=HERE), range(12)))

    whys = [why(each) for each in told]
    assert whys.count(Cause.WRONG_CODE) == enrolments.TRIES
    assert whys.count(Cause.LOCKED) == 12 - enrolments.TRIES


def test_after_a_lock_one_wrong_code_locks_again_and_a_right_one_clears_the_count(office: Office) -> None:
    app = app_of(office.desk, APPROVER)
    for _ in range(enrolments.TRIES):
        prove(office.desk, person=APPROVER, code=wrong_code(app, office), errand=HERE)
    office.at += enrolments.LOCKED_FOR
    prove(office.desk, person=APPROVER, code=wrong_code(app, office), errand=HERE)
    assert why(prove(office.desk, person=APPROVER, code=app.at(office.at), errand=HERE)) is Cause.LOCKED

    office.at += enrolments.LOCKED_FOR
    assert prove(office.desk, person=APPROVER, code=app.at(office.at), errand=HERE) is None

    office.at += timedelta(minutes=1)
    assert why(prove(office.desk, person=APPROVER, code=wrong_code(app, office), errand=HERE)) is Cause.WRONG_CODE
    assert prove(office.desk, person=APPROVER, code=app.at(office.at), errand=HERE) is None


def test_who_is_revoked_or_never_enrolled_proves_nothing(office: Office) -> None:
    app = app_of(office.desk, APPROVER)
    assert isinstance(revoke(office.desk, person=APPROVER, by="root"), Done)

    assert why(prove(office.desk, person=APPROVER, code=app.at(office.at), errand=HERE)) is Cause.NOT_ENROLLED
    assert why(prove(office.desk, person=SECOND, code="123456", errand=HERE)) is Cause.NOT_ENROLLED
    assert why(revoke(office.desk, person=APPROVER, by="root")) is Cause.NOT_ENROLLED


def test_enrolling_anew_voids_the_old_secret_even_after_a_revocation(office: Office) -> None:
    old = app_of(office.desk, APPROVER)
    revoke(office.desk, person=APPROVER, by="root")
    new = app_of(office.desk, APPROVER)

    assert old.secret != new.secret
    assert why(prove(office.desk, person=APPROVER, code=old.at(office.at), errand=HERE)) is Cause.WRONG_CODE
    assert prove(office.desk, person=APPROVER, code=new.at(office.at), errand=HERE) is None


def test_without_a_key_nobody_is_enrolled_and_nothing_is_proved(office: Office) -> None:
    desk = replace(office.desk, codes=None)

    assert why(prove(desk, person=APPROVER, code="123456", errand=HERE)) is Cause.NOT_ENROLLED
    enrolled = enrol(desk, person=APPROVER, by="root")
    assert isinstance(enrolled, Declined)
    assert "COUNTERSIGN_TOTP_KEY" in enrolled.say


def test_it_is_all_audited_and_neither_secret_nor_code_is_kept(office: Office) -> None:
    app = app_of(office.desk, APPROVER)
    code, wrong = app.at(office.at), wrong_code(app, office)
    prove(office.desk, person=APPROVER, code=wrong, errand=HERE)
    prove(office.desk, person=APPROVER, code=code, errand=HERE)
    revoke(office.desk, person=APPROVER, by="root")

    with office.database.read() as conn:
        entries = conn.execute(select(audit).order_by(audit.c.seq)).all()
    assert [each.kind for each in entries] == [
        "person.enrolled",
        "person.not_proved",
        "person.proved",
        "person.revoked",
    ]
    written = " ".join(each.data for each in entries)
    assert not any(secret in written for secret in (app.secret, code, wrong))


def wrong_code(app: pyotp.TOTP, office: Office) -> str:
    """A code that no step about now has."""
    near = {app.at(office.at + step * STEP) for step in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in near)
