"""Slack's rate limits, enforced only when asked for: per method and minute, and per channel for chat.postMessage."""

from collections import defaultdict, deque
from collections.abc import Callable
from math import ceil

from sandbox.workspace.errors import SlackError

BURST = 3  # messages a channel takes at once before its one per second counts


class RateLimits:
    """Counts calls in sliding windows. `now` gives seconds."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        self._now = now
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self.enforced = False

    def check(self, method: str, *, per_minute: int, channel: str | None, per_channel: float | None) -> None:
        """Count one call, or refuse it with 429 and the seconds to wait.

        :raises ratelimited: a SlackError that carries `retry_after`
        """
        if not self.enforced:
            return
        windows = [(method, "", 60.0, per_minute)]
        if channel is not None and per_channel is not None:
            windows.append((method, channel, BURST / per_channel, BURST))
        waits = [self._wait(at, of, seconds=seconds, most=most) for at, of, seconds, most in windows]
        if max(waits) > 0:
            raise rate_limited(retry_after=ceil(max(waits)))
        for at, of, _, _ in windows:
            self._calls[at, of].append(self._now())

    def reset(self) -> None:
        self._calls.clear()
        self.enforced = False

    def _wait(self, method: str, channel: str, *, seconds: float, most: int) -> float:
        calls = self._calls[method, channel]
        while calls and calls[0] <= self._now() - seconds:
            calls.popleft()
        return calls[0] + seconds - self._now() if len(calls) >= most else 0.0


def rate_limited(*, retry_after: int) -> SlackError:
    return SlackError("ratelimited", status=429, extra={"retry_after": retry_after})
