"""Ask a host over HTTP (GET), or send it one approved call."""

from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from bot.core.evidence import Answer
from bot.core.model import Frozen
from bot.core.template import PathTemplate, Value
from bot.steps.step import Call, Name, Projected, ResourceName

JsonTemplate = TypeAliasType("JsonTemplate", "Value | list[JsonTemplate] | dict[str, JsonTemplate]")


class Absent(Frozen):
    """How a host that lacks the route answers, so that it is told from a missing object."""

    status: int = 404
    when: str | None = Field(default=None, description="JMESPath that is true on such a reply's JSON")


class HttpGet(Frozen):
    """`http: {at: api, get: /health/ready, expect: [200, 503], show: {status: status}}`."""

    at: ResourceName
    get: PathTemplate | None = Field(default=None, description="path, for a GET")
    head: PathTemplate | None = Field(default=None, description="path, for a HEAD: the evidence is `status_code`")
    query: dict[str, Value] = Field(default_factory=dict)
    expect: tuple[int, ...] = Field(default=(200,), description="statuses that are an answer; others are a failure")
    absent: Absent | None = None
    rows: str | None = Field(default=None, description="JMESPath to a list, for one row each")
    show: dict[Name, str | Projected] = Field(default_factory=dict, description="the fields that are shown")
    limit: int = Field(default=20, ge=1, le=200)

    @model_validator(mode="after")
    def _one_method(self) -> "HttpGet":
        if (self.get is None) == (self.head is None):
            raise ValueError("give exactly one of get:, head:")
        return self

    def run(self, call: Call) -> Answer:
        raise NotImplementedError


class HttpSend(Frozen):
    """`http: {at: api, post: /v1/replay, json: {mode: apply}, idempotency: header}`."""

    at: ResourceName
    post: PathTemplate | None = None
    put: PathTemplate | None = None
    patch: PathTemplate | None = None
    delete: PathTemplate | None = None
    query: dict[str, Value] = Field(default_factory=dict)
    json_body: JsonTemplate | None = Field(alias="json", default=None)
    expect: tuple[int, ...] = Field(default=(200, 201, 202, 204))
    absent: Absent | None = None
    idempotency: Literal["header", "none"] = Field(
        default="none", description="header: send Idempotency-Key, the same for this execution for ever"
    )
    rows: str | None = None
    show: dict[Name, str | Projected] = Field(default_factory=dict)
    harmless: bool = Field(
        default=False, description="changes nothing (a dry run); required under preview: and targets:"
    )
    limit: int = Field(default=20, ge=1, le=500)

    @model_validator(mode="after")
    def _one_method(self) -> "HttpSend":
        if sum(path is not None for path in (self.post, self.put, self.patch, self.delete)) != 1:
            raise ValueError("give exactly one of post:, put:, patch:, delete:")
        return self

    def run(self, call: Call, *, key: str | None) -> Answer:
        raise NotImplementedError
