"""Resources that answer nothing: they note what they were asked, so that it can be shown without asking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import urlencode

from bot.core.errors import CountersignError
from bot.core.evidence import Series
from bot.core.ports import Bind, Change, Exit, HttpCall, HttpReply, Json, Rows, Sample
from bot.engine.runbook import Question
from bot.steps.step import Call, Scope


class Noted(CountersignError):
    """What would be asked, as text."""


class _Port:
    """One resource of any kind."""

    def __init__(self, name: str) -> None:
        self._name = name

    def instant(self, query: str, *, at: datetime | None, timeout: float) -> tuple[Sample, ...]:
        self._note(query)

    def range(
        self,
        query: str,
        *,
        start: datetime,
        end: datetime,
        step: timedelta,
        timeout: float,
    ) -> tuple[Series, ...]:
        self._note(query)

    def read(self, query: str, *, binds: Mapping[str, Bind], limit: int, timeout: float) -> Rows:
        given = ", ".join(f"{name}={value!r}" for name, value in binds.items())
        self._note(f"{' '.join(query.split())}{f'  [{given}]' if given else ''}")

    def change(self, change: Change, *, timeout: float) -> Rows:
        self._note(change.statement)

    def send(self, call: HttpCall, *, timeout: float) -> HttpReply:
        self._note(f"{call.method} {call.path}{f'?{urlencode(call.query)}' if call.query else ''}")

    def get(self, path: str, params: Mapping[str, Json], *, timeout: float) -> Json:
        self._note(f"GET {path}{f'?{urlencode(params, doseq=True)}' if params else ''}")

    def post(
        self,
        path: str,
        params: Mapping[str, Json],
        *,
        idempotency_key: str,
        timeout: float,
    ) -> tuple[Json, str | None]:
        self._note(f"POST {path}")

    def run(self, arguments: Sequence[str], *, timeout: float) -> Exit:
        self._note(" ".join(arguments))

    def _note(self, text: str) -> NoReturn:
        raise Noted(f"{self._name}: {text}")


@dataclass(frozen=True)
class Recorder:
    """Every resource there could be."""

    def metrics(self, name: str) -> _Port:
        return _Port(name)

    read_database = write_database = http = stripe_read = stripe_write = command = metrics


def asked(question: Question, scope: Scope, now: datetime) -> str:
    """What the question would ask, with the values of the scope in place. Raises ExpressionError."""
    try:
        question.step.run(Call(resources=Recorder(), scope=scope, timeout=1.0, now=now))
    except Noted as noted:
        return str(noted)
    raise AssertionError(f"{question.id} asked nobody")
