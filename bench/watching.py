"""Looks at a peer's channel as its readers do, several times a second: which groups it names, and since when."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from bench.peers import CHANNEL_ID, Peer
from tests.kit.workspace import Json

_EVERY = 0.2  # seconds between two looks
_About = tuple[str, bool, frozenset[str]]  # a group, whether of its end, and which alerts of it


@dataclass
class Watch:
    """What one peer has shown of these groups so far.

    A message that names a group counts from its own time. Where a storm's message counts incidents (it names the first
    forty), groups are told by number: the tenth is seen when ten are counted, from the look that saw it. Those that
    had a message of their own before the storm's are not among its incidents, and are added to them.
    """

    peer: Peer
    names: Sequence[str]
    fired: dict[str, float] = field(default_factory=dict)
    _first: dict[str, float] = field(default_factory=dict)
    _numbered: list[float] = field(default_factory=list)  # when so many were named or counted
    _is_storm: bool = False
    _before: set[str] = field(default_factory=set)  # named by a message that stood before the storm's
    _resolved: int = 0  # as a storm's message counts them
    _posted: Counter[_About] = field(default_factory=Counter)  # messages by what they are about
    _ended: set[str] = field(default_factory=set)
    _looked_at: float = 0.0

    @property
    def seen(self) -> int:
        return len(self._numbered) if self._is_storm else len(self._first)

    @property
    def ended(self) -> int:
        return min(len(self.names), max(len(self._ended), self._resolved + len(self._ended & self._before)))

    @property
    def has_seen_all(self) -> bool:
        return self.seen == len(self.names)

    @property
    def has_seen_all_end(self) -> bool:
        return self.ended == len(self.names)

    @property
    def duplicates(self) -> int:
        """Messages of its own beyond the first about the same alerts' firing, or their end."""
        return sum(count - 1 for count in self._posted.values() if count > 1)

    @property
    def latencies(self) -> Sequence[float]:
        """Seconds from the alert to when the channel said so."""
        if self._is_storm:
            began = min(self.fired.values())  # they fired at once
            return [at - began for at in self._numbered]
        return [at - self.fired[name] for name, at in self._first.items()]

    def look(self) -> None:
        now = time.time()
        posted: Counter[_About] = Counter()
        incidents = resolved = 0
        before: set[str] = set()
        for root in self.peer.workspace.control.messages(CHANNEL_ID):
            text = said(root)
            storm = re.search(r"torm[^:]*: (\d+) incidents", text)
            if storm is not None:
                gone = re.search(r"(\d+) resolved", text)
                incidents, resolved = incidents + int(storm[1]), resolved + (int(gone[1]) if gone else 0)
                continue
            is_over = "RESOLVED" in text.upper()
            for name in self.names:
                if f"group {name} " in text:
                    # The bot says an end in the message that said the firing; the others in one of its own.
                    is_ours = self.peer.name == "countersign"
                    about = frozenset() if is_ours else frozenset(re.findall(rf"Alert (\d+) of group {name} ", text))
                    posted[name, is_over and not is_ours, about] += 1
                    before |= {name} if not incidents else set()
                    if is_over:
                        self._ended.add(name)
                    else:
                        self._first.setdefault(name, self._since(float(root["ts"]), now))
        self._is_storm = self._is_storm or incidents > 0
        self._before = before
        visible = min(len(self.names), max(len(self._first), incidents + len(before)))
        self._numbered += [now] * (visible - len(self._numbered))
        self._posted, self._resolved, self._looked_at = posted, resolved, now

    def _since(self, posted_at: float, now: float) -> float:
        return posted_at if posted_at > self._looked_at else now


@contextmanager
def watching(peers: Sequence[Peer], names: Sequence[str]) -> Iterator[Sequence[Watch]]:
    """Look at each peer's channel until the block ends, and once more then."""
    watches = [Watch(peer=peer, names=names) for peer in peers]
    is_over = Event()

    def look() -> None:
        while not is_over.wait(_EVERY):
            for watch in watches:
                watch.look()

    thread = Thread(target=look, name="watching")
    thread.start()
    try:
        yield watches
    finally:
        is_over.set()
        thread.join()
    for watch in watches:
        watch.look()


def said(message: Json) -> str:
    """Everything a message says, its blocks and attachments included."""

    def inside(part: object) -> Iterator[str]:
        match part:
            case dict():
                for value in part.values():
                    yield from inside(value)
            case list():
                for value in part:
                    yield from inside(value)
            case str():
                yield part

    return "\n".join(inside([message.get("blocks", []), message.get("text", ""), message.get("attachments", [])]))
