"""The same alerts as the bot, Alertmanager's own Slack receiver and Robusta show them, side by side, in pictures.

A critical one, one group of twelve, an info, and one whose text wants to ping everybody. Each peer has a local
workspace; Chromium looks at it at the width of a phone and of a desk, in light and dark colours.

    python -m bench.faces FOLDER [--robusta]

FOLDER gets `<who>-<width>-<colours>.png`, and `side-by-side.png` made of those of the phone.
"""

import argparse
import base64
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from bench.peers import CHANNEL, CHANNEL_ID, Content, Field, Peer, field
from tests.kit.browser import CHROMIUM, FLAGS

PHONE, DESK = 390, 1280
_CUT = 1560  # pixels of each that stand side by side
_PAPER = {"light": "#fff", "dark": "#1a1d21"}
_TITLES = {
    "countersign": "Countersign",
    "alertmanager": "Alertmanager's own Slack receiver",
    "robusta": "Robusta 0.53, without a platform",
}
_SYSTEM: Mapping[str, Any] = {
    "system": "ledger",
    "title": "Ledger",
    "match": ['system="ledger"'],
    "channel": CHANNEL,
    "approvers": {"oncall": {"users": ["U0ANA", "U0CHI"]}},
    "resources": {"host": {"http": "env:BENCH_HOST_URL"}},
    "rules": [{"event": f"ledger.{name}", "runbook": f"ledger/{name}"} for name in ("drift", "dead", "note", "queue")],
}
_READY: Mapping[str, Any] = {
    "id": "ready",
    "title": "Is it up",
    "http": {"at": "host", "get": "/ready", "show": {"status": "status"}},
}
_REPLAY: Mapping[str, Any] = {
    "id": "replay",
    "kind": "replay",
    "label": "Replay Stripe's events",
    "risk": "low",
    "approve": {"by": ["oncall"], "expires": "30m"},
    "limits": {"max_targets": 5, "per_hour": 3},
    "targets": {"ids": "['evt_1']"},
    "do": [{"http": {"at": "host", "post": "/replay", "idempotency": "header"}}],
    "verify": {"until": 'ready.status == "ok"', "every": "5s", "within": "1m"},
}
_DRIFT: Mapping[str, Any] = {
    "id": "drift",
    "title": "Drift by currency",
    "http": {
        "at": "host",
        "get": "/drift",
        "rows": "drift",
        "show": {
            "currency": {"path": "currency", "as": "enum"},
            "ledger": {"path": "ledger", "as": "minor"},
            "stripe": {"path": "stripe", "as": "minor"},
            "open_for": {"path": "open_for", "as": "seconds"},
        },
    },
}


def _runbook(title: str, say: str, *more: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "title": title,
        "diagnose": [*more, _READY],
        "conclude": [{"when": 'ready.status == "ok"', "say": say, "suggest": ["replay"]}],
        "actions": [_REPLAY],
    }


_UP = "The ledger is up, and two currencies differ from Stripe: replay what Stripe sent."
_RUNBOOKS: Mapping[str, Mapping[str, Any]] = {
    "ledger/drift": _runbook("Ledger and Stripe disagree", _UP, _DRIFT),
    "ledger/dead": _runbook("Webhooks are dead", "The ledger takes webhooks again: replay what Stripe sent."),
    "ledger/note": _runbook("A note of the ledger", "The ledger is up."),
    "ledger/queue": _runbook("Postings are slow", "The ledger is up; the queue is behind."),
}
_ANSWERS: Mapping[str, object] = {
    "/ready": {"status": "ok"},
    "/drift": {
        "drift": [
            {"currency": "eur", "ledger": 1_250_000, "stripe": 1_242_550, "open_for": 5_400},
            {"currency": "usd", "ledger": 880_010, "stripe": 879_990, "open_for": 300},
        ]
    },
}  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--robusta", action="store_true", help="with Robusta as a third (bench/robusta.py)")
    asked = arguments.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, _host() as host:
        content = Content(system=_SYSTEM, runbooks=_RUNBOOKS, host=host)
        with field(
            Path(work), with_robusta=asked.robusta, content=content, is_limited=False, patience="1s"
        ) as everybody:
            for alerts in _alerts():
                everybody.fire(alerts)
                _settle(everybody)
            _draw(everybody.peers, asked.folder)


def _alerts() -> Iterator[Sequence[Mapping[str, object]]]:
    yield [_alert("Drift", "critical", "Ledger and Stripe differ by 74.50 EUR for 90 min", region="eu-1")]
    hostile = "<!channel> *Pay* <https://evil.example|here>, jane.doe@example.com `now` & <@U0ANA>"
    yield [_alert("Note", "warning", hostile, customer="<!here>")]
    yield [
        _alert("Dead", "warning", f"{at + 3} webhooks of endpoint we_{at:02} are dead", endpoint=f"we_{at:02}")
        for at in range(12)
    ]
    yield [_alert("Queue", "info", "Postings wait for 45 s, usually 2 s", region="eu-1")]


def _alert(name: str, severity: str, summary: str, **labels: str) -> Mapping[str, object]:
    now = datetime.now(UTC)
    return {
        "labels": {
            "alertname": f"Ledger{name}",
            "system": "ledger",
            "ops_event": f"ledger.{name.lower()}",
            "severity": severity,
            "batch": name.lower(),
            **labels,
        },
        "annotations": {"summary": summary, "description": f"{summary}. See the runbook."},
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "generatorURL": "http://prometheus.example/graph?g0.expr=ledger_drift",
    }


def _settle(everybody: Field) -> None:
    """Until nobody has called for two seconds."""
    seen = [-1]

    def is_quiet() -> bool:
        before, now = list(seen), [len(peer.workspace.control.calls()) for peer in everybody.peers]
        seen[:] = now
        return before == now and all(now)

    deadline = time.monotonic() + 60
    while not is_quiet() and time.monotonic() < deadline:
        time.sleep(2)


def _draw(peers: Sequence[Peer], folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for peer in peers:
            for width in (PHONE, DESK):
                for colours in ("light", "dark"):
                    _shoot(browser, peer, folder / f"{peer.name}-{width}-{colours}.png", width=width, colours=colours)
        for colours in ("light", "dark"):
            shots = [(_TITLES[peer.name], folder / f"{peer.name}-{PHONE}-{colours}.png") for peer in peers]
            _beside(browser, shots, folder / f"side-by-side-{colours}.png", colours=colours)
        browser.close()


def _shoot(browser: Browser, peer: Peer, path: Path, *, width: int, colours: Any) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 12_000}, timezone_id="UTC", locale="en-GB", color_scheme=colours
    )
    page.goto(f"{peer.workspace.url}/#/{CHANNEL_ID}")
    page.locator("#timeline .message").first.wait_for()
    last = page.locator("#timeline .message").last.bounding_box()
    timeline = page.locator("#timeline").bounding_box()
    assert last is not None
    assert timeline is not None
    page.screenshot(path=path, clip={**timeline, "height": last["y"] + last["height"] - timeline["y"] + 8})
    page.close()


def _beside(browser: Browser, shots: Sequence[tuple[str, Path]], path: Path, *, colours: Any) -> None:
    """The upper part of each: what does not fit is cut off, as it is on a phone."""
    columns = "".join(
        f'<figure><figcaption>{title}</figcaption><div><img src="data:image/png;base64,{_read(shot)}"></div></figure>'
        for title, shot in shots
    )
    style = (
        "body{margin:0;display:flex;gap:12px;font:600 15px sans-serif;background:#bbb;padding:12px}figure{margin:0}"
        f"figcaption{{padding:4px}}div{{height:{_CUT}px;overflow:hidden;background:{_PAPER[colours]}}}"
        f"img{{width:{PHONE}px;display:block}}"
    )
    page = browser.new_page(viewport={"width": len(shots) * (PHONE + 12) + 12, "height": 400})
    page.set_content(f"<style>{style}</style>{columns}")
    page.screenshot(path=path, full_page=True)
    page.close()
    # The colours that are rare are those that matter: a mark's orange must not become red.
    Image.open(path).convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def _read(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


@contextmanager
def _host() -> Iterator[str]:
    """The billing system's own answers."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(_ANSWERS.get(self.path.partition("?")[0], {})).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server has
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
