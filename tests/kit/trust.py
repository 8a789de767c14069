"""A small billing host with one action, the people around it, and everything that carries the action out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert, update

from bot.core.errors import ContentError, CountersignError, Unavailable, Unknown
from bot.core.ports import HttpCall, HttpReply, Json, Person, Resources, Silencer, Silences, WriteDatabase
from bot.desk import Desk, Done, ask, vote
from bot.engine.execution import Execution
from bot.engine.request import Request
from bot.engine.resumption import Resumption
from bot.engine.runbook import Risk, Runbook
from bot.engine.system import System
from bot.jobs.incidents.asking import Asker
from bot.jobs.incidents.diagnose import Diagnoser
from bot.jobs.incidents.silences_seen import SilencesSeen
from bot.jobs.incidents.silencing import Notes, Silencing
from bot.jobs.means import Means
from bot.jobs.requests.execute import Execute
from bot.jobs.requests.expire import expire
from bot.jobs.requests.prepare import prepare
from bot.jobs.requests.recheck import recheck
from bot.jobs.requests.resuming import lapse
from bot.jobs.requests.verify import verify
from bot.jobs.sweep import Sweep
from bot.store import audit, executions, leases, requests, resumptions
from bot.store.database import Database, after_commit
from bot.store.tables import incidents, jobs
from bot.store.work import Job, JobState
from tests.kit.fakes import FakeResources, not_found, ok
from tests.kit.moments import NOON

REVISION = "r" * 64
INCIDENT = "11111111-1111-4111-8111-111111111111"

REQUESTER, APPROVER, SECOND, LEAD = "U0ASKER", "U0FIRST", "U0SECOND", "U0LEAD"
OUTSIDER, BOT, GUEST, STRANGER, GONE, ALIAS = "U0OUTSIDE", "U0BOT", "U0GUEST", "U0OTHER", "U0GONE", "U0ALIAS"


def person(user_id: str, **changes: Any) -> Person:
    """A full member of the workspace, unless told otherwise."""
    member = Person(
        id=user_id,
        name=user_id.lower(),
        email=f"{user_id.lower()}@example.com",
        is_bot=False,
        is_deleted=False,
        is_guest=False,
        is_stranger=False,
    )
    return replace(member, **changes)


@dataclass
class FakeDirectory:
    """People and usergroups; `is_down` makes it answer nobody."""

    people: dict[str, Person]
    groups: dict[str, frozenset[str]]
    is_down: bool = False

    def person(self, user_id: str) -> Person:
        if self.is_down or user_id not in self.people:
            raise Unavailable("slack", "no answer")
        return self.people[user_id]

    def members(self, usergroup_id: str) -> frozenset[str]:
        if self.is_down or usergroup_id not in self.groups:
            raise Unavailable("slack", "no answer")
        return self.groups[usergroup_id]


def directory() -> FakeDirectory:
    everyone = [
        *(person(user_id) for user_id in (REQUESTER, APPROVER, SECOND, LEAD, OUTSIDER)),
        person(BOT, is_bot=True),
        person(GUEST, is_guest=True),
        person(STRANGER, is_stranger=True),
        person(GONE, is_deleted=True),
        person(ALIAS, email="U0Asker+pager@example.com"),
    ]
    on_call = frozenset({REQUESTER, APPROVER, SECOND, BOT, GUEST, STRANGER, GONE, ALIAS})
    return FakeDirectory(people={each.id: each for each in everyone}, groups={"S0ONCALL": on_call})


SYSTEM = System.model_validate(
    {
        "system": "ledger",
        "title": "Ledger",
        "match": ['system="ledger"'],
        "channel": "#billing",
        "approvers": {"oncall": {"usergroup": "S0ONCALL"}, "leads": {"users": [LEAD]}},
        "resources": {"api": {"http": "env:LEDGER_URL"}},
        "rules": [{"event": "ledger.ops.dead", "alert": ['alertname="Dead"'], "runbook": "ledger/dead"}],
    }
)

ACTION: Mapping[str, Any] = {
    "id": "replay",
    "kind": "replay",
    "label": "Replay",
    "risk": "low",
    "approve": {"by": ["oncall", "leads"], "expires": "30m"},
    "limits": {"max_targets": 5, "per_hour": 3},
    "refuse": [{"when": "health.status == 'frozen'", "say": "The ledger is frozen."}],
    "inputs": {"kind": {"type": "string", "default": "invoice", "pattern": "[a-z]{1,20}"}},
    "preview": {
        "http": {"at": "api", "post": "/dry-run", "json": {"ids": "{{ targets.ids }}"}, "harmless": True,
                 "show": {"would": {"path": "would", "as": "count"}}},
        "say": "{{ preview.would }} of {{ targets.count }} would be replayed.",
    },
    "targets": {
        "http": {"at": "api", "get": "/items", "rows": "items",
                 "show": {"id": {"path": "id", "as": "id"}, "amount": {"path": "amount", "as": "minor"},
                          "currency": {"path": "currency", "as": "enum"}}},
    },
    "do": [
        {"http": {"at": "api", "post": "/replay", "idempotency": "header",
                  "json": {"ids": "{{ targets.ids }}", "kind": "{{ inputs.kind }}"},
                  "show": {"done": {"path": "done", "as": "count"}}}},
    ],
    "probe": {
        "http": {"at": "api", "get": "/replays/{{ request.key }}", "expect": [200, 404]},
        "took_effect": "probe.status_code == 200",
    },
    "verify": {"until": "backlog.n == 0", "every": "5s", "within": "1m"},
    "undo": "unplay",
}  # fmt: skip

UNDO: Mapping[str, Any] = {
    "id": "unplay",
    "kind": "other",
    "label": "Undo the replay",
    "risk": "low",
    "approve": {"by": ["oncall"], "expires": "30m"},
    "targets": {"ids": "original.ids"},
    "do": [
        {
            "http": {
                "at": "api",
                "post": "/undo",
                "json": {"ids": "{{ targets.ids }}", "undoes": "{{ original.request_id }}"},
                "idempotency": "header",
            }
        }
    ],
    "verify": {"until": "backlog.n > 0", "every": "5s", "within": "1m"},
}


def runbook(**changes: Any) -> Runbook:
    """The ledger's runbook; `changes` replace fields of its replay action."""
    return Runbook.model_validate(
        {
            "title": "Dead events",
            "diagnose": [_question("health", "status", "enum"), _question("backlog", "n", "count")],
            "actions": [{**ACTION, **changes}, UNDO],
        }
    )


def _question(name: str, field_name: str, shown: str) -> Mapping[str, Any]:
    show = {field_name: {"path": field_name, "as": shown}}
    return {"id": name, "http": {"at": "api", "get": f"/{name}", "show": show}}


@dataclass
class Host:
    """The ledger: items wait, a replay takes them. `effects` counts what really happened, by idempotency key."""

    items: dict[str, int] = field(default_factory=lambda: {"ev_1": 500, "ev_2": 700})
    status: str = "healthy"
    effects: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    answers: Callable[[HttpCall], HttpReply | CountersignError | None] = lambda _: None
    is_deaf: bool = False  # it answers a replay and does nothing
    is_effective: bool = True  # whether a call that loses its answer has its effect all the same
    keys: set[str] = field(default_factory=set)

    def send(self, call: HttpCall, *, timeout: float) -> HttpReply:
        said = self.answers(call)
        lost = isinstance(said, Unknown)
        if said is not None and not (lost and self.is_effective):
            return _given(said)
        reply = self._reply(call)
        return _given(said) if said is not None else reply

    def _reply(self, call: HttpCall) -> HttpReply:
        match call.method, call.path:
            case "GET", "/health":
                return ok({"status": self.status})
            case "GET", "/backlog":
                return ok({"n": len(self.items)})
            case "GET", "/items":
                rows: list[Json] = [
                    {"id": key, "amount": amount, "currency": "eur"} for key, amount in self.items.items()
                ]
                return ok({"items": rows})
            case "POST", "/dry-run":
                return ok({"would": len(_ids(call))})
            case "POST", "/replay":
                return self._take(call)
            case "POST", "/undo":
                self.effects.append((call.headers["Idempotency-Key"], _ids(call)))
                self.items |= dict.fromkeys(_ids(call), 1)
                return ok({"done": len(_ids(call))})
            case "GET", path if path.startswith("/replays/"):
                return ok({}) if path.removeprefix("/replays/") in self.keys else not_found()
        return not_found()

    def _take(self, call: HttpCall) -> HttpReply:
        if self.is_deaf:
            return ok({"done": 0})
        key = call.headers["Idempotency-Key"]
        self.keys.add(key)
        self.effects.append((key, _ids(call)))
        for item in _ids(call):
            self.items.pop(item, None)
        return ok({"done": len(_ids(call))})


def _given(said: HttpReply | CountersignError) -> HttpReply:
    if isinstance(said, CountersignError):
        raise said
    return said


def _ids(call: HttpCall) -> tuple[str, ...]:
    assert isinstance(call.json, Mapping)
    ids = call.json["ids"]
    assert isinstance(ids, list)
    return tuple(str(each) for each in ids)


@dataclass
class Shown:
    """What was shown, in order."""

    requests: list[str] = field(default_factory=list)
    incidents: list[str] = field(default_factory=list)

    def incident(self, conn: Connection, incident_id: str, now: datetime) -> None:
        self.incidents.append(incident_id)

    def diagnosis(self, conn: Connection, incident_id: str, number: int, now: datetime) -> None:
        self.incidents.append(incident_id)

    def checklist(self, conn: Connection, incident_id: str, now: datetime) -> None:
        self.incidents.append(incident_id)

    def request(self, conn: Connection, request_id: str, now: datetime) -> None:
        self.requests.append(request_id)

    def thread(self, conn: Connection, incident_id: str, now: datetime) -> bool:
        return False

    def storm(self, conn: Connection, storm_id: str, now: datetime) -> None:
        raise AssertionError("there is no storm")


@dataclass(frozen=True)
class Files:
    """Content files of one revision."""

    systems: Mapping[str, System]
    runbooks: Mapping[str, Runbook]


@dataclass
class Office:
    """Desk, jobs and host over one database, on a clock that a test moves; jobs run when the test says so."""

    database: Database
    runbook: Runbook = field(default_factory=runbook)
    host: Host = field(default_factory=Host)
    directory: FakeDirectory = field(default_factory=directory)
    shown: Shown = field(default_factory=Shown)
    writers: Mapping[str, WriteDatabase] = field(default_factory=dict)
    at: datetime = NOON
    incarnation: str = "here"
    dead: set[str] = field(default_factory=set)
    silences: Silences | None = None
    silencer: Silencer | None = None
    break_glass: bool = True
    second_factor: Risk | None = None
    system: System = field(default_factory=lambda: SYSTEM)
    waiting: list[tuple[datetime, Job]] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.means = Means(
            database=self.database,
            enqueue=self.enqueue,
            show=self.shown,
            contents=self.contents,
            resources=self.resources,
            asker=Asker(now=self.now),
            is_alive=lambda _conn, incarnation, _now: incarnation not in self.dead,
            replica="one",
            incarnation=self.incarnation,
            silences=self.silences,
            silencer=self.silencer,
            break_glass=self.break_glass,
            second_factor=self.second_factor,
            now=self.now,
            new_id=self.new_id,
        )
        self.desk = Desk(
            database=self.database,
            enqueue=self.enqueue,
            show=self.shown,
            directory=self.directory,
            contents=self.contents,
            revision=lambda: REVISION,
            look_again=lambda request: recheck(self.means, request),
            break_glass=self.break_glass,
            now=self.now,
            new_id=self.new_id,
            second_factor=self.second_factor,
            can_silence=self.silencer is not None,
        )
        notes = Notes(database=self.database, enqueue=self.enqueue, show=self.shown, now=self.now)
        silencing = Silencing(notes, alertmanager=self.silencer)
        self.silences_seen = SilencesSeen(notes, alertmanager=self.silencer, new_id=self.new_id)
        self.execute = Execute(self.means)
        self.sweep = Sweep(self.means, self.execute)
        self.handlers: Mapping[str, Callable[..., None]] = {
            "prepare": lambda request_id: prepare(self.means, request_id),
            "expire": lambda request_id: expire(self.means, request_id),
            "execute": self.execute,
            "resume": self.execute.resume,
            "lapse": lambda request_id, number: lapse(self.means, request_id, number),
            "silence": silencing,
            "diagnose": Diagnoser(
                database=self.database,
                contents=self.contents,
                resources=self.resources,
                asker=self.means.asker,
                show=self.shown,
                now=self.now,
            ).diagnose,
            "verify": lambda request_id, number: verify(self.means, request_id, number),
        }

    def now(self) -> datetime:
        return self.at

    def new_id(self) -> str:
        return f"00000000-0000-4000-8000-{next(self.numbers):012d}"

    def contents(self, revision: str) -> Files:
        if revision != REVISION:
            raise ContentError(file="-", line=1, where="-", what="this revision is not kept")
        return Files(systems={"ledger": self.system}, runbooks={"ledger/dead": self.runbook})

    def resources(self, _system: System) -> Resources:
        return FakeResources(hosts={"api": self.host}, writers=self.writers)

    def enqueue(self, conn: Connection, job: Job) -> None:
        if leases.add(conn, job):
            after_commit(conn, lambda: self.waiting.append((self.at + job.delay, job)))

    def open_incident(self) -> str:
        with self.database.begin() as conn:
            conn.execute(insert(incidents).values(**INCIDENT_ROW))
        return INCIDENT

    def pass_time(self, length: timedelta) -> None:
        """Move the clock and run what falls due, in order."""
        end = self.at + length
        while due := sorted((each for each in self.waiting if each[0] <= end), key=lambda each: each[0]):
            moment, job = due[0]
            self.at = max(self.at, moment)
            self.run(job)
        self.at = end

    def work(self) -> None:
        """Run what is due now."""
        self.pass_time(timedelta(0))

    def run(self, job: Job) -> None:
        self.waiting = [each for each in self.waiting if each[1].id != job.id]
        try:
            self.handlers[job.handler](*job.args)
        finally:
            with self.database.begin() as conn:
                conn.execute(update(jobs).where(jobs.c.id == job.id).values(state=JobState.DONE))

    def forget_jobs(self) -> None:
        """Lose every job, as an engine might."""
        self.waiting.clear()
        with self.database.begin() as conn:
            conn.execute(update(jobs).values(state=JobState.FAILED))

    def ask(self, action: str = "replay", **more: Any) -> str:
        """Ask for the action and prepare it; the request's id."""
        told = ask(
            self.desk,
            **{
                "person": REQUESTER,
                "incident_id": INCIDENT,
                "action": action,
                "inputs": {},
                "reason": "customers wait",
                **more,
            },
        )
        assert isinstance(told, Done), told
        self.work()
        return told.id

    def approve(self, request_id: str, *people: str) -> None:
        """Have these people approve it, and run what follows at once."""
        self.approve_without_running(request_id, *people)
        self.work()

    def approve_without_running(self, request_id: str, *people: str) -> None:
        for each in people:
            told = vote(self.desk, person=each, request_id=request_id, digest=self.digest(request_id))
            assert isinstance(told, Done), told

    def digest(self, request_id: str) -> str:
        """What a vote is for now: the request, or that its execution goes on."""
        resumption = self.resumption(request_id)
        digest = resumption.digest if resumption else self.request(request_id).digest
        assert digest is not None
        return digest

    def resumption(self, request_id: str) -> Resumption | None:
        """The latest of its execution."""
        with self.database.read() as conn:
            return resumptions.latest(conn, request_id)

    def request(self, request_id: str) -> Request:
        with self.database.read() as conn:
            found = requests.get(conn, request_id)
        assert found is not None
        return found

    def execution(self, request_id: str) -> Execution | None:
        with self.database.read() as conn:
            return executions.get(conn, request_id)

    def kinds(self) -> list[str]:
        """The audit's kinds, in order."""
        with self.database.read() as conn:
            return [entry.kind for entry in audit.export(conn, INCIDENT)]

    def audited(self, kind: str, incident_id: str = INCIDENT) -> list[audit.Entry]:
        with self.database.read() as conn:
            return [entry for entry in audit.export(conn, incident_id) if entry.kind == kind]


INCIDENT_ROW: Mapping[str, Json | datetime] = {
    "id": INCIDENT,
    "key": "k" * 64,
    "episode": 1,
    "state": "firing",
    "system": "ledger",
    "event": "ledger.ops.dead",
    "runbook": "ledger/dead",
    "content": REVISION,
    "severity": "critical",
    "channel": "#billing",
    "title": "Dead events",
    "labels": {},
    "annotations": {},
    "params": {},
    "truncated": 0,
    "external_url": "",
    "started_at": NOON,
    "opened_at": NOON,
    "changed_at": NOON,
    "diagnoses": 0,
}
