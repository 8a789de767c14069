"""Deeds: sent once, with their key; told apart are done, certainly not done, and not known."""

from datetime import UTC, datetime

import pytest

from bot.core.errors import CountersignError, NotInstalled, Refused, TimedOut, Unavailable, Unknown
from bot.core.evidence import Answer
from bot.core.ports import Exit, HttpReply
from bot.steps import CommandRun, HttpSend, SqlChange, StripePost
from bot.steps.step import Call
from tests.kit.fakes import FakeCommand, FakeHttp, FakeResources, FakeStripe, FakeWriteDatabase, ok


def call(resources: FakeResources, **scope: object) -> Call:
    return Call(resources=resources, scope=scope, timeout=5, now=datetime(2026, 3, 1, tzinfo=UTC))


def send(reply: HttpReply | CountersignError, **more: object) -> Answer:
    step = HttpSend.model_validate({"at": "host", "post": "/replay", **more})
    return step.run(call(FakeResources(hosts={"host": FakeHttp({"POST /replay": reply})})), key="k1")


def test_a_send_carries_its_json_and_its_key() -> None:
    host = FakeHttp({"POST /replay": ok({"requeued": 2})})
    step = HttpSend.model_validate(
        {
            "at": "host",
            "post": "/replay",
            "json": {"ids": "{{ targets.ids }}", "mode": "apply", "nested": ["{{ params.metric }}", 1, None]},
            "idempotency": "header",
            "show": {"requeued": {"path": "requeued", "as": "count"}},
        }
    )

    answer = step.run(
        call(FakeResources(hosts={"host": host}), targets={"ids": ["a", "b"]}, params={"metric": "api"}), key="k1"
    )

    assert host.calls[0].json == {"ids": ["a", "b"], "mode": "apply", "nested": ["api", 1, None]}
    assert host.calls[0].headers == {"Idempotency-Key": "k1"}
    assert answer.table.rows == ((2,),)


def test_a_get_that_acts_is_sent_as_a_write() -> None:
    host = FakeHttp({"GET /reconcile": ok({"drift_count": 0})})
    step = HttpSend.model_validate({"at": "host", "trigger": "/reconcile", "query": {"detail": True}})

    step.run(call(FakeResources(hosts={"host": host})), key="k1")

    assert (host.calls[0].method, host.calls[0].acts, host.calls[0].is_read) == ("GET", True, False)
    assert host.calls[0].query == {"detail": "true"}


def test_a_get_that_acts_has_no_body() -> None:
    with pytest.raises(ValueError, match="query"):
        HttpSend.model_validate({"at": "host", "trigger": "/reconcile", "json": {"a": 1}})


def test_a_host_that_takes_no_key_gets_none() -> None:
    host = FakeHttp({"POST /replay": ok({})})
    step = HttpSend.model_validate({"at": "host", "post": "/replay"})

    step.run(call(FakeResources(hosts={"host": host})), key="k1")

    assert host.calls[0].headers == {}


def test_a_send_that_needs_a_key_is_not_sent_without() -> None:
    host = FakeHttp({"POST /replay": ok({})})
    step = HttpSend.model_validate({"at": "host", "post": "/replay", "idempotency": "header"})

    with pytest.raises(ValueError, match="key"):
        step.run(call(FakeResources(hosts={"host": host})), key=None)

    assert host.calls == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(202, Unknown, id="a success that was not expected may be one"),
        pytest.param(301, Refused, id="a redirect is not followed"),
        pytest.param(400, Refused, id="bad request"),
        pytest.param(403, Refused, id="forbidden"),
        pytest.param(408, Unknown, id="the host gave up reading"),
        pytest.param(409, Refused, id="conflict"),
        pytest.param(429, Unavailable, id="rate limit"),
        pytest.param(500, Unknown, id="it may have taken effect"),
        pytest.param(503, Unknown, id="or half of it"),
    ],
)
def test_another_status_of_a_send_is_refused_or_unknown(status: int, error: type[CountersignError]) -> None:
    with pytest.raises(error, match=f"answered {status}"):
        send(ok({"error": "no"}, status=status), expect=[200])


def test_a_dry_run_that_broke_changed_nothing() -> None:
    with pytest.raises(Unavailable, match="500"):
        send(ok({}, status=500), harmless=True)
    with pytest.raises(Unavailable, match="5 s"):
        send(Unknown("host", "no answer within 5 s"), harmless=True)


def test_a_host_without_the_route_is_not_installed() -> None:
    with pytest.raises(NotInstalled, match="/replay"):
        send(ok({"message": "Route POST:/replay not found"}, status=404), absent={"when": "contains(message, 'Route')"})


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="no JSON"),
        pytest.param({"requeued": "several"}, id="a value of another type"),
        pytest.param([], id="another shape"),
    ],
)
def test_a_done_send_stays_done_whatever_its_reply_looks_like(body: object) -> None:
    reply = HttpReply(status=200, body=body, request_id=None)  # type: ignore[arg-type]  # JSON of the table above

    answer = send(reply, show={"requeued": {"path": "requeued", "as": "count"}})

    assert answer.table.rows == ((None,),)


def test_a_change_takes_the_approved_rows_and_keeps_them_as_they_were() -> None:
    database = FakeWriteDatabase(("id", "completed"), {"1": (1, False), "2": (2, False)})
    step = _skip()

    answer = step.run(call(FakeResources(writers={"dunning": database})), expected=frozenset({"1", "2"}))

    assert answer.table.rows == (("1", False), ("2", False))
    assert database.changed == [frozenset({"1", "2"})]


def test_a_change_of_other_rows_than_approved_is_refused() -> None:
    database = FakeWriteDatabase(("id", "completed"), {"1": (1, False), "3": (3, False)})

    with pytest.raises(Refused, match="approved"):
        _skip().run(call(FakeResources(writers={"dunning": database})), expected=frozenset({"1", "2"}))

    assert database.changed == []


def _skip() -> SqlChange:
    return SqlChange.model_validate(
        {
            "at": "dunning",
            "lock": "select id, completed from dunning_events where id = any(:ids) for update",
            "statement": "update dunning_events set completed = true where id = any(:ids)",
            "columns": {"id": "id", "completed": "flag"},
            "max_rows": 10,
        }
    )


def test_a_stripe_change_carries_the_key_and_shows_the_declared_fields() -> None:
    stripe = FakeStripe({"/v1/invoices/in_1": {"id": "in_1", "auto_advance": True}})
    step = StripePost.model_validate(
        {
            "post": "/v1/invoices/{{ target }}",
            "form": {"auto_advance": False},
            "show": {"auto_advance": {"path": "auto_advance", "as": "flag"}},
        }
    )

    answer = step.run(call(FakeResources(stripe_writers={"stripe": stripe}), target="in_1"), key="k1")

    assert stripe.posted == {"k1": ("/v1/invoices/in_1", {"auto_advance": False})}
    assert answer.table.rows == ((False,),)


def command(outcome: Exit | CountersignError, **more: object) -> Answer:
    step = CommandRun.model_validate(
        {
            "at": "release",
            "arguments": ["replay", "{{ target }}"],
            "show": {"status": {"path": "status", "as": "enum"}},
            **more,
        }
    )
    return step.run(call(FakeResources(commands={"release": FakeCommand(outcome)}), target="a; rm -rf /"))


def test_a_command_gets_each_parameter_as_one_argument() -> None:
    release = FakeCommand(Exit(code=0, output=""))
    step = CommandRun.model_validate({"at": "release", "arguments": ["replay", "{{ target }}", 3, True]})

    step.run(call(FakeResources(commands={"release": release}), target="a; rm -rf /"))

    assert release.ran == [("replay", "a; rm -rf /", "3", "true")]


def test_a_command_shows_the_json_of_its_last_line() -> None:
    answer = command(Exit(code=0, output='12:00 starting\n{"status": "received", "secret": "x"}\n'))

    assert answer.table.rows == (("received",),)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        pytest.param(Exit(code=1, output="no such event"), Refused, id="it said no"),
        pytest.param(Exit(code=127, output=""), NotInstalled, id="there is no such program"),
        pytest.param(Exit(code=-9, output=""), Unknown, id="it was killed half-way"),
        pytest.param(Unknown("release", "it did not end within 60 s"), Unknown, id="its time was over"),
        pytest.param(TimedOut("release", 5), TimedOut, id="it did not start"),
    ],
)
def test_a_command_that_did_not_succeed(outcome: Exit | CountersignError, error: type[CountersignError]) -> None:
    with pytest.raises(error):
        command(outcome)


def test_a_dry_run_that_was_killed_changed_nothing() -> None:
    with pytest.raises(Unavailable):
        command(Exit(code=-9, output=""), harmless=True)
