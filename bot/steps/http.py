"""Ask a host over HTTP (GET), or send it one approved call."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from bot.core.errors import ExpressionError, Unavailable, Unknown
from bot.core.evidence import Answer
from bot.core.model import Frozen
from bot.core.ports import HttpCall, HttpReply, Json
from bot.core.template import PathTemplate, Value
from bot.steps.json_values import jsonable, text
from bot.steps.projection import table_of
from bot.steps.reply import absent, is_absent, shown_id, unanswered, undone
from bot.steps.step import Call, JmesPath, Name, Projected, ResourceName, Scope

JsonTemplate = TypeAliasType("JsonTemplate", "Value | list[JsonTemplate] | dict[str, JsonTemplate]")


class Absent(Frozen):
    """How a host that lacks the route answers, so that it is told from a missing object."""

    status: int = Field(default=404, description="the status of such a reply")
    when: JmesPath | None = Field(default=None, description="JMESPath that is true on such a reply's JSON")

    def is_said_by(self, reply: HttpReply) -> bool:
        return is_absent(reply, status=self.status, when=self.when)


class HttpGet(Frozen):
    """`http: {at: api, get: /health/ready, expect: [200, 503], show: {status: status}}`."""

    at: ResourceName = Field(description="an http resource of the system")
    get: PathTemplate | None = Field(default=None, description="path, for a GET")
    head: PathTemplate | None = Field(default=None, description="path, for a HEAD: the evidence is `status_code`")
    query: dict[str, Value] = Field(default_factory=dict, description="query parameters")
    expect: tuple[int, ...] = Field(default=(200,), description="statuses that are an answer; others are a failure")
    absent: Absent | None = Field(default=None, description="how a host without this route answers")
    rows: JmesPath | None = Field(default=None, description="JMESPath to a list, for one row each")
    show: dict[Name, JmesPath | Projected] = Field(default_factory=dict, description="the fields that are shown")
    limit: int = Field(default=20, ge=1, le=200, description="at most this many rows")

    @model_validator(mode="after")
    def _one_method(self) -> "HttpGet":
        if (self.get is None) == (self.head is None):
            raise ValueError("give exactly one of get:, head:")
        return self

    def run(self, call: Call) -> Answer:
        """The declared fields of the reply, and its status."""
        path = self.get or self.head
        assert path is not None
        reply = call.resources.http(self.at).send(
            HttpCall(
                method="GET" if self.get else "HEAD",
                path=path.render(call.scope),
                query=_query(self.query, call.scope),
            ),
            timeout=call.timeout,
        )
        if self.absent and self.absent.is_said_by(reply):
            raise absent(self.at, path.source)
        if reply.status not in self.expect:
            raise unanswered(self.at, reply)
        return _answer(reply, show=self.show, rows=self.rows, limit=self.limit)


class HttpSend(Frozen):
    """`http: {at: api, post: /v1/replay, json: {mode: apply}, idempotency: header}`."""

    at: ResourceName = Field(description="an http resource of the system")
    post: PathTemplate | None = Field(default=None, description="path, for a POST")
    put: PathTemplate | None = Field(default=None, description="path, for a PUT")
    patch: PathTemplate | None = Field(default=None, description="path, for a PATCH")
    delete: PathTemplate | None = Field(default=None, description="path, for a DELETE")
    trigger: PathTemplate | None = Field(
        default=None, description="path, for a GET by which the host does something: it is sent like a write"
    )
    query: dict[str, Value] = Field(default_factory=dict, description="query parameters")
    json_body: JsonTemplate | None = Field(
        alias="json", default=None, description="the body; a lone {{ … }} keeps its type"
    )
    expect: tuple[int, ...] = Field(default=(200, 201, 202, 204), description="statuses that mean it was done")
    absent: Absent | None = Field(default=None, description="how a host without this route answers")
    idempotency: Literal["header", "none"] = Field(
        default="none", description="header: send Idempotency-Key, the same for this execution for ever"
    )
    rows: JmesPath | None = Field(default=None, description="JMESPath to a list, for one row each")
    show: dict[Name, JmesPath | Projected] = Field(
        default_factory=dict, description="the fields of the reply that are shown"
    )
    harmless: bool = Field(
        default=False, description="changes nothing (a dry run); required under preview: and targets:"
    )
    limit: int = Field(default=20, ge=1, le=500, description="at most this many rows")

    @model_validator(mode="after")
    def _one_method(self) -> "HttpSend":
        if sum(path is not None for path in (self.post, self.put, self.patch, self.delete, self.trigger)) != 1:
            raise ValueError("give exactly one of post:, put:, patch:, delete:, trigger:")
        if self.trigger is not None and self.json_body is not None:
            raise ValueError("trigger: is a GET, which has no json:; put parameters under query:")
        return self

    def run(self, call: Call, *, key: str | None) -> Answer:
        """Send it once. `key` is the execution's idempotency key; a dry run has none.

        Raises Unknown when it may have taken effect, and another error of ours when it certainly did not.
        """
        try:
            reply = self._sent(call, key)
        except Unknown as error:
            if self.harmless:
                raise Unavailable(self.at, error.why) from error
            raise
        return _answer(reply, show=self.show, rows=self.rows, limit=self.limit, done=not self.harmless)

    def _sent(self, call: Call, key: str | None) -> HttpReply:
        if self.idempotency == "header" and key is None and not self.harmless:
            raise ValueError(f"{self.path.source} needs the execution's key")
        made = self.call(call.scope)
        headers = {"Idempotency-Key": key} if key is not None and self.idempotency == "header" else {}
        reply = call.resources.http(self.at).send(replace(made, headers=headers), timeout=call.timeout)
        if self.absent and self.absent.is_said_by(reply):
            raise absent(self.at, self.path.source)
        if reply.status not in self.expect:
            raise undone(self.at, reply)
        return reply

    def call(self, scope: Scope) -> HttpCall:
        """The call as it is sent with these values, without its key. Raises ExpressionError."""
        return HttpCall(
            method=self.method,
            path=self.path.render(scope),
            query=_query(self.query, scope),
            json=_filled(self.json_body, scope),
            acts=self.trigger is not None,
        )

    @property
    def method(self) -> Literal["GET", "POST", "PUT", "PATCH", "DELETE"]:
        if self.trigger is not None:
            return "GET"
        if self.post is not None:
            return "POST"
        if self.put is not None:
            return "PUT"
        return "PATCH" if self.patch is not None else "DELETE"

    @property
    def path(self) -> PathTemplate:
        path = self.post or self.put or self.patch or self.delete or self.trigger
        assert path is not None  # the validator above
        return path


def _answer(
    reply: HttpReply,
    *,
    show: Mapping[str, str | Projected],
    rows: str | None,
    limit: int,
    done: bool = False,
) -> Answer:
    if show and reply.body is None and not done:
        raise ExpressionError(f"it answered {reply.status} without JSON")
    return Answer(
        table=table_of(reply.body, show=show, rows=rows, limit=limit, done=done),
        status=reply.status,
        request_id=shown_id(reply.request_id) if done else None,  # of a read it would only make equal answers differ
    )


def _query(query: Mapping[str, Value], scope: Scope) -> dict[str, str]:
    return {name: text(value.value(scope)) for name, value in query.items()}


def _filled(template: JsonTemplate | None, scope: Scope) -> Json:
    match template:
        case None:
            return None
        case Value():
            return jsonable(template.value(scope))
        case list():
            return [_filled(item, scope) for item in template]
        case dict():
            return {name: _filled(item, scope) for name, item in template.items()}
    raise AssertionError(template)
