"""Ask or change a database: SQL text is never templated, values are bound."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import Field, field_validator

from bot.core.errors import ExpressionError
from bot.core.evidence import Answer, Shown
from bot.core.expression import Expression
from bot.core.model import Frozen
from bot.core.ports import Bind, Change
from bot.steps.projection import table_of_rows
from bot.steps.step import Call, Name, ResourceName, Scope


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
    limit: int = Field(default=20, ge=1, le=10_000, description="at most this many rows")

    _sql = field_validator("query")(_untemplated)

    def run(self, call: Call) -> Answer:
        """The declared columns of at most `limit` rows."""
        database = call.resources.read_database(self.at)
        rows = database.read(self.query, binds=_binds(self.params, call.scope), limit=self.limit, timeout=call.timeout)
        return Answer(table=table_of_rows(rows, columns=self.columns))


class SqlChange(Frozen):
    """A bounded UPDATE: the rows are locked and compared with what was approved, then changed, in one transaction."""

    at: ResourceName = Field(description="a database resource whose DSN may write")
    lock: str = Field(description="SELECT … FOR UPDATE of exactly the rows to change; its rows are the snapshot")
    statement: str = Field(description="one UPDATE that changes just these rows; :ids is bound to the approved ids")
    params: dict[Name, Expression] = Field(
        default_factory=dict, description="value of each :name; :ids is there already"
    )
    id: Name = Field(default="id", description="the column of `lock` that names a row")
    columns: dict[Name, Shown] = Field(min_length=1, description="columns of the snapshot, each with its class")
    max_rows: int = Field(ge=1, le=100_000, description="refuse to touch more than this many rows")

    _sql = field_validator("lock", "statement")(_untemplated)

    def run(self, call: Call, *, expected: frozenset[str], may_shrink: bool = False) -> Answer:
        """Change the rows whose ids are `expected`, and no other; the answer is the changed ones as they were before.

        All of them, unless they `may_shrink`: rows that somebody else dealt with in the meantime are then left out.
        """
        change = Change(
            lock=self.lock,
            statement=self.statement,
            binds={**self.binds(call.scope), "ids": sorted(expected)},
            id_column=self.id,
            expected=expected,
            columns=tuple(self.columns),
            max_rows=self.max_rows,
            may_shrink=may_shrink,
        )
        rows = call.resources.write_database(self.at).change(change, timeout=call.timeout)
        return Answer(table=table_of_rows(rows, columns=self.columns, done=True))

    def binds(self, scope: Scope) -> Mapping[str, Bind]:
        """The value of each :name but :ids. Raises ExpressionError."""
        return _binds(self.params, scope)


def _binds(params: Mapping[str, Expression], scope: Scope) -> Mapping[str, Bind]:
    return {name: _bind(expression.value(scope), expression) for name, expression in params.items()}


def _bind(value: object, expression: Expression) -> Bind:
    match value:
        case None | str() | int() | float() | datetime():
            return value
        case UUID():
            return str(value)
        case list() | tuple() | set() | frozenset():
            return _array(list(value), expression)
    raise ExpressionError(f"{expression.source!r} gives a {type(value).__name__}, which cannot be bound")


def _array(items: list[object], expression: Expression) -> Bind:
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) == len(items):
        return texts
    numbers = [item for item in items if isinstance(item, int)]
    if len(numbers) == len(items):
        return numbers
    raise ExpressionError(f"{expression.source!r} gives a list of mixed values; bind texts, or whole numbers")
