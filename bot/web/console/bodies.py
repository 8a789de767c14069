"""What a program sends to the API: who it is for, the code that proves it, and what they want."""

from typing import Annotated

from pydantic import Field, SecretStr

from bot.core.duration import Duration
from bot.core.model import Frozen
from bot.engine.switch import DEFAULT_TTL

Reason = Annotated[str, Field(max_length=1_000)]
_DIGEST = "of the request as it was read: what the vote is for"


class Proof(Frozen):
    """Who somebody is. The code is used up by it, whatever becomes of the rest."""

    person: str = Field(pattern=r"^[UW][A-Z0-9]{1,30}$", description="Slack user id of who does it")
    code: SecretStr = Field(max_length=10, description="what their authenticator app shows now")


class Ballot(Proof):
    """One person's vote."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description=_DIGEST)
    reason: Reason | None = Field(default=None, description="why, or why not")
    typed: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="the phrase of a severe action, to approve it"
    )
    anyway: bool = Field(default=False, description="true: although the alert has resolved, or is silenced")


class Alone(Proof):
    """Somebody runs it alone, and says why it cannot wait."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description=_DIGEST)
    reason: Reason = Field(description="why it cannot wait for somebody else")
    typed: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="the phrase of a severe action"
    )


class Wish(Proof):
    """Somebody asks for an action."""

    action: str = Field(max_length=64, description="as the incident lists it under offers")
    inputs: dict[str, str | int | bool] = Field(default_factory=dict, description="what it asks for, by name")
    reason: Reason | None = Field(default=None, description="why; needed from risk high on")
    undoes: str | None = Field(default=None, max_length=64, description="the executed request that it takes back")


class Resuming(Proof):
    """Somebody asks that the rest of an ended execution goes on."""

    reason: Reason = Field(description="why it may: what they looked at, and what it showed")


class Settling(Proof):
    """Somebody looked at the target, and says what became of a call without an answer."""

    took_effect: bool = Field(description="whether the call took effect")
    reason: Reason = Field(description="how they know")


class Silencing(Proof):
    """Somebody silences an incident's alerts for a while."""

    length: Duration = Field(description="for how long: 30m, 2h, 1d; a minute to seven days")
    reason: Reason | None = Field(default=None, description="why; it stands in Alertmanager and in the record")


class Engaging(Proof):
    """Somebody stops the bot's own actions."""

    name: str = Field(max_length=120, description="bot, bot:SYSTEM, or bot:SYSTEM/RUNBOOK/ACTION")
    reason: Reason = Field(description="why; it is shown to everybody and kept")
    remind_after: Duration = Field(default=DEFAULT_TTL, description="when to remind of it: 30m, 4h, 1d")


class Releasing(Proof):
    """Somebody lets the bot act again."""

    name: str = Field(max_length=120, description="as the list of switches shows it")
    reason: Reason = Field(description="why it may be released")


class Error(Frozen):
    """What is wrong: a word for programs, a sentence for people."""

    error: str
    message: str
