"""Private values are planted wherever the bot looks and in whatever people type; then every way out is searched."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import create_engine, select, text

from bot.adapters.charts import labels
from bot.core.evidence import Answer
from bot.demo.ports import Ports
from bot.store import diagnoses
from bot.store.database import Database
from bot.store.tables import audit, incidents, messages, requests
from tests.kit.databases import PostgreSQL
from tests.kit.host import closed_port, serving
from tests.kit.loopback import loopback
from tests.kit.planted import NAME, PRIVATE, TEXT, answer, event, leaks, notification
from tests.kit.slack import CHANNEL_ID
from tests.kit.slack_app import blocks_of
from tests.kit.waiting import eventually
from tests.kit.workspace import Control, RunningWorkspace, running_workspace

WEBHOOK_TOKEN = "PlantedEnvWebhookToken0Aa"
SIGNING_SECRET = "PlantedEnvSigning0Aa"
CONTENT = Path("tests/data/planted")
ANA, CHI, LEE = "U0ANA", "U0CHI", "U0LEAD1"


@dataclass(frozen=True)
class Bot:
    """A bot in a process of its own, with everything around it; `stderr` is all it printed."""

    url: str
    workspace: RunningWorkspace
    database: Database
    environment: Mapping[str, str]
    stderr: Path

    @property
    def control(self) -> Control:
        return self.workspace.control

    def post(self, body: bytes, path: str = "/alertmanager", **headers: str) -> httpx.Response:
        """A webhook, or an event of a host."""
        given = {"authorization": f"Bearer {WEBHOOK_TOKEN}", "content-type": "application/json", **headers}
        return loopback.post(f"{self.url}{path}", content=body, headers=given, timeout=20)

    def interact(self, payload: Mapping[str, Any]) -> httpx.Response:
        """Something that Slack itself would never send, signed as Slack does."""
        body, at = urlencode({"payload": json.dumps(payload)}), str(int(time.time()))
        seal = hmac.new(SIGNING_SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": at,
            "x-slack-signature": f"v0={seal}",
        }
        return loopback.post(f"{self.url}/slack/events", content=body, headers=headers, timeout=20)

    def roots(self) -> list[dict[str, Any]]:
        return [each for each in self.control.messages(CHANNEL_ID) if each.get("bot_id")]

    def root(self) -> dict[str, Any]:
        return self.roots()[0]

    def says(self, words: str) -> bool:
        """Whether root or thread come to say this."""

        def is_so() -> bool:
            return any(words in blocks_of(each) for root in self.roots() for each in (root, *root["replies"]))

        return eventually(is_so)

    def card(self) -> dict[str, Any]:
        return cards(self)[-1]


@pytest.fixture(scope="module")
def told(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """All that left the bot, by the way it took, after a whole story was lived through."""
    folder = tmp_path_factory.mktemp("planted")
    with running(postgresql, folder) as bot:
        answered = provoke(bot)
        live(bot)
        ways = {**answered, **looked_at(bot), **commanded(bot, folder), **shown_in_slack(bot)}
        ways |= {**stored(bot), **exported(bot, folder), **drawn(bot), **broken(bot)}
        ways["stderr"] = bot.stderr.read_text
        yield {way: each() if callable(each) else each for way, each in ways.items()}


@contextmanager
def running(postgresql: PostgreSQL, folder: Path) -> Iterator[Bot]:
    with ExitStack() as stack:
        port = stack.enter_context(Ports()).pick(18080)
        url = f"http://127.0.0.1:{port}"
        workspace = stack.enter_context(
            running_workspace(bot=url, bot_token="xoxb-PlantedEnv-0", signing_secret=SIGNING_SECRET)
        )
        hosts = stack.enter_context(serving(answer))
        own, theirs = (stack.enter_context(postgresql.fresh(migrated=is_ours)) for is_ours in (True, False))
        plant(theirs)
        environment = environment_of(workspace=workspace, hosts=hosts, own=own, theirs=theirs, port=port)
        stderr = folder / "stderr"
        printed = stack.enter_context(stderr.open("w"))
        process = stack.enter_context(
            subprocess.Popen([sys.executable, "-m", "bot", "serve"], env=environment, stderr=printed)
        )
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)
        assert eventually(lambda: is_ready(url)), stderr.read_text()
        database = Database(own)
        stack.callback(database.close)
        yield Bot(url=url, workspace=workspace, database=database, environment=environment, stderr=stderr)


def plant(dsn: str) -> None:
    """A table of a billing host, private in every column."""
    engine = create_engine(dsn)
    with engine.begin() as conn:
        conn.execute(
            text("create table planted (id text, who text, status text, note text, customer_name text, amount bigint)")
        )
        row = {"who": PRIVATE["e-mail"], "status": PRIVATE["key"], "note": TEXT, "name": NAME}
        conn.execute(text("insert into planted values ('in_1Planted', :who, :status, :note, :name, 100)"), row)
    engine.dispose()


def environment_of(*, workspace: RunningWorkspace, hosts: str, own: str, theirs: str, port: int) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "SLACK_"))}
    gone = closed_port().removeprefix("http://")
    return kept | {
        "COUNTERSIGN_DATABASE_URL": own,
        "COUNTERSIGN_LISTEN": f"127.0.0.1:{port}",
        "COUNTERSIGN_WEBHOOK_TOKEN": WEBHOOK_TOKEN,
        "COUNTERSIGN_RULES": str(CONTENT / "rules"),
        "COUNTERSIGN_RUNBOOKS": str(CONTENT / "runbooks"),
        "COUNTERSIGN_ALLOW_WRITABLE_READS": "1",
        "COUNTERSIGN_REPLICA": "planted",
        "SLACK_BOT_TOKEN": workspace.config.bot_token,
        "SLACK_SIGNING_SECRET": workspace.config.signing_secret,
        "SLACK_API_URL": workspace.api,
        "STRIPE_API_KEY": "sk_test_PlantedEnvStripe",
        "STRIPE_WRITE_KEY": "sk_test_PlantedEnvStripeWrite",
        "STRIPE_API_URL": hosts,
        "PLANTED_PROMETHEUS_URL": hosts.replace("http://", "http://prom:PlantedEnvProm@") + "/prometheus",
        "PLANTED_DSN": theirs,
        "PLANTED_GONE_DSN": f"postgresql://bot:PlantedEnvGone@{gone}/app",
        "PLANTED_BAD_DSN": "postgresql://bot:PlantedEnvBad@host:PlantedEnvPort/app",
        "PLANTED_URL": hosts.replace("http://", "http://svc:PlantedEnvUser@"),
        "PLANTED_TOKEN": "PlantedEnvBearer0Aa",
        "PLANTED_GONE_URL": f"http://svc:PlantedEnvUser@{gone}",
        "ALERTMANAGER_URL": hosts.replace("http://", "http://am:PlantedEnvAlerts@"),
        "COUNTERSIGN_LOG": "bot=DEBUG,httpx=INFO,slack_sdk=DEBUG,stripe=DEBUG",  # an operator in trouble turns these up
        "PLANTED_BAD_TOKEN": "PlantedEnvBad\nHeader",
        "NO_PROXY": "127.0.0.1",
    }


def is_ready(url: str) -> bool:
    try:
        return loopback.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def provoke(bot: Bot) -> dict[str, str | Callable[[], str]]:
    """Every refusal at the doors that quotes what it can."""
    wrong = [
        bot.post(json.dumps({"version": TEXT, "alerts": [{"status": TEXT}]}).encode()),
        bot.post(f'{{"{TEXT}'.encode()),
        bot.post(b"{}", authorization=f"Bearer {PRIVATE['jwt']}"),
        bot.post(b"{}", **{"content-type": TEXT}),
        loopback.get(f"{bot.url}/nothing/{PRIVATE['key']}", params={"token": "PlantedQuery0"}, timeout=20),
        loopback.request("BREW", f"{bot.url}/alertmanager?x={PRIVATE['e-mail']}", timeout=20),
        loopback.post(f"{bot.url}/slack/events", content=TEXT.encode(), timeout=20),
    ]
    vote = f"{bot.url}/api/v1/requests/{PRIVATE['key']}/approve"
    wrong += [
        loopback.post(vote, json={"person": TEXT, "code": TEXT, "digest": TEXT, TEXT: TEXT}, timeout=20),
        loopback.get(f"{bot.url}/api/v1/requests", params={"stage": TEXT}, timeout=20),
        browse(bot, f"/requests/{PRIVATE['e-mail']}"),
        browse(bot, f"/incidents/{PRIVATE['key']}"),
        loopback.get(f"{bot.url}/api/v1/incidents/{PRIVATE['key']}", timeout=20),
        loopback.post(
            f"{bot.url}/api/v1/switches/engage", json={"person": TEXT, "name": TEXT, "reason": TEXT}, timeout=20
        ),
        bot.post(json.dumps({"event": TEXT, "metadata": TEXT}).encode(), "/ops-events"),
        bot.post(json.dumps({"event": "planted.ops.leak", "occurred_at": TEXT}).encode(), "/ops-events"),
    ]
    button = {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": ANA, "name": NAME}}
    odd: list[Mapping[str, Any]] = [
        {**button, "actions": [{"type": "button", "action_id": "approve", "block_id": TEXT, "value": TEXT}]},
        {**button, "actions": [{"type": "button", "action_id": TEXT, "block_id": "b", "value": TEXT}]},
        {**button, "type": "view_submission", "view": {"callback_id": "ask", "type": "modal", "state": TEXT}},
        {"type": TEXT},
    ]
    statuses = [each.status_code for each in wrong]
    assert min(statuses) >= 400, statuses
    replies = [bot.interact(payload) for payload in odd]
    return {f"answer {number}": each.text for number, each in enumerate([*wrong, *replies])}


def live(bot: Bot) -> None:
    """An alert, its evidence, a request that is denied, one that fails, and one that cannot be made."""
    assert bot.post(notification()).status_code == 200
    assert bot.says("questions asked")
    assert eventually(lambda: any(each.get("files") for each in bot.root()["replies"]))
    for number in range(2):
        ask(bot, "fix", {"input:note": TEXT[:400], "input:customer_name": NAME})
        assert bot.says("waiting for approval")
        if number == 0:
            bot.control.click(CHI, bot.card(), "deny")
            assert eventually(lambda: bot.control.modals(CHI))
            bot.control.submit(CHI, {"input:-reason": TEXT[:900]})
            assert bot.says("Denied")
    bot.control.click(CHI, bot.card(), "approve")
    bot.control.click(LEE, bot.card(), "approve")
    assert eventually(lambda: "execution.failed" in kinds(bot))
    assert bot.says("It failed and is not tried again")
    fill(bot, CHI, bot.card, "resume", {"input:-reason": TEXT[:900]})
    assert bot.says("asked <!date")
    fill(bot, LEE, bot.card, "deny", {"input:-reason": TEXT[:900]})
    assert bot.says("Does not go on: denied")
    lose(bot)
    fill(bot, CHI, bot.root, "silence", {"input:-reason": TEXT[:900], "input:-length": "1h"})
    assert eventually(lambda: "silence.asked" in kinds(bot))
    leave_forms_open(bot)
    talk(bot)
    assert bot.post(event(), "/ops-events").status_code == 200
    assert eventually(lambda: "countersign_check_planted{" in browse(bot, "/metrics").text, within=100)


def lose(bot: Bot) -> None:
    """A call without an answer, whose end a person tells in words that hold all there is; another that runs alone."""
    ask(bot, "lose", {})
    assert bot.says("each approver types its phrase")
    for who in (CHI, LEE):
        fill(bot, who, bot.card, "approve", {"input:-phrase": "lose all of it"})
    assert bot.says("outcome unknown")
    fill(bot, LEE, bot.card, "no_effect", {"input:-reason": TEXT[:900]})
    assert bot.says("did not take effect")
    ask(bot, "lose", {})
    assert bot.says("waiting for approval")
    fill(bot, CHI, bot.card, "break_glass", {"input:-reason": TEXT[:900], "input:-phrase": "lose all of it"})
    assert bot.says("run alone by")


def leave_forms_open(bot: Bot) -> None:
    """Every form as it comes, prefilled."""
    bot.control.click(ANA, bot.root(), "ask:fix", value=f"{incident_of(bot)}:fix")
    assert eventually(lambda: bot.control.modals(ANA))
    press(bot, LEE, bot.card, "took_effect")
    assert eventually(lambda: bot.control.modals(LEE))


def talk(bot: Bot) -> None:
    """Words to the bot, which its answers quote or act on; and its Home."""
    private = (
        TEXT[:1000],
        "stripe " + PRIVATE["key"],
        "incident " + PRIVATE["e-mail"],
        f'run planted/leak note="{TEXT}"',
    )
    plain = ("status", "requests", "switch", "runbooks planted", "check planted/leaky", "check planted/broken", "help")
    for words in (*private, *plain, f"check {PRIVATE['key']}", f"silence {incident_of(bot)} {PRIVATE['key']}"):
        bot.control.command(ANA, CHANNEL_ID, "/billing", words[:2_900])
    bot.control.mention(ANA, CHANNEL_ID, f"<@U0BOT> check {PRIVATE['key']}", thread_ts=bot.root()["ts"])
    command(bot, "switch", "engage", "bot:planted", "--reason", TEXT[:400])
    for who in (ANA, CHI, LEE):
        bot.control.open_home(who)
        assert eventually(lambda: bot.control.home(who) is not None)  # noqa: B023 - looked at before the next


def fill(bot: Bot, who: str, which: Callable[[], dict[str, Any]], action: str, typed: Mapping[str, str]) -> None:
    """Press a button that asks back, once it is there, and send its form."""
    before = len(bot.control.modals(who))
    press(bot, who, which, action)
    assert eventually(lambda: len(bot.control.modals(who)) > before), action
    answered = bot.control.submit(who, dict(typed))
    assert answered["ok"], answered


def press(bot: Bot, who: str, which: Callable[[], dict[str, Any]], action: str) -> None:
    """Press a button of a message, once it is there."""
    assert eventually(lambda: f'"{action}"' in json.dumps(which().get("blocks"))), action
    bot.control.click(who, which(), action)


def incident_of(bot: Bot) -> str:
    with bot.database.read() as conn:
        return str(conn.scalar(select(incidents.c.id).order_by(incidents.c.opened_at)))


def kinds(bot: Bot) -> set[str]:
    """What the audit has entries of."""
    with bot.database.read() as conn:
        return set(conn.scalars(select(audit.c.kind)))


def ask(bot: Bot, action: str, typed: Mapping[str, str]) -> None:
    """Ask for it with a reason that holds all there is, and wait for its card."""
    count = len(cards(bot))
    bot.control.click(ANA, bot.root(), f"ask:{action}", value=f"{incident_of(bot)}:{action}")
    assert eventually(lambda: bot.control.modals(ANA))
    answered = bot.control.submit(ANA, {**typed, "input:-reason": TEXT[:900]})
    assert answered["ok"], answered
    assert eventually(lambda: len(cards(bot)) > count)


def cards(bot: Bot) -> list[dict[str, Any]]:
    return [each for each in bot.root()["replies"] if "Asked by" in blocks_of(each)]


def browse(bot: Bot, path: str) -> httpx.Response:
    """As a browser does: it keeps cookies and follows where it is sent."""
    with httpx.Client(base_url=bot.url, follow_redirects=True, timeout=20) as browser:
        return browser.get(path)


def looked_at(bot: Bot) -> dict[str, str]:
    """What the bot says of itself, to programs and to people without Slack."""
    with bot.database.read() as conn:
        request_ids = conn.scalars(select(requests.c.id)).all()
    incident_id = incident_of(bot)
    pages = ("/", "/switches", f"/incidents/{incident_id}")
    own = ("/metrics", "/readyz", "/healthz")
    calls = ("incidents", "requests", "requests?stage=failed", "switches", "openapi.json", f"incidents/{incident_id}")
    found = {path: browse(bot, path) for path in (*own, *pages, *(f"/api/v1/{each}" for each in calls))}
    each_request = {
        f"{door}/each": [browse(bot, f"{door}/{id_}") for id_ in request_ids]
        for door in ("/requests", "/api/v1/requests")
    }
    every = [*found.values(), *(answer for answers in each_request.values() for answer in answers)]
    assert {each.status_code for each in every} == {200}
    told = {path.replace(incident_id, "one"): each.text for path, each in found.items()}
    return told | {door: "\n".join(each.text for each in answers) for door, answers in each_request.items()}


def commanded(bot: Bot, folder: Path) -> dict[str, str]:
    """What commands print, those that ask every real system and those about what came in."""
    with bot.database.read() as conn:
        request_ids = conn.scalars(select(requests.c.id)).all()
    given = folder / "webhook.json"
    given.write_bytes(notification())
    content = ("--rules", str(CONTENT / "rules"), "--runbooks", str(CONTENT / "runbooks"))
    asked: Mapping[str, tuple[str, ...]] = {
        "requests list": ("requests", "list", "--all"),
        "incidents list": ("incidents", "list"),
        "incidents show": ("incidents", "show", incident_of(bot)),
        "audit verify": ("audit", "verify"),
        "audit incidents": ("audit", "incidents"),
        "switch list": ("switch", "list"),
        "doctor": ("doctor",),
        "explain": ("explain", str(given), *content),
        "simulate": ("simulate", str(given), *content),
        "requests ask": ("requests", "ask", PRIVATE["key"], "fix", f"note={TEXT}", "--as", ANA, "--code", "PlantedEnv"),
    }
    told = {way: command(bot, *arguments, is_good=False) for way, arguments in asked.items()}
    shown = [command(bot, "requests", "show", each) for each in (request_ids[0], request_ids[-1])]  # each takes seconds
    return {**told, "requests show": "\n".join(shown)}


def command(bot: Bot, *arguments: str, is_good: bool = True) -> str:
    """What a command prints."""
    program = [sys.executable, "-m", "bot", *arguments]
    ended = subprocess.run(program, env=bot.environment, capture_output=True, text=True, timeout=90, check=is_good)
    return ended.stdout + ended.stderr


def shown_in_slack(bot: Bot) -> dict[str, str]:
    """What the workspace got: messages of everybody, forms, file titles."""
    seen = [bot.control.messages(CHANNEL_ID, user=user) for user in (None, ANA, CHI, LEE)]
    ours = [[said_by_the_bot(each) for each in channel] for channel in seen]
    views = [bot.control.modals(user) for user in (ANA, CHI, LEE)]
    return {
        "slack messages": json.dumps(ours, ensure_ascii=False),
        "slack home": json.dumps([bot.control.home(user) for user in (ANA, CHI, LEE)], ensure_ascii=False),
        "slack forms": json.dumps([[strip_typed(view) for view in stack] for stack in views], ensure_ascii=False),
    }


def said_by_the_bot(message: dict[str, Any]) -> dict[str, Any] | None:
    """A message without what people wrote into its thread, or at all."""
    if not message.get("bot_id"):
        return None
    replies = [said_by_the_bot(each) for each in message.get("replies") or ()]
    return {**message, "replies": [each for each in replies if each is not None]}


def strip_typed(view: dict[str, Any]) -> dict[str, Any]:
    """A form without what the person who has it open typed into it."""
    return {name: value for name, value in view.items() if name != "state"}


def stored(bot: Bot) -> dict[str, str]:
    with bot.database.read() as conn:
        said = conn.execute(select(messages.c.text, messages.c.blocks, messages.c.image_title, messages.c.error)).all()
        entries = conn.execute(select(audit)).all()
        jobs = conn.execute(text("select id, error from jobs")).all()
    assert len(entries) > 10
    # Not by repr: a row's own leaves out the middle of what is long.
    rows = {"message rows": said, "audit rows": entries, "job rows": jobs}
    return {
        way: json.dumps([list(each) for each in found], default=str, ensure_ascii=False) for way, found in rows.items()
    }


def exported(bot: Bot, folder: Path) -> dict[str, str]:
    as_json, as_html = folder / "bundle.json", folder / "bundle.html"
    command(bot, "audit", "export", incident_of(bot), "--json", str(as_json), "--html", str(as_html))
    return {"export json": as_json.read_text(), "export html": as_html.read_text()}


def broken(bot: Bot) -> dict[str, str]:
    """A fault of our own, whose trace quotes a statement with all that was bound to it."""
    incident_id = incident_of(bot)
    with bot.database.begin() as conn:
        conn.execute(text("alter table incident_alerts rename to lost_alerts"))
    try:
        bot.post(notification().replace(b"2026-11-21T11:50", b"2026-11-22T11:50"))
        assert eventually(lambda: "incident_alerts" in bot.stderr.read_text())
        looked = [browse(bot, f"/incidents/{incident_id}"), browse(bot, f"/api/v1/incidents/{incident_id}")]
        told = command(bot, "incidents", "show", incident_id, is_good=False)
    finally:
        with bot.database.begin() as conn:
            conn.execute(text("alter table lost_alerts rename to incident_alerts"))
    assert min(each.status_code for each in looked) >= 500
    return {"broken page": looked[0].text, "broken call": looked[1].text, "broken command": told}


def drawn(bot: Bot) -> dict[str, str]:
    """The words of the charts; their pictures cannot be searched."""
    with bot.database.read() as conn:
        found = diagnoses.latest(conn, incident_of(bot))
    assert found is not None
    series = [each.series for each in found.evidence.values() if isinstance(each, Answer) and each.series]
    assert series
    return {"legends": repr([labels(each) for each in series])}


SLACK = ("slack messages", "slack forms", "slack home", "message rows", "legends")
RECORD = ("audit rows", "job rows", "export json", "export html")
ANSWERS = ("/metrics", "/readyz", "/healthz", *(f"answer {number}" for number in range(19)))
PAGES = ("/", "/switches", "/incidents/one", "/requests/each", "broken page")
API = (
    "/api/v1/incidents", "/api/v1/incidents/one", "/api/v1/requests", "/api/v1/requests?stage=failed",
    "/api/v1/requests/each", "/api/v1/switches", "/api/v1/openapi.json", "broken call",
)  # fmt: skip
COMMANDS = (
    "requests list", "requests show", "requests ask", "incidents list", "incidents show", "audit verify",
    "audit incidents", "switch list", "doctor", "explain", "simulate", "broken command",
)  # fmt: skip


@pytest.mark.parametrize("way", [*SLACK, *RECORD, *ANSWERS, *PAGES, *API, *COMMANDS, "stderr"])
def test_nothing_private_leaves(told: Mapping[str, str], way: str) -> None:
    assert leaks(told[way]) == []


def test_what_was_searched_held_something_to_find(told: Mapping[str, str]) -> None:
    """That nothing was found means something only where the planted values came by, masked."""
    for way in ("slack messages", "message rows", "audit rows", "export json", "export html"):
        assert "[e-mail]" in told[way], way
        assert "[secret]" in told[way], way
    assert "[e-mail]" in told["legends"]
    for words in ("[private]", "[card]", "[bank account]", "[phone]", "could not be reached", "it answered 422"):
        assert words in told["slack messages"], words
    assert "deed.failed" in told["audit rows"]
    for words in ("WARNING", "DEBUG", "Traceback (most recent call last)", "incident_alerts"):
        assert words in told["stderr"], words
    for way in ("/incidents/one", "/requests/each", "/api/v1/incidents/one", "/api/v1/requests/each", "requests show"):
        assert "[e-mail]" in told[way], way
    for way in ("/switches", "/api/v1/switches", "switch list", "slack home", "incidents show", "simulate"):
        assert "[secret]" in told[way] or "[e-mail]" in told[way], way
    for words in ("is it a Prometheus?", "planted"):
        assert words in told["doctor"], words


def test_the_search_finds_what_is_there() -> None:
    assert len(leaks(f"{TEXT} {NAME} PlantedEnv")) >= len(PRIVATE)
    assert leaks("pl%61ntedjane") == ["plantedjane"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("COUNTERSIGN_DATABASE_URL", "postgresql://bot:PlantedEnv0@127.0.0.1:1/x", id="database-away"),
        pytest.param(
            "COUNTERSIGN_DATABASE_URL", "postgresql://bot:PlantedEnv0@host:PlantedEnv/x", id="database-malformed"
        ),
        pytest.param("COUNTERSIGN_DATABASE_URL", "sk_live_PlantedEnv0", id="database-no-url"),
        pytest.param("COUNTERSIGN_DATABASE_URL", "oracle://bot:PlantedEnv0@host/x", id="database-of-another-kind"),
        pytest.param("COUNTERSIGN_DATABASE_URL", "sqlite:////proc/no/x.db", id="file-that-cannot-be"),
        pytest.param("COUNTERSIGN_LISTEN", "sk_live_PlantedEnv0", id="listen"),
        pytest.param("COUNTERSIGN_REPLICA", "sk_live_PlantedEnv0!", id="replica"),
        pytest.param("COUNTERSIGN_LOG", "sk_live_PlantedEnv0", id="log"),
        pytest.param("COUNTERSIGN_CHECKPOINT_HOUR", "PlantedEnv0", id="hour"),
        pytest.param("SLACK_API_URL", "PlantedEnv0", id="slack-url"),
    ],
)
def test_a_start_that_fails_says_why_without_the_value(variable: str, value: str, tmp_path: Path) -> None:
    environment = {**os.environ, "COUNTERSIGN_DATABASE_URL": f"sqlite:///{tmp_path}/x.db", variable: value}

    ended = subprocess.run(
        [sys.executable, "-m", "bot", "serve"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 2, ended.stderr
    assert leaks(ended.stdout + ended.stderr) == []
    assert variable in ended.stderr or "database is unavailable" in ended.stderr
