"""A running local workspace for tests: the real server on a free loopback port, and hands to act with."""

import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import httpx
import uvicorn

from sandbox.app import LocalServer, World, build_app
from sandbox.workspace.config import Config
from tests.kit.waiting import eventually

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Control:
    """The workspace's control API in few words. People are ids such as U0ANA, channels such as C0ONCALL."""

    client: httpx.Client

    def click(
        self, user: str, message: Json, action_id: str, *, value: object = None, state: Json | None = None
    ) -> Json:
        """Use an element of a message as `messages` gave it; answers {ok, error}."""
        place = {"channel": message["channel"], "ts": message["ts"]}
        return self._act("click", user=user, action_id=action_id, value=value, state=state or {}, **place)

    def click_in_view(self, user: str, view_id: str, action_id: str, *, value: object = None) -> Json:
        """Use an element of a modal or of the Home."""
        return self._act("click", user=user, view_id=view_id, action_id=action_id, value=value)

    def submit(self, user: str, values: Json | None = None, *, view_id: str | None = None) -> Json:
        """Submit the modal on top; `values` by block_id or action_id. Answers {ok, error, errors}."""
        return self._act("submit", user=user, view_id=view_id or self.modal(user)["id"], values=values or {})

    def close(self, user: str, *, view_id: str | None = None, everything: bool = False) -> Json:
        """Close the modal on top (or the one named)."""
        return self._act("close", user=user, view_id=view_id or self.modal(user)["id"], all=everything)

    def command(self, user: str, channel: str, command: str, text: str = "") -> Json:
        return self._act("command", user=user, channel=channel, command=command, text=text)

    def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> Json:
        """Write a message; answers {ok, ts}."""
        return self._act("say", user=user, channel=channel, text=text, thread_ts=thread_ts)

    def mention(self, user: str, channel: str, text: str, *, thread_ts: str | None = None) -> Json:
        """Write a message to the bot."""
        return self._act("mention", user=user, channel=channel, text=text, thread_ts=thread_ts)

    def open_home(self, user: str) -> Json:
        return self._act("home", user=user)

    def shortcut(self, user: str, message: Json, callback_id: str) -> Json:
        return self._act("shortcut", user=user, channel=message["channel"], ts=message["ts"], callback_id=callback_id)

    def messages(self, channel: str, *, user: str | None = None) -> list[Json]:
        """The roots of a channel, oldest first, replies inside `replies`; with `user`, only what that person sees."""
        return self._list("messages", channel=channel, user=user)

    def thread(self, channel: str, root_ts: str) -> list[Json]:
        """The replies to one root."""
        return next(root["replies"] for root in self.messages(channel) if root["ts"] == root_ts)

    def channels(self, *, user: str | None = None) -> list[Json]:
        return self._list("channels", user=user)

    def modals(self, user: str) -> list[Json]:
        """The open modals of a person, top last."""
        return list(self._get("views", user=user)["stack"])

    def modal(self, user: str) -> Json:
        """The modal that a person has in front, once there is one."""
        assert eventually(lambda: self.modals(user)), f"{user} has no modal open"
        return self.modals(user)[-1]

    def home(self, user: str) -> Json | None:
        home: Json | None = self._get("views", user=user)["home"]
        return home

    def calls(self, method: str | None = None) -> list[Json]:
        """Every Web API call: {method, channel, ts, outcome, at}."""
        return self._list("calls", method=method)

    def deliveries(self) -> list[Json]:
        """Every callback to the bot: {kind, outcome, attempt, status, seconds, at}."""
        return self._list("deliveries")

    def inject(self, kind: str, method: str = "*", **more: object) -> None:
        """Inject a fault; see sandbox.workspace.faults.FaultRequest for the kinds and their fields."""
        self.client.post("/control/faults", json={"kind": kind, "method": method, **more}).raise_for_status()

    def clear_faults(self) -> None:
        self.client.delete("/control/faults").raise_for_status()

    def limit_rates(self, *, on: bool) -> None:
        self.client.post("/control/rate-limits", json={"on": on}).raise_for_status()

    def connections(self) -> int:
        """How many Socket Mode connections the bot holds."""
        return int(self._get("socket")["connections"])

    def refresh_sockets(self) -> int:
        """Hang up on every Socket Mode connection; answers how many there were."""
        return int(self.client.post("/control/socket/refresh").raise_for_status().json()["closed"])

    def mute_sockets(self, *, on: bool) -> None:
        """Whether Socket Mode connections opened from now on stay silent for good."""
        self.client.post("/control/socket/mute", json={"on": on}).raise_for_status()

    def reset(self) -> None:
        self.client.post("/control/reset").raise_for_status()

    def _act(self, what: str, **asked: object) -> Json:
        response = self.client.post(f"/control/{what}", json=asked)
        answer: Json = response.json()
        if response.status_code != 200:
            raise AssertionError(f"{what} is not possible: {answer['error']}")
        return answer

    def _list(self, what: str, **query: str | None) -> list[Json]:
        return list(self._get(what, **query))

    def _get(self, what: str, **query: str | None) -> Any:
        asked = {name: value for name, value in query.items() if value is not None}
        return self.client.get(f"/control/{what}", params=asked).raise_for_status().json()


@dataclass(frozen=True, slots=True)
class RunningWorkspace:
    """The workspace's address, the base URL for slack_sdk, and its control API."""

    url: str
    config: Config
    control: Control

    @property
    def api(self) -> str:
        """What SLACK_API_URL (slack_sdk's base_url) must be."""
        return f"{self.url}/slack/api/"


class ShiftedClock:
    """The machine's clock, which a test may move ahead."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


@contextmanager
def running_workspace(
    *,
    bot: str = "http://127.0.0.1:9",
    world: World | None = None,
    clock: ShiftedClock | None = None,
    port: int = 0,
    answer_within: float = 30.0,
    **settings: Any,
) -> Iterator[RunningWorkspace]:
    """Serve a workspace from a thread until the block ends.

    :param bot: where the bot listens (port 9 answers nobody)
    :param port: 0 takes a free one
    :param answer_within: seconds that the bot has to answer; Slack's three are too few for a test on a busy machine
    :param settings: more fields of sandbox.workspace.config.Config
    """
    listener = socket.create_server(("127.0.0.1", port))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = Config(url=url, bot=bot, answer_within=answer_within, **settings)
    app, hub = build_app(
        config=config,
        world=world,
        now=clock or ShiftedClock(),
        token=lambda: secrets.token_hex(6).upper(),
    )
    server = LocalServer(app, hub=hub, patience=2)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="workspace", daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        with httpx.Client(base_url=url, timeout=30, trust_env=False, verify=False) as client:
            yield RunningWorkspace(url=url, config=config, control=Control(client))
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()


def _await_start(server: uvicorn.Server, thread: Thread) -> None:
    deadline = time.monotonic() + 30
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the workspace did not start")
        time.sleep(0.01)
