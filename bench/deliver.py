"""What reaches Slack of the same alerts: the bot next to Alertmanager's own Slack receiver, each in a local workspace.

One real Alertmanager tells both at once. The workspaces are the same program and enforce Slack's rate limits (one post
a second in a channel with small bursts, tiers a minute). Three loads: `calm`, one incident every two seconds; `rough`,
the same while one call in five loses its answer after the effect and one in five is a 500; `storm`, a thousand alerts
in a hundred groups at once. At the end everything resolves.

    python -m bench.deliver [--calm 20] [--storm 1000] [--robusta]
"""

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.peers import CHANNEL_ID, Field, Peer, field
from tests.kit.workspace import Json

_GROUP = 10  # alerts of a group of the storm
_PATIENCE = 240.0  # seconds for everything to settle
_QUIET = 8.0  # seconds without a call, after which nothing comes any more


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
    arguments.add_argument("--calm", type=int, default=20, help="incidents of the calm and the rough load")
    arguments.add_argument("--storm", type=int, default=1_000, help="alerts of the storm")
    arguments.add_argument("--robusta", action="store_true", help="with Robusta as a third (bench/robusta.py)")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, field(Path(folder), with_robusta=asked.robusta) as everybody:
        told = [
            *_load(everybody, "calm", groups=asked.calm, size=1, every=2.0, is_rough=False),
            *_load(everybody, "rough", groups=asked.calm, size=1, every=2.0, is_rough=True),
            *_load(everybody, "storm", groups=asked.storm // _GROUP, size=_GROUP, every=0.0, is_rough=False),
        ]
    head = ("load", "who", "groups seen", "duplicates", "seen to end", "calls per 1000 alerts", "429", "median", "p99")
    print(f"| {' | '.join(head)} |")
    print("|---|---|---|---|---|---|---|---|---|")
    for each in told:
        print(each.line())
    ours = [each for each in told if each.peer == "countersign"]
    sys.exit(any(each.seen < each.groups or each.duplicates or each.ended < each.groups for each in ours))


def _load(everybody: Field, name: str, *, groups: int, size: int, every: float, is_rough: bool) -> Iterator[Told]:
    before = {peer.name: len(peer.workspace.control.calls()) for peer in everybody.peers}
    names = [f"{name}-{number:03}" for number in range(groups)]
    fired: dict[str, float] = {}
    batches = [[_alert(batch, at) for at in range(size)] for batch in names]
    if every:
        for number, (batch, alerts) in enumerate(zip(names, batches, strict=True)):
            if is_rough:
                _make_rough(everybody.peers, number)
            fired[batch] = time.time()
            everybody.fire(alerts)
            time.sleep(every)
    else:
        fired = dict.fromkeys(names, time.time())
        everybody.fire([alert for alerts in batches for alert in alerts])
    _settle(everybody.peers)
    ended_at = datetime.now(UTC)
    everybody.fire([{**alert, "endsAt": ended_at.isoformat()} for alerts in batches for alert in alerts])
    _settle(everybody.peers)
    for peer in everybody.peers:
        peer.workspace.control.clear_faults()
        yield _told(peer, name, fired, size=size, calls_before=before[peer.name])


def _make_rough(peers: Sequence[Peer], number: int) -> None:
    for peer in peers:
        if number % 5 == 1:
            peer.workspace.control.inject("lost_reply", "chat.postMessage", calls=1)
        if number % 5 == 3:
            peer.workspace.control.inject("status", "chat.postMessage", calls=1, status=500)


def _settle(peers: Sequence[Peer]) -> None:
    """Until nobody has called for a while; the pauses that Slack asks for are shorter than that."""
    deadline, counts, since = time.monotonic() + _PATIENCE, [-1], time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < _QUIET:
        now = [len(peer.workspace.control.calls()) for peer in peers]
        if now != counts:
            counts, since = now, time.monotonic()
        time.sleep(0.5)


def _told(peer: Peer, load: str, fired: Mapping[str, float], *, size: int, calls_before: int) -> Told:
    calls = peer.workspace.control.calls()[calls_before:]
    roots = [each for each in peer.workspace.control.messages(CHANNEL_ID) if each.get("bot_id")]
    posted: Counter[str] = Counter()
    first: dict[str, float] = {}
    ended: set[str] = set()
    for root in roots:
        text = _text(root)
        is_resolved = "RESOLVED" in (text if peer.name == "countersign" else text.upper())
        for batch in fired:
            if f"group {batch} " not in text:
                continue
            first[batch] = min(first.get(batch, float("inf")), float(root["ts"]))
            if is_resolved:
                ended.add(batch)
            if peer.name == "countersign" or not is_resolved:  # the other one says an end in a message of its own
                posted[batch] += 1
    counted = _counted(roots) if load == "storm" and peer.name == "countersign" else _Counted()
    return Told(
        load=load,
        peer=peer.name,
        groups=len(fired),
        seen=min(len(fired), len(posted) + counted.incidents),
        duplicates=sum(count - 1 for count in posted.values() if count > 1),
        ended=min(len(fired), len(ended) + counted.resolved),
        calls=len(calls),
        refused=sum(call["outcome"] == "ratelimited" for call in calls),
        alerts=len(fired) * size,
        latencies=[
            *(first[batch] - fired[batch] for batch in posted),
            *[counted.at - min(fired.values())] * counted.incidents,
        ],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counted:
    """What a storm's message says: of how many incidents, and how many have resolved. Its list is cut after forty."""

    incidents: int = 0
    resolved: int = 0
    at: float = 0.0


def _counted(roots: Sequence[Json]) -> _Counted:
    for root in roots:
        found = re.search(r"torm[^:]*: (\d+) incidents", _text(root))
        if found is not None:
            resolved = re.search(r"(\d+) resolved", _text(root))
            return _Counted(incidents=int(found[1]), resolved=int(resolved[1]) if resolved else 0, at=float(root["ts"]))
    return _Counted()


def _text(message: Json) -> str:
    """Everything a message says, its blocks and attachments included."""

    def inside(part: object) -> Iterator[str]:
        match part:
            case {"text": str() as text}:
                yield text
            case dict():
                for value in part.values():
                    yield from inside(value)
            case list():
                for value in part:
                    yield from inside(value)
            case str():
                yield part

    return "\n".join(inside([message.get("blocks", []), message.get("text", ""), message.get("attachments", [])]))


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
        "annotations": {"summary": f"Alert of group {batch} fires"},
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
    }


if __name__ == "__main__":
    main()
