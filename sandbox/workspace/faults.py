"""Faults a test or a person injects into the Web API: refusals, outages, lost answers, slowness."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["ratelimited", "status", "error", "hang", "lost_reply", "slow", "down"]
ANY_METHOD = "*"


class FaultRequest(BaseModel):
    """What to inject, into which method ("*": all), for how many calls or seconds (neither: until cleared).

    ratelimited: 429 with Retry-After `retry_after`. status: that HTTP `status`, without effect. error: ok=false
    with Slack's error `code`. hang: no effect and no answer for `hold` seconds. lost_reply: the effect happens,
    the answer never comes (the connection is cut after `hold` seconds). slow: the answer comes `hold` seconds late.
    down: the whole workspace answers 503 and delivers no clicks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Kind
    method: str = ANY_METHOD
    calls: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, gt=0)
    channel: str | None = None
    retry_after: int = Field(default=1, ge=1)
    status: int = Field(default=500, ge=400, le=599)
    code: str = "internal_error"
    hold: float = Field(default=0.0, ge=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault at work: what was asked for, until when, and how many calls it still takes."""

    id: str
    asked: FaultRequest
    until: float | None
    left: int | None

    def hits(self, method: str, channel: str | None) -> bool:
        asked = self.asked
        return asked.method in {method, ANY_METHOD} and asked.channel in {channel, None}


class Faults:
    """The faults at work. The first that fits a call is the one that happens to it."""

    def __init__(self, *, now: Callable[[], float], new_id: Callable[[str], str]) -> None:
        self._now = now
        self._new_id = new_id
        self._faults: list[Fault] = []

    def inject(self, asked: FaultRequest) -> Fault:
        until = None if asked.seconds is None else self._now() + asked.seconds
        fault = Fault(id=self._new_id("fault"), asked=asked, until=until, left=asked.calls)
        self._faults.append(fault)
        return fault

    def take(self, method: str, channel: str | None) -> FaultRequest | None:
        """The fault that happens to this call, if any; it is counted."""
        for index, fault in enumerate(self.at_work()):
            if not fault.hits(method, channel):
                continue
            if fault.left is not None:
                self._faults[index] = replace(fault, left=fault.left - 1)
            return fault.asked
        return None

    def is_down(self) -> bool:
        return any(fault.asked.kind == "down" for fault in self.at_work())

    def at_work(self) -> list[Fault]:
        self._faults = [
            fault for fault in self._faults if fault.left != 0 and (fault.until is None or self._now() < fault.until)
        ]
        return self._faults

    def clear(self) -> None:
        self._faults.clear()
