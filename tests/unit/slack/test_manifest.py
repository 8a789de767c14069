"""The shipped manifest asks for what the code needs, and for nothing else."""

import ast
import re
from pathlib import Path
from typing import Any

import yaml
from slack_sdk import WebClient

from bot.adapters.scopes import NEEDED
from bot.slack import shortcut
from sandbox.workspace.config import BOT_SCOPES, read_manifest

ROOT = Path(__file__).parents[3]
METHODS = {name for name in vars(WebClient) if not name.startswith("_")}
EVENTS = {"app_mention": {"app_mentions:read"}, "app_home_opened": set()}

# From Slack's reference, by method of the SDK.
SCOPES = {
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history"},
    "conversations_list": {"channels:read", "groups:read"},
    "conversations_replies": {"channels:history", "groups:history"},
    "files_upload_v2": {"files:write"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read", "users:read.email"},
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
}


def called() -> set[str]:
    """Methods of Slack's that the bot calls, wherever it holds the SDK's client."""
    trees = [ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in (ROOT / "bot").rglob("*.py")]
    return {
        node.attr
        for tree in trees
        for node in tree
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "_client"
        and node.attr in METHODS
    }


def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "slack-manifest.yml").read_text(encoding="utf-8"))
    return loaded


def test_every_method_that_is_called_has_its_scopes_listed() -> None:
    assert called() <= SCOPES.keys()


def test_the_manifest_asks_for_exactly_the_scopes_of_what_is_called() -> None:
    heard = manifest()["settings"]["event_subscriptions"]["bot_events"]
    needed = set().union(*(SCOPES[method] for method in called()), *(EVENTS[event] for event in heard), {"commands"})

    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def test_the_local_workspace_grants_every_scope_of_the_manifest() -> None:
    granted = set(read_manifest(ROOT / "docs" / "slack-manifest.yml").oauth_config.scopes.bot)

    assert granted <= BOT_SCOPES


def test_what_the_app_listens_to_is_in_the_manifest() -> None:
    listeners = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot" / "slack").glob("*.py"))
    heard = set(re.findall(r'app\.event\("([a-z_]+)"\)', listeners))
    commands = set(re.findall(r'app\.command\("(/[a-z]+)"\)', listeners))

    assert heard == set(manifest()["settings"]["event_subscriptions"]["bot_events"])
    assert commands == {each["command"] for each in manifest()["features"]["slash_commands"]}
    assert {shortcut.CALLBACK} == {each["callback_id"] for each in manifest()["features"]["shortcuts"]}


def test_the_manifest_for_socket_mode_is_the_same_without_addresses() -> None:
    http, socket = manifest(), yaml.safe_load((ROOT / "docs" / "slack-manifest-socket.yml").read_text())
    del http["settings"]["interactivity"]["request_url"], http["settings"]["event_subscriptions"]["request_url"]
    del http["features"]["slash_commands"][0]["url"]

    assert socket == {**http, "settings": {**http["settings"], "socket_mode_enabled": True}}


def test_the_doctor_looks_for_the_scopes_of_the_manifest() -> None:
    assert set(NEEDED) == set(manifest()["oauth_config"]["scopes"]["bot"])
