"""The shipped manifest asks for what the code needs, and for nothing else."""

import ast
from pathlib import Path
from typing import Any

import yaml

from sandbox.workspace.config import BOT_SCOPES, read_manifest

ROOT = Path(__file__).parents[3]
ADAPTERS = [ROOT / "bot" / "adapters" / "slack.py", ROOT / "bot" / "adapters" / "directory.py"]

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
    "views_update": set(),
}


def called() -> set[str]:
    """Methods called on the SDK's client."""
    trees = [ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in ADAPTERS]
    return {
        node.attr
        for tree in trees
        for node in tree
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "_client"
    }


def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "slack-manifest.yml").read_text(encoding="utf-8"))
    return loaded


def test_every_method_that_is_called_has_its_scopes_listed() -> None:
    assert called() <= SCOPES.keys()


def test_the_manifest_asks_for_exactly_the_scopes_of_what_is_called() -> None:
    needed = set().union(*(SCOPES[method] for method in called())) | {"commands", "app_mentions:read"}

    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def test_the_local_workspace_grants_every_scope_of_the_manifest() -> None:
    granted = set(read_manifest(ROOT / "docs" / "slack-manifest.yml").oauth_config.scopes.bot)

    assert granted <= BOT_SCOPES
