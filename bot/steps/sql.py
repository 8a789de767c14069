"""Ask or change a database: SQL text is never templated, values are bound."""

from pydantic import Field, field_validator

from bot.core.evidence import Answer, Shown
from bot.core.expression import Expression
from bot.core.model import Frozen
from bot.steps.step import Call, Name, ResourceName


def _untemplated(text: str) -> str:
    if "{{" in text or "{%" in text:
        raise ValueError("SQL is never templated; write :name and give the value under params:")
    return text


class SqlRead(Frozen):
    """`sql: {at: db, query: "select … where id = :id", params: {id: params.id}, columns: {id: id}}`."""

    at: ResourceName = Field(description="a database resource of the system")
    query: str = Field(description="one SELECT with :named parameters")
    params: dict[Name, Expression] = Field(default_factory=dict, description="value of each :name")
    columns: dict[Name, Shown] = Field(min_length=1, description="the columns that are shown, each with its class")
    limit: int = Field(default=20, ge=1, le=500)

    _sql = field_validator("query")(_untemplated)

    def run(self, call: Call) -> Answer:
        raise NotImplementedError


class SqlChange(Frozen):
    """A bounded UPDATE: the rows are locked and compared with what was approved, then changed, in one transaction."""

    at: ResourceName = Field(description="a database resource whose DSN may write")
    lock: str = Field(description="SELECT … FOR UPDATE of exactly the rows to change; its rows are the snapshot")
    statement: str = Field(description="one UPDATE that changes just these rows; :ids is bound to the approved ids")
    params: dict[Name, Expression] = Field(default_factory=dict)
    id: Name = Field(default="id", description="the column of `lock` that names a row")
    columns: dict[Name, Shown] = Field(min_length=1, description="columns of the snapshot, each with its class")
    max_rows: int = Field(ge=1, le=100_000, description="refuse to touch more than this many rows")

    _sql = field_validator("lock", "statement")(_untemplated)

    def run(self, call: Call, *, expected: frozenset[str]) -> Answer:
        raise NotImplementedError
