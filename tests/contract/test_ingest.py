"""POST /alertmanager: what is answered, what is stored, and that nothing is answered before it is."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from bot.core.errors import Unavailable
from bot.store.database import Database
from bot.store.deliveries import Delivery
from bot.store.tables import deliveries as rows
from bot.web.auth import SIGNATURE, TIMESTAMP
from bot.web.body import LIMIT, Bodies
from tests.kit.ingest import RECORDED, TOKEN, Client, Ingest, door, recorded, store
from tests.kit.waiting import eventually

BEARER = {"Authorization": f"Bearer {TOKEN}"}
BODY = json.dumps(recorded("single_firing")).encode()
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def ingest(sqlite_database: Database) -> Ingest:
    return Ingest(sqlite_database)


def post(client: Client, body: bytes = BODY, **headers: str) -> tuple[int, dict[str, object]]:
    """Status and answer; every answer is JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client.post("/alertmanager", content=body, headers={**JSON, **BEARER, **named})
    found: dict[str, object] = answer.json()
    return answer.status_code, found


def stored(database: Database) -> list[bytes]:
    with database.read() as conn:
        return list(conn.scalars(select(rows.c.body).order_by(rows.c.seq)))


@pytest.mark.parametrize("name", [path.stem for path in sorted(RECORDED.glob("*.json"))])
def test_a_recorded_webhook_is_stored_as_it_came_and_answered_with_its_number(ingest: Ingest, name: str) -> None:
    request = json.loads((RECORDED / f"{name}.json").read_text())
    body = json.dumps(request["body"], ensure_ascii=False).encode()

    with door(ingest) as client:
        status, answer = post(
            client, body, Authorization=request["request_headers"].get("Authorization", BEARER["Authorization"])
        )

    assert (status, answer) == (200, {"delivery": 1})
    assert stored(ingest.database) == [body]


def test_it_works_the_same_on_either_database(database: Database) -> None:
    ingest = Ingest(database)

    with door(ingest) as client:
        answers = [post(client) for _ in range(3)]

    assert answers == [(200, {"delivery": number}) for number in (1, 2, 3)]
    assert stored(database) == [BODY] * 3


# Who may post --------------------------------------------------------------------------------------------------


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(f"Bearer {TOKEN}", id="bearer"),
        pytest.param(f"bearer  {TOKEN}", id="any case, any space"),
        pytest.param(basic("am", TOKEN), id="basic, whoever it is"),
        pytest.param(basic("", TOKEN), id="basic, nobody"),
    ],
)
def test_the_token_opens_the_door(ingest: Ingest, authorization: str) -> None:
    with door(ingest) as client:
        status, _ = post(client, Authorization=authorization)

    assert status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("", id="empty"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer other", id="another token"),
        pytest.param(f"Bearer {TOKEN}x", id="more than the token"),
        pytest.param(f"Bearer {TOKEN[:-1]}", id="less than the token"),
        pytest.param(f"Bearer {TOKEN.upper()}", id="the token in capitals"),
        pytest.param("Bearer \u00e9\u00fc", id="not ASCII"),
        pytest.param(f"Token {TOKEN}", id="another scheme"),
        pytest.param(basic(TOKEN, ""), id="the token as the user"),
        pytest.param("Basic !!!", id="not base64"),
        pytest.param("Basic " + base64.b64encode(TOKEN.encode()).decode(), id="no colon"),
    ],
)
def test_anything_else_is_401_and_nothing_is_stored(ingest: Ingest, authorization: str) -> None:
    with door(ingest) as client:
        answer = client.post(
            "/alertmanager", content=BODY, headers={**JSON, "Authorization": authorization.encode("latin-1")}
        )

    assert answer.status_code == 401
    assert answer.json()["error"] == "unauthorized"
    assert "COUNTERSIGN_WEBHOOK_TOKEN" in answer.json()["message"]
    assert TOKEN not in answer.text
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert stored(ingest.database) == []


def test_two_authorization_headers_are_not_believed(ingest: Ingest) -> None:
    with door(ingest) as client:
        answer = client.post(
            "/alertmanager",
            content=BODY,
            headers=[
                ("Content-Type", "application/json"),
                ("Authorization", f"Bearer {TOKEN}"),
                ("Authorization", "x"),
            ],
        )

    assert answer.status_code == 401


def test_credentials_are_asked_for_before_the_body_is_looked_at(ingest: Ingest) -> None:
    with door(ingest) as client:
        status, _ = post(client, b"nonsense", Authorization="Bearer other")

    assert status == 401


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_may_post(ingest: Ingest, peer: str) -> None:
    with door(ingest, token=None, peer=peer) as client:
        answer = client.post("/alertmanager", content=BODY, headers=JSON)

    assert answer.status_code == 200


@pytest.mark.parametrize("peer", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "testclient"])
def test_without_a_token_nobody_else_may(ingest: Ingest, peer: str) -> None:
    with door(ingest, token=None, peer=peer) as client:
        answer = client.post("/alertmanager", content=BODY, headers=JSON)

    assert answer.status_code == 401
    assert "set COUNTERSIGN_WEBHOOK_TOKEN" in answer.json()["message"]


def test_without_a_token_what_a_local_proxy_forwards_is_not_local(ingest: Ingest) -> None:
    with door(ingest, token=None) as client:
        status, _ = post(client, X_Forwarded_For="192.0.2.7")

    assert status == 401


def signature(signed: bytes, secret: str = "signing") -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def post_signed(client: Client, sent: str, *, timestamp: str | None = None, body: bytes = BODY) -> int:
    headers = {**JSON, SIGNATURE: sent} | ({TIMESTAMP: timestamp} if timestamp is not None else {})
    status: int = client.post("/alertmanager", content=body, headers=headers).status_code
    return status


def test_a_signature_over_the_body_opens_the_door(ingest: Ingest) -> None:
    with door(ingest, token=None, signing_secret="signing") as client:
        assert post_signed(client, signature(BODY)) == 200
        assert post_signed(client, signature(BODY).upper()) == 200
        assert post_signed(client, signature(BODY, "another secret")) == 401
        assert post_signed(client, signature(BODY), body=BODY + b" ") == 401
        assert post_signed(client, "") == 401
        assert client.post("/alertmanager", content=BODY, headers=JSON).status_code == 401


def test_a_signature_with_a_timestamp_is_good_for_five_minutes(ingest: Ingest) -> None:
    now = int(ingest.clock.now.timestamp())

    def at(moment: int | str) -> int:
        return post_signed(client, signature(f"{moment}:".encode() + BODY), timestamp=str(moment))

    with door(ingest, token=None, signing_secret="signing") as client:
        assert at(now) == 200
        assert at(now - 300) == 200
        assert at(now - 301) == 401
        assert at(now + 301) == 401
        assert at("soon") == 401
        assert at("9" * 500) == 401
        assert post_signed(client, signature(BODY), timestamp=str(now)) == 401


def test_token_and_signature_each_open_the_door_when_both_are_set(ingest: Ingest) -> None:
    with door(ingest, signing_secret="signing") as client:
        assert post(client)[0] == 200
        assert post_signed(client, signature(BODY)) == 200
        assert post_signed(client, "0" * 64) == 401


# What may be posted --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{]", id="not JSON"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"[" * 200_000, id="nested deep"),
        pytest.param(b'{"version": ' + b"9" * 10_000 + b"}", id="a huge number"),
        pytest.param(BODY.replace(b'"version": "4"', b'"version": "3"'), id="another version"),
        pytest.param(BODY.replace(b"InvoiceSync", b"Invoice\\u0000Sync"), id="NUL"),
    ],
)
def test_what_is_malformed_is_400_with_the_reason_and_not_stored(ingest: Ingest, body: bytes) -> None:
    with door(ingest) as client:
        status, answer = post(client, body)

    assert (status, answer["error"]) == (400, "malformed")
    assert "webhook version 4" in str(answer["message"])
    assert stored(ingest.database) == []


def test_unknown_keys_are_accepted(ingest: Ingest) -> None:
    with door(ingest) as client:
        status, _ = post(client, json.dumps(recorded("single_firing") | {"notification_reason": "x"}).encode())

    assert status == 200


def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_413(ingest: Ingest) -> None:
    padded = BODY[:-1] + b" " * (LIMIT - len(BODY)) + b"}"

    with door(ingest) as client:
        assert len(padded) == LIMIT
        assert post(client, padded)[0] == 200
        status, answer = post(client, padded + b" ")

    assert (status, answer["error"]) == (413, "too_large")
    assert "max_alerts" in str(answer["message"])


def test_a_body_in_chunks_is_bounded_too(ingest: Ingest) -> None:
    taken = []

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            taken.append(1)
            yield b" " * (LIMIT // 4)

    async def in_two() -> AsyncIterator[bytes]:
        yield BODY[:100]
        yield BODY[100:]

    with door(ingest) as client:
        whole = client.post("/alertmanager", content=in_two(), headers={**JSON, **BEARER})
        endless_one = client.post("/alertmanager", content=endless(), headers={**JSON, **BEARER})

    assert whole.status_code == 200
    assert endless_one.status_code == 413
    assert len(taken) <= 6
    assert stored(ingest.database) == [BODY]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_web_page_could_send_without_asking_is_415(ingest: Ingest, kind: str) -> None:
    with door(ingest, token=None) as client:
        status, answer = post(client, Content_Type=kind)

    assert (status, answer["error"]) == (415, "not_json")


def test_a_compressed_body_is_415(ingest: Ingest) -> None:
    with door(ingest) as client:
        status, answer = post(client, Content_Encoding="gzip")

    assert (status, answer["error"]) == (415, "encoded")


def test_json_with_a_charset_is_json(ingest: Ingest) -> None:
    with door(ingest) as client:
        assert post(client, Content_Type="application/json; charset=utf-8")[0] == 200


def test_other_paths_and_methods_are_told_in_json(ingest: Ingest) -> None:
    with door(ingest) as client:
        wrong_method = client.get("/alertmanager")
        nowhere = client.post("/alertmanagers")

    assert (wrong_method.status_code, wrong_method.json()["error"]) == (405, "method_not_allowed")
    assert (nowhere.status_code, nowhere.json()["error"]) == (404, "not_found")


# When it cannot be stored ------------------------------------------------------------------------------------


def test_a_failed_commit_is_503_for_all_who_shared_it_and_the_next_one_is_tried(ingest: Ingest) -> None:
    is_down = True

    def write(batch: Sequence[Delivery]) -> Sequence[int]:
        if is_down:
            raise Unavailable("database", "it is restarting")
        return store(ingest.database, batch)

    with door(ingest, write=write) as client:
        failed = client.post("/alertmanager", content=BODY, headers={**JSON, **BEARER})
        is_down = False
        status, _ = post(client)

    assert (failed.status_code, failed.json()["error"]) == (503, "database")
    assert "it is restarting" in failed.json()["message"]
    assert int(failed.headers["Retry-After"]) > 0
    assert status == 200


def test_a_bug_in_the_commit_is_503_and_the_door_stays_open(ingest: Ingest) -> None:
    bugs = [KeyError("4242 4242")]

    def write(batch: Sequence[Delivery]) -> Sequence[int]:
        if bugs:
            raise bugs.pop()
        return store(ingest.database, batch)

    with door(ingest, write=write) as client:
        status, answer = post(client)
        again, _ = post(client)

    assert (status, answer["error"]) == (503, "database")
    assert "4242" not in str(answer)
    assert again == 200


def test_a_commit_that_takes_too_long_is_503_before_alertmanager_gives_up(ingest: Ingest) -> None:
    let_go = threading.Event()

    def write(batch: Sequence[Delivery]) -> Sequence[int]:
        let_go.wait(20)
        return store(ingest.database, batch)

    with door(ingest, write=write, patience=0.1) as client:
        status, answer = post(client)
        let_go.set()

    assert (status, answer["error"]) == (503, "database")


def test_what_comes_during_a_commit_shares_the_next_and_nobody_is_answered_before_their_own(ingest: Ingest) -> None:
    batches: list[int] = []
    let_go = threading.Semaphore(0)

    def write(batch: Sequence[Delivery]) -> Sequence[int]:
        batches.append(len(batch))
        let_go.acquire(timeout=20)
        return store(ingest.database, batch)

    with door(ingest, write=write) as client, ThreadPoolExecutor(8) as threads:
        first = threads.submit(post, client)
        assert eventually(lambda: batches == [1])
        others = [threads.submit(post, client) for _ in range(7)]
        assert eventually(lambda: ingest.clock.asked == 8)  # each delivery has its time
        assert client.get("/").status_code == 404  # the event loop has come round: each is handed over
        assert not any(each.done() for each in (first, *others))
        let_go.release()
        assert first.result(10) == (200, {"delivery": 1})
        assert eventually(lambda: batches == [1, 7])
        assert not any(each.done() for each in others)
        let_go.release()
        numbers = sorted(str(each.result(10)[1]["delivery"]) for each in others)

    assert numbers == ["2", "3", "4", "5", "6", "7", "8"]
    assert len(stored(ingest.database)) == 8


def test_when_too_many_wait_the_next_is_503_at_once_and_nobody_who_waits_is_lost(ingest: Ingest) -> None:
    let_go = threading.Event()
    writing = threading.Event()

    def write(batch: Sequence[Delivery]) -> Sequence[int]:
        writing.set()
        let_go.wait(20)
        return store(ingest.database, batch)

    with door(ingest, write=write, capacity=2) as client, ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(post, client)]
        assert writing.wait(10)
        waiting += [threads.submit(post, client) for _ in range(5)]
        assert eventually(lambda: sum(future.done() for future in waiting) == 3)
        let_go.set()
        answers = [future.result(10) for future in waiting]

    assert sorted(status for status, _ in answers) == [200, 200, 200, 503, 503, 503]
    assert {answer["error"] for status, answer in answers if status == 503} == {"overloaded"}
    assert len(stored(ingest.database)) == 3


def test_bodies_in_hand_are_bounded_together(ingest: Ingest) -> None:
    with door(ingest, bodies=Bodies(in_hand=len(BODY) - 1)) as client:
        status, answer = post(client)

    assert (status, answer["error"]) == (503, "overloaded")


def test_room_taken_by_a_body_is_given_back_however_it_ends(ingest: Ingest) -> None:
    with door(ingest, bodies=Bodies(in_hand=len(BODY))) as client:
        assert post(client, b"x" * len(BODY))[0] == 400
        assert post(client)[0] == 200
        assert post(client)[0] == 200


def test_a_replica_that_shuts_down_sends_senders_to_the_others(ingest: Ingest) -> None:
    with door(ingest, is_shutting_down=True) as client:
        status, answer = post(client)

    assert (status, answer["error"]) == (503, "shutting_down")


def test_webhooks_are_counted_by_how_they_were_answered(ingest: Ingest) -> None:
    with door(ingest) as client:
        post(client)
        post(client, b"{")
        post(client, Authorization="x")
        exposition = client.get("/metrics").text

    assert 'countersign_webhooks_total{outcome="stored"} 1.0' in exposition
    assert 'countersign_webhooks_total{outcome="malformed"} 1.0' in exposition
    assert 'countersign_webhooks_total{outcome="unauthorized"} 1.0' in exposition
    assert "countersign_commit_batch_size_count 1.0" in exposition
    assert "countersign_unfolded_deliveries 1.0" in exposition
    assert "countersign_database_up 1.0" in exposition
