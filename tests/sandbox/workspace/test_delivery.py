"""How callbacks are signed, and the whole workspace as a program."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from slack_sdk import WebClient
from slack_sdk.signature import Clock, SignatureVerifier

from sandbox.workspace.delivery import sign
from tests.kit.loopback import loopback
from tests.kit.waiting import eventually, survives_idling


class Noon(Clock):
    def now(self) -> float:
        return 1_800_000_000.0


def test_slacks_own_verifier_takes_our_signature_and_no_other() -> None:
    verifier = SignatureVerifier("secret", clock=Noon())
    signature = sign("payload=%7B%7D", secret="secret", timestamp=1_800_000_000)

    assert verifier.is_valid("payload=%7B%7D", "1800000000", signature)
    assert not verifier.is_valid("payload=%7B+%7D", "1800000000", signature)
    assert not verifier.is_valid("payload=%7B%7D", "1799990000", sign("payload=%7B%7D", secret="secret", timestamp=1))


@contextmanager
def program(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`python -m sandbox` on a free port, stopped at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "sandbox", "--listen", address, "--without-world", *arguments]
    with subprocess.Popen(command) as process:
        try:
            assert eventually(lambda: _answers(f"http://{address}/"))
            yield f"http://{address}", process
        finally:
            process.kill()


def _answers(url: str) -> bool:
    try:
        return loopback.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_the_program_serves_the_page_and_ends_on_ctrl_c_with_a_page_open() -> None:
    with program() as (url, process), httpx.stream("GET", f"{url}/control/stream") as stream:
        next(stream.iter_lines())

        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=10) is not None


def test_an_app_is_installed_from_its_manifest(tmp_path: Path) -> None:
    manifest = {
        "display_information": {"name": "Countersign"},
        "features": {
            "bot_user": {"display_name": "signer", "always_online": True},
            "slash_commands": [{"command": "/money", "description": "x"}],
            "shortcuts": [{"type": "message", "callback_id": "rerun", "name": "Ask again", "description": "x"}],
        },
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
        "settings": {"event_subscriptions": {"bot_events": ["app_mention"]}},
    }
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(manifest))

    with program("--manifest", str(file)) as (url, _):
        shown = loopback.get(f"{url}/control/workspace").json()["app"]
        me = WebClient(token="xoxb-local", base_url=f"{url}/slack/api/").auth_test()

    assert shown["commands"] == ["/money"]
    assert shown["shortcuts"] == [{"callback_id": "rerun", "name": "Ask again"}]
    assert (me["user"], me.headers["x-oauth-scopes"]) == ("signer", "chat:write")


def test_a_connection_that_a_client_keeps_open_is_not_closed_under_it() -> None:
    with program() as (url, _):
        assert survives_idling(url.removeprefix("http://"), "/control/channels")
