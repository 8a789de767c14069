"""A system: one file under rules/, which says what is matched, who approves, and where things are asked."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    WithJsonSchema,
    model_validator,
)

from bot.core.duration import Duration
from bot.core.event import ops_event
from bot.core.matching import Matcher
from bot.core.model import Frozen
from bot.engine.detection import Detection, Option
from bot.engine.scheduled import Check, Schedule
from bot.steps.step import Name, ResourceName

_ACTION = r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*/[a-z][a-z0-9-]{0,40}$"
_ENV_NAME = re.compile(r"env:([A-Z][A-Z0-9_]{1,100})")


def _env_name(value: object) -> str:
    found = _ENV_NAME.fullmatch(value) if isinstance(value, str) else None
    if found is None:  # what stands there may be the secret itself, so it is not repeated
        raise ValueError("write env:NAME; addresses and secrets are in the environment, never in a file")
    return found[1]


EnvName = Annotated[
    str,
    BeforeValidator(_env_name),
    PlainSerializer(lambda name: f"env:{name}"),
    WithJsonSchema({"type": "string", "pattern": "^env:[A-Z][A-Z0-9_]+$", "examples": ["env:PROMETHEUS_URL"]}),
]
"""`env:NAME`: the value lives in the environment, never in a file."""


class PrometheusResource(Frozen):
    prometheus: EnvName = Field(description="env:NAME of its address")
    timeout: Duration | None = Field(default=None, description="how long one question may take, such as 10s")


class DatabaseResource(Frozen):
    """A DSN as a SQLAlchemy URL. `write: true` marks a role that actions may change rows with."""

    database: EnvName = Field(description="env:NAME of its SQLAlchemy URL")
    write: bool = Field(default=False, description="true: its role may change rows, for actions only")
    timeout: Duration | None = Field(default=None, description="how long one statement may take, such as 10s")


class HttpResource(Frozen):
    http: EnvName = Field(description="env:NAME of its address")
    headers: dict[str, EnvName] = Field(default_factory=dict, description="header -> env:NAME")
    bearer: EnvName | None = Field(default=None, description="env:NAME of a token, sent as Authorization: Bearer")
    basic: tuple[str, EnvName] | None = Field(default=None, description="[user, env:NAME of the password]")
    timeout: Duration | None = Field(default=None, description="how long one call may take, such as 10s")


class StripeResource(Frozen):
    """Stripe with a restricted read key, and a write key for approved changes only."""

    stripe: EnvName = Field(description="env:NAME of the restricted key that reads")
    write_key: EnvName | None = Field(
        default=None, description="env:NAME of the key for approved changes; without it nothing is changed"
    )
    version: str | None = Field(default=None, description="the Stripe-Version this system is pinned to")
    timeout: Duration | None = Field(default=None, description="how long one call may take, such as 10s")


class CommandResource(Frozen):
    command: tuple[str, ...] = Field(min_length=1, description="the program and its fixed arguments")
    enabled: EnvName = Field(description="off unless this variable is set to 1")
    timeout: Duration | None = Field(default=None, description="how long the command may run, such as 60s")


Resource = PrometheusResource | DatabaseResource | HttpResource | StripeResource | CommandResource

_KINDS: Mapping[str, type[Resource]] = {
    "prometheus": PrometheusResource,
    "database": DatabaseResource,
    "http": HttpResource,
    "stripe": StripeResource,
    "command": CommandResource,
}


def _kind(value: object) -> str | None:
    """The model whose key says which kind of resource it is; None when there is no such key, or more than one."""
    if isinstance(value, Mapping):
        said = [model.__name__ for kind, model in _KINDS.items() if kind in value]
        return said[0] if len(said) == 1 else None
    return type(value).__name__


ResourceOfAKind = Annotated[
    Annotated[PrometheusResource, Tag("PrometheusResource")]
    | Annotated[DatabaseResource, Tag("DatabaseResource")]
    | Annotated[HttpResource, Tag("HttpResource")]
    | Annotated[StripeResource, Tag("StripeResource")]
    | Annotated[CommandResource, Tag("CommandResource")],
    Discriminator(_kind),
]


UserId = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]+$")]
"""A member of the workspace."""


class Group(Frozen):
    """Who may approve: a usergroup of the workspace, or people by id."""

    usergroup: str | None = Field(
        default=None, pattern=r"^S[A-Z0-9]+$", description="id of a Slack usergroup, such as S0ONCALL"
    )
    users: tuple[UserId, ...] = Field(default=(), description="ids of Slack members, such as U0LEAD1")

    @model_validator(mode="after")
    def _somebody(self) -> "Group":
        if not self.usergroup and not self.users:
            raise ValueError("give usergroup: or users:")
        return self


class EventPattern(str):
    """An ops event, or a prefix of one ending in `*`."""

    __slots__ = ()

    def matches(self, event: str) -> bool:
        return event.startswith(self[:-1]) if self.endswith("*") else event == self


def _event_pattern(text: str) -> EventPattern:
    if text.endswith(".*"):
        return EventPattern(ops_event(f"{text[:-2]}.any").removesuffix("any") + "*")
    return EventPattern(ops_event(text))


LabelName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
"""The name of a label, as Prometheus spells it."""


class Rule(Frozen):
    """An ops event, and the alerts that mean it, lead to a runbook."""

    model_config = Frozen.model_config | {"arbitrary_types_allowed": True}

    event: Annotated[str, AfterValidator(_event_pattern)] = Field(
        description="an ops event, or the beginning of some with .* at the end"
    )
    alert: tuple[Matcher, ...] = Field(default=(), description="Alertmanager matchers, all of which must hold")
    runbook: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$", description="system/name of a file under runbooks/"
    )
    channel: str | None = Field(default=None, description="where its incidents go, instead of the system's channel")
    severity: str | None = Field(default=None, description="instead of the alert's own severity")
    split_by: tuple[LabelName, ...] = Field(default=(), description="labels that fan one group out into incidents")
    quiet: Duration = Field(
        default=timedelta(hours=1),
        description="an incident of ops events that no alert joins is closed when no other one came for so long",
    )


class BusinessSwitch(Frozen):
    """A kill switch of the billing system itself: an action engages it, another one releases it."""

    title: str = Field(max_length=80, description="what is stopped, such as: Dunning of pending steps")
    engage: str = Field(pattern=_ACTION, description="system/runbook/action that engages it")
    release: str = Field(pattern=_ACTION, description="system/runbook/action that releases it")
    engaged_also_by: tuple[Annotated[str, Field(pattern=_ACTION)], ...] = Field(
        default=(), description="actions of other runbooks that do the same as engage:"
    )
    released_also_by: tuple[Annotated[str, Field(pattern=_ACTION)], ...] = Field(
        default=(), description="actions of other runbooks that do the same as release:"
    )
    does_not_stop: str = Field(min_length=1, description="what goes on all the same; every card and list says it")
    ttl: Duration = Field(
        default=timedelta(hours=4),
        description="when to remind of it; only a person releases it, for that changes things",
    )


class System(Frozen):
    """One rules file."""

    system: Name = Field(description="its name: the file's name without .yml")
    title: str = Field(description="its name as people write it")
    match: tuple[Matcher, ...] = Field(min_length=1, description="which alerts are this system's")
    channel: str = Field(
        pattern=r"^(#[a-z0-9_-]+|C[A-Z0-9]+)$", description="where its incidents go: #name, or a channel's id"
    )
    approvers: dict[Name, Group] = Field(description="groups of people who may approve, by name")
    identities: dict[Name, tuple[UserId, ...]] = Field(
        default_factory=dict,
        description="accounts of one person, beside those of one e-mail address, as in {ana: [U0ANA, U0ANA2]}",
    )
    resources: dict[ResourceName, ResourceOfAKind] = Field(description="where things are asked and changed, by name")
    options: dict[Name, Option] = Field(
        default_factory=dict,
        description="what differs between installations; expressions see it as option. auto: found out as detect: says",
    )
    detect: dict[Name, Detection] = Field(
        default_factory=dict, description="how the value of each option that is auto is found out"
    )
    rules: tuple[Rule, ...] = Field(min_length=1, description="the first one that fits an alert is taken")
    checks: tuple[Check, ...] = Field(
        default=(), description="questions asked on a cron, whose answers are gauges on /metrics"
    )
    schedules: tuple[Schedule, ...] = Field(default=(), description="runbooks run on a cron, posted as a digest")
    switches: dict[Name, BusinessSwitch] = Field(
        default_factory=dict, description="kill switches of the system, by name; people see them as system/name"
    )
    no_switch: str | None = Field(default=None, description="why there is no kill switch, for whoever looks for one")

    @property
    def humans(self) -> Mapping[str, str]:
        """By account, the name of its owner under identities."""
        return {account: name for name, held in self.identities.items() for account in held}
