"""Settings: environment variables only, read once, secrets kept out of every printout."""

import socket
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.core.duration import Duration
from bot.core.errors import SettingsError
from bot.logs import Levels, levels_of

_SHORTEST_SECRET = 24  # characters of what anybody on the network may try to guess


class Settings(BaseSettings):
    """The bot's own settings; what a billing system needs is named in its rules file as env:NAME."""

    model_config = SettingsConfigDict(
        env_prefix="COUNTERSIGN_", frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True
    )

    database_url: SecretStr = SecretStr("sqlite:///var/countersign.db")
    listen: str = Field(default="127.0.0.1:8080", pattern=r"^(\[[0-9a-fA-F:]+\]|[^:]+):\d{1,5}$")
    webhook_token: SecretStr | None = None
    webhook_hmac_secret: SecretStr | None = None
    console_token: SecretStr | None = None
    totp_key: SecretStr | None = None
    second_factor: Literal["severe", "high", "low", "off"] = "off"
    people_hours: int = Field(default=24, ge=0, le=24 * 7)
    keep_days: int = Field(default=90, ge=0, le=3650)
    rules: Path = Path("rules")
    runbooks: Path = Path("runbooks")
    alerts: Path = Path("alerts.yml")
    allow_writable_reads: bool = False
    fallback_channel: str = Field(default="#billing-oncall", pattern=r"^(#[a-z0-9_-]+|C[A-Z0-9]+)$")
    canary_minutes: int = Field(default=0, ge=0, le=60)
    canary_url: HttpUrl | None = None
    storm_above: int = Field(default=10, ge=1)
    break_glass: bool = True
    hurry_checks: Duration | None = None
    checkpoint_hour: int = Field(default=0, ge=0, le=23)
    log: str = ""
    replica: str = Field(default_factory=socket.gethostname, pattern=r"^[A-Za-z0-9_.-]{1,100}$")

    alertmanager_url: HttpUrl | None = Field(default=None, alias="ALERTMANAGER_URL")

    grafana_url: HttpUrl | None = Field(default=None, alias="GRAFANA_URL")

    slack_bot_token: SecretStr | None = Field(default=None, alias="SLACK_BOT_TOKEN")
    slack_signing_secret: SecretStr | None = Field(default=None, alias="SLACK_SIGNING_SECRET")
    slack_app_token: SecretStr | None = Field(default=None, alias="SLACK_APP_TOKEN")
    slack_team_id: str = Field(default="", alias="SLACK_TEAM_ID", pattern=r"^([TE][A-Z0-9]+(,[TE][A-Z0-9]+)*)?$")
    slack_api_url: HttpUrl = Field(default=HttpUrl("https://slack.com/api/"), alias="SLACK_API_URL")

    @field_validator(
        "webhook_token",
        "webhook_hmac_secret",
        "console_token",
        "totp_key",
        "slack_bot_token",
        "slack_signing_secret",
        "slack_app_token",
    )
    @classmethod
    def _empty_is_unset(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value and value.get_secret_value() else None

    @field_validator("console_token", "totp_key")
    @classmethod
    def _is_hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError(f"at least {_SHORTEST_SECRET} characters, such as openssl rand -base64 32 prints")
        return value

    @field_validator("log")
    @classmethod
    def _names_levels(cls, value: str) -> str:
        levels_of(value)
        return value

    @property
    def log_levels(self) -> Levels:
        """The level of each logger that shall tell more or less than usual."""
        return levels_of(self.log)

    @property
    def slack_teams(self) -> frozenset[str]:
        """The workspaces that are served; none named means the one of the bot token."""
        return frozenset(filter(None, self.slack_team_id.split(",")))

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def self_url(self) -> str:
        """Where this process reaches its own listener."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the listener."""
        return self.host in {"127.0.0.1", "localhost", "::1"}

    @classmethod
    def read(cls) -> Self:
        """From the environment. Raises SettingsError naming each variable that is wrong, never its value."""
        try:
            settings = cls()
        except ValidationError as error:
            wrong = "; ".join(f"{_variable(e['loc'])}: {e['msg']}" for e in error.errors(include_input=False))
            raise SettingsError(wrong) from None
        if not settings.is_loopback and settings.webhook_token is None and settings.webhook_hmac_secret is None:
            raise SettingsError(
                "COUNTERSIGN_WEBHOOK_TOKEN: set it, or listen on 127.0.0.1; without it anyone could post alerts"
            )
        if settings.second_factor != "off" and settings.totp_key is None:
            raise SettingsError("COUNTERSIGN_TOTP_KEY: set it, or use no COUNTERSIGN_SECOND_FACTOR")
        return settings


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "environment"
    return name if name.isupper() else f"COUNTERSIGN_{name.upper()}"
