"""A trial: what comes in, what each question is answered, and what is expected of it. One file, read strictly."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, model_validator

from bot.core.evidence import Reason
from bot.core.model import Frozen
from bot.engine.catalog import Source
from bot.engine.detection import Option
from bot.engine.document import read
from bot.engine.reading import validated
from bot.engine.runbook import ActionId
from bot.steps.step import Name

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _moment(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise ValueError('write a moment in quotes, with its zone: "2026-11-20T12:00:00Z"')


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]

Scalar = str | int | float | bool | None


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Label = Annotated[str, BeforeValidator(_as_text)]


class GivenAlert(Frozen):
    """One alert as Alertmanager sends it."""

    labels: dict[str, Label] = Field(min_length=1)
    annotations: dict[str, str] = Field(default_factory=dict)
    starts_at: Moment = Field(alias="startsAt", default=START)


class GivenEvent(Frozen):
    """One ops event as a host posts it."""

    event: str = Field(description="dotted, or an Elixir tuple")
    metadata: dict[str, Scalar] = Field(default_factory=dict)
    measurements: dict[str, Scalar] = Field(default_factory=dict)
    occurred_at: Moment = Field(default=START)


class GivenWish(Frozen):
    """A runbook run by hand, or by its schedule."""

    runbook: str
    params: dict[Name, Label] = Field(default_factory=dict)


class Rows(Frozen):
    """The rows of an answer, by declared column."""

    rows: tuple[dict[str, Scalar], ...] = ()
    cut: bool = Field(default=False, description="more existed")
    status_code: int | None = Field(default=None, description="of an HTTP reply; 200 unless said")


class Failed(Frozen):
    """A question that got no answer."""

    failed: Reason
    message: str = "it was not answered"


Given = Failed | Rows


_BESIDE = frozenset({"cut", "status_code"})  # no column may be called so


def _short(value: object) -> object:
    """A list is its rows, one row stands for itself, a number is a PromQL answer's only value."""
    match value:
        case bool():
            return value
        case int() | float():
            return {"rows": [{"value": value}]}
        case list():
            return {"rows": value}
        case Mapping() if not {"rows", "failed"} & value.keys():
            row = {name: each for name, each in value.items() if name not in _BESIDE}
            return {"rows": [row] if row else [], **{name: value[name] for name in _BESIDE & value.keys()}}
    return value


ShortAnswer = Annotated[Given, BeforeValidator(_short)]


class Original(Frozen):
    """What an undo takes back: the execution before it."""

    ids: tuple[str, ...] = Field(min_length=1, description="what it touched")
    rows: tuple[dict[str, Scalar], ...] = Field(default=(), description="rows of SQL as they were before it")
    inputs: dict[Name, Scalar] = Field(default_factory=dict)

    @property
    def seen(self) -> Mapping[str, object]:
        """As expressions see it."""
        return {
            "request_id": "00000000-0000-4000-8000-0000000000f0",
            "ids": list(self.ids),
            "rows": list(self.rows),
            "inputs": self.inputs,
        }


class GivenAction(Frozen):
    """What an action is asked for with, and what it is answered: for its guards and its card."""

    reason: str | None = Field(default=None, description="why, for one that wants a reason")
    inputs: dict[Name, Scalar] = Field(default_factory=dict)
    targets: tuple[dict[str, Scalar] | str, ...] = Field(
        default=(), description="ids, or rows of its targets: question"
    )
    preview: ShortAnswer = Field(default=Rows(), description="what its preview: is answered")
    left_out: ShortAnswer = Field(default=Rows(), description="what its leaves_out: is answered")
    original: Original | None = Field(default=None, description="for an undo: what it takes back")

    def target_rows(self, id_column: str) -> list[Mapping[str, Scalar]]:
        """The targets as rows."""
        return [each if isinstance(each, Mapping) else {id_column: each} for each in self.targets]


class Expected(Frozen):
    """What must come of it. Lists are exact; what is not said is not looked at."""

    rule: str | None = Field(default=None, description="the event of the rule that takes it")
    runbook: str | None = None
    severity: str | None = None
    channel: str | None = None
    params: dict[Name, str] | None = Field(default=None, description="exactly these are known")
    asked: tuple[Name, ...] | None = Field(default=None, description="exactly these questions are asked, in any order")
    not_here: tuple[Name, ...] | None = Field(default=None, description="questions of other installations")
    concludes: tuple[str, ...] | None = Field(default=None, description="every sentence that holds, in order")
    unjudged: int = Field(default=0, ge=0, description="how many conclusions cannot be judged")
    suggests: tuple[ActionId, ...] | None = Field(default=None, description="exactly these actions, in order")
    warns: tuple[ActionId, ...] | None = Field(default=None, description="exactly these are warned against")
    offers: tuple[ActionId, ...] | None = Field(
        default=None, description="exactly these can be asked for, in any order"
    )
    refuses: dict[ActionId, str] | None = Field(
        default=None, description="exactly these would be refused now, with part of the reason"
    )
    shows: tuple[str, ...] = Field(default=(), description="what stands in the root message")
    thread: tuple[str, ...] = Field(default=(), description="what stands in the thread: evidence and checklist")
    hides: tuple[str, ...] = Field(default=(), description="what stands nowhere")
    cards: dict[ActionId, str] = Field(
        default_factory=dict, description="the card of each action under actions:, whole, as somebody reads it"
    )
    closes: bool | None = Field(default=None, description="whether a digest of it would be closed by itself")


class Trial(Frozen):
    """One file under tests/content/runbooks/<system>/<runbook>/."""

    title: str = Field(description="what it shows, as a sentence")
    alert: GivenAlert | None = None
    alerts: tuple[GivenAlert, ...] = Field(default=(), description="several alerts of one group")
    event: GivenEvent | None = Field(default=None, description="alone, or beside the alert it was merged with")
    by_hand: GivenWish | None = None
    schedule: GivenWish | None = None
    options: dict[Name, Option] = Field(default_factory=dict, description="over those of the rules file; for auto ones")
    now: Moment | None = Field(default=None, description="a minute after it began unless said")
    answers: dict[Name, ShortAnswer] = Field(default_factory=dict, description="by question id")
    others: Literal["empty", "failed"] | None = Field(
        default=None, description="what every other question is answered: no rows, or nothing at all"
    )
    actions: dict[ActionId, GivenAction] = Field(default_factory=dict)
    expect: Expected

    @model_validator(mode="after")
    def _something_comes_in(self) -> "Trial":
        told = bool(self.alert) + bool(self.alerts) + bool(self.event)
        wished = bool(self.by_hand) + bool(self.schedule)
        if bool(told) + wished != 1 or (self.alert and self.alerts):
            raise ValueError("give alert: or alerts: and event:, or by_hand:, or schedule:")
        return self

    @property
    def told(self) -> tuple[GivenAlert, ...]:
        return (self.alert,) if self.alert else self.alerts


def trial(text: str, *, file: str) -> Source[Trial]:
    """The trial a file holds, with its lines. Raises ContentErrors with everything that is wrong with it."""
    document = read(text, file=file)
    return Source(document=document, value=validated(document, Trial))
