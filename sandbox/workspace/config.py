"""What one local workspace is made of: addresses, secrets, and the app as it is installed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

BOT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "reactions:write",
        "usergroups:read",
        "users:read",
        "users:read.email",
    }
)
APP_TOKEN_SCOPES = frozenset({"connections:write"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Shortcut:
    """A message shortcut: what the menu on a message offers."""

    callback_id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """One workspace. `url` is where it is reached, `bot` where the bot listens, both without a final slash."""

    url: str
    bot: str
    bot_token: str = "xoxb-local"
    app_token: str = "xapp-local"
    signing_secret: str = "local-signing-secret"
    socket_mode: bool = False
    app_name: str = "Countersign"
    bot_name: str = "countersign"
    scopes: frozenset[str] = BOT_SCOPES
    commands: tuple[str, ...] = ("/billing",)
    shortcuts: tuple[Shortcut, ...] = ()
    events: frozenset[str] = frozenset({"app_mention", "app_home_opened"})
    answer_within: float = 3.0  # seconds Slack gives an app to answer
    event_retry_after: tuple[float, ...] = (1.0, 60.0, 300.0)  # Slack's own pauses before the three retries


class _Lenient(BaseModel):
    # A manifest carries much that a local workspace has no use for.
    model_config = ConfigDict(extra="ignore")


class _Named(_Lenient):
    display_name: str = "countersign"


class _Command(_Lenient):
    command: str


class _Shortcut(_Lenient):
    type: Literal["message", "global"]
    callback_id: str
    name: str


class _Features(_Lenient):
    bot_user: _Named = _Named()
    slash_commands: list[_Command] = []
    shortcuts: list[_Shortcut] = []


class _Scopes(_Lenient):
    bot: list[str] = []


class _Oauth(_Lenient):
    scopes: _Scopes = _Scopes()


class _Subscriptions(_Lenient):
    bot_events: list[str] = []


class _Settings(_Lenient):
    event_subscriptions: _Subscriptions = _Subscriptions()


class _Display(_Lenient):
    name: str = "Countersign"


class Manifest(_Lenient):
    """The part of a Slack app manifest that decides what the installed app may do here."""

    display_information: _Display = Field(default_factory=_Display)
    features: _Features = Field(default_factory=_Features)
    oauth_config: _Oauth = Field(default_factory=_Oauth)
    settings: _Settings = Field(default_factory=_Settings)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest in JSON or YAML (JSON is YAML); pydantic says what is wrong with it."""
    return Manifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
