"""What reaches Slack of the same alerts: the bot next to Alertmanager's own Slack receiver, each in a local workspace.

One real Alertmanager tells both at once. The workspaces are the same program and enforce Slack's rate limits (one post
a second in a channel with small bursts, tiers a minute). Loads: `calm`, one incident every seven seconds; `rough`,
the same while one post in five loses its answer after the effect and one in five is a 500; `storm`, a thousand alerts
in a hundred groups at once, which resolve after 45 s; `lasting`, the same that goes on until everybody has told it all.
At the end everything resolves.

    python -m bench.deliver [calm] [rough] [storm] [lasting] [--calm 20] [--storm 1000] [--robusta]
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.peers import Field, Peer, field
from bench.watching import Watch, watching

_GROUP = 10  # alerts of a group of the storm
_PAUSE = 7.0  # seconds between incidents of a calm day: fewer in a minute than the bot takes for a storm
_STORM = 45.0  # seconds that a short storm lasts
_PATIENCE = 240.0  # seconds for everything to settle
_LINGER = 8.0  # seconds without a call when everything has been told: a duplicate would come late
_QUIET = 45.0  # seconds without a call, after which who has not told everything is not waited for any more


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a peer made of one load: groups that people can see, messages too many, and how long the first took."""

    load: str
    peer: str
    groups: int
    seen: int
    duplicates: int
    ended: int
    calls: int
    refused: int
    alerts: int
    latencies: Sequence[float]

    def line(self) -> str:
        waits = sorted(self.latencies)
        p99 = waits[min(len(waits) - 1, int(0.99 * len(waits)))] if waits else float("nan")
        middle = median(waits) if waits else float("nan")
        cells = (
            self.load,
            self.peer,
            f"{self.seen} of {self.groups}",
            self.duplicates,
            f"{self.ended} of {self.groups}",
            f"{1000 * self.calls / self.alerts:.0f}",
            self.refused,
            f"{middle:.2f} s",
            f"{p99:.2f} s",
        )
        return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "loads", nargs="*", default=[], help="calm, rough, storm, lasting; all of them when none is named"
    )
    arguments.add_argument("--calm", type=int, default=20, help="incidents of the calm and the rough load")
    arguments.add_argument("--storm", type=int, default=1_000, help="alerts of the storm")
    arguments.add_argument("--robusta", action="store_true", help="with Robusta as a third (bench/robusta.py)")
    asked = arguments.parse_args()
    told: list[Told] = []
    with tempfile.TemporaryDirectory() as folder, field(Path(folder), with_robusta=asked.robusta) as everybody:
        for name in asked.loads or ("calm", "rough", "storm", "lasting"):
            if name in {"storm", "lasting"}:
                load = Load(name=name, groups=asked.storm // _GROUP, size=_GROUP, every=0.0)
            else:
                load = Load(name=name, groups=asked.calm, size=1, every=_PAUSE)
            told += _carry(everybody, load)
    head = ("load", "who", "groups seen", "duplicates", "seen to end", "calls per 1000 alerts", "429", "median", "p99")
    print(f"| {' | '.join(head)} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for each in told:
        print(each.line())
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}")
    ours = [each for each in told if each.peer == "countersign"]
    sys.exit(any(each.seen < each.groups or each.duplicates or each.ended < each.groups for each in ours))


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """So many groups of so many alerts, a pause between two of them or all at once."""

    name: str
    groups: int
    size: int
    every: float


def _carry(everybody: Field, load: Load) -> Iterator[Told]:
    before = {peer.name: len(peer.workspace.control.calls()) for peer in everybody.peers}
    names = [f"{load.name}-{number:03}" for number in range(load.groups)]
    batches = [[_alert(batch, at) for at in range(load.size)] for batch in names]
    with watching(everybody.peers, names) as watches:
        if load.every:
            for number, (batch, alerts) in enumerate(zip(names, batches, strict=True)):
                if load.name == "rough":
                    _make_rough(everybody.peers, number)
                _fire(everybody, watches, [batch], alerts)
                time.sleep(load.every)
        else:
            _fire(everybody, watches, names, [alert for alerts in batches for alert in alerts])
        if load.name == "storm":
            time.sleep(_STORM)
        else:
            _settle(everybody.peers, lambda: all(watch.has_seen_all for watch in watches))
        ended_at = datetime.now(UTC)
        everybody.fire([{**alert, "endsAt": ended_at.isoformat()} for alerts in batches for alert in alerts])
        _settle(everybody.peers, lambda: all(watch.has_seen_all_end for watch in watches))
    for peer, watch in zip(everybody.peers, watches, strict=True):
        peer.workspace.control.clear_faults()
        calls = peer.workspace.control.calls()[before[peer.name] :]
        yield Told(
            load=load.name,
            peer=peer.name,
            groups=load.groups,
            seen=watch.seen,
            duplicates=watch.duplicates,
            ended=watch.ended,
            calls=len(calls),
            refused=sum(call["outcome"] == "ratelimited" for call in calls),
            alerts=load.groups * load.size,
            latencies=watch.latencies,
        )


def _fire(
    everybody: Field, watches: Sequence[Watch], names: Sequence[str], alerts: Sequence[Mapping[str, object]]
) -> None:
    now = time.time()
    for watch in watches:
        watch.fired.update(dict.fromkeys(names, now))
    everybody.fire(alerts)


def _make_rough(peers: Sequence[Peer], number: int) -> None:
    for peer in peers:
        if number % 5 == 1:
            peer.workspace.control.inject("lost_reply", "chat.postMessage", calls=1)
        if number % 5 == 3:
            peer.workspace.control.inject("status", "chat.postMessage", calls=1, status=500)


def _settle(peers: Sequence[Peer], is_complete: Callable[[], bool]) -> None:
    """Until everybody has told everything, or nobody has called for longer than anybody waits before a retry."""
    deadline, counts, since = time.monotonic() + _PATIENCE, [-1], time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < (_LINGER if is_complete() else _QUIET):
        now = [len(peer.workspace.control.calls()) for peer in peers]
        if now != counts:
            counts, since = now, time.monotonic()
        time.sleep(0.5)


def _alert(batch: str, number: int) -> Mapping[str, object]:
    now = datetime.now(UTC)
    return {
        "labels": {
            "alertname": "Bench",
            "system": "bench",
            "ops_event": "bench.alert.fired",
            "severity": "warning",
            "batch": batch,
            "number": str(number),
        },
        "annotations": {
            "summary": f"An alert of group {batch} fires",
            "description": f"Alert {number} of group {batch} fires",
        },
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
    }


if __name__ == "__main__":
    main()
