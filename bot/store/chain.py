"""The audit as a chain: each entry sealed to the one before it, and what a walk along it finds."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from bot.core.canonical import sha256
from bot.core.errors import BadInput
from bot.core.ports import Json

BEFORE_THE_FIRST = "0" * 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """The head of the chain at some moment; kept elsewhere, it shows a truncation later."""

    seq: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `SEQ:HASH`, as `str` writes it. Raises BadInput."""
        seq, _, seal = text.strip().partition(":")
        if not seq.isascii() or not seq.isdigit() or not re.fullmatch("[0-9a-f]{64}", seal):
            raise BadInput(f"{text!r} is not a checkpoint; write SEQ:HASH as `countersign audit verify` prints it")
        return cls(seq=int(seq), hash=seal)

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry; `data` is canonical JSON."""

    seq: int
    at: datetime
    kind: str
    actor: str
    incident_id: str | None
    request_id: str | None
    data: str
    previous: str
    hash: str

    @property
    def seal(self) -> str:
        """The hash its contents have now."""
        return sealed(
            seq=self.seq,
            at=self.at,
            kind=self.kind,
            actor=self.actor,
            incident_id=self.incident_id,
            request_id=self.request_id,
            data=self.data,
            previous=self.previous,
        )

    @property
    def content(self) -> Mapping[str, Json]:
        """Its data, read; empty when somebody made it unreadable."""
        try:
            read = json.loads(self.data)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    def document(self) -> dict[str, Json]:
        """The entry as JSON, for an export; `data` stays the text that was sealed."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(timespec="microseconds"),
            "kind": self.kind,
            "actor": self.actor,
            "incident_id": self.incident_id,
            "request_id": self.request_id,
            "data": self.data,
            "previous": self.previous,
            "hash": self.hash,
        }


class Fault(StrEnum):
    """What is wrong at one place of the chain."""

    EDITED = "edited"  # the entry does not match its own hash: changed, or moved to another place
    MISSING = "missing"  # entries between its neighbours are gone
    UNLINKED = "unlinked"  # it does not follow the entry before it: that one was replaced
    TRUNCATED = "truncated"  # the checkpoint's entry is gone
    REPLACED = "replaced"  # the checkpoint's entry is another one now


_SENTENCES = {
    Fault.EDITED: "what it says is not what its hash was made of: it was changed, or moved here from another place",
    Fault.MISSING: "the entries before it are gone",
    Fault.UNLINKED: "it does not follow the entry before it: that one was replaced, or this one put in its place",
    Fault.TRUNCATED: "it was there when the checkpoint was noted and is gone: the end was cut off",
    Fault.REPLACED: "it is not the entry that the checkpoint noted: the end was cut off and grown anew",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A fault, and the entry it was found at."""

    seq: int
    fault: Fault

    @property
    def sentence(self) -> str:
        """What is wrong at this entry, for a person."""
        return f"entry {self.seq} ({self.fault}): {_SENTENCES[self.fault]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a walk along the chain found; `head` is None when the audit is empty."""

    entries: int
    head: Checkpoint | None
    findings: tuple[Finding, ...]

    @property
    def is_intact(self) -> bool:
        return not self.findings

    @property
    def sentence(self) -> str:
        """The verdict for a person, with the checkpoint to note down."""
        entries = f"{self.entries} {'entry' if self.entries == 1 else 'entries'}"
        if self.is_intact:
            return f"{entries}, intact; head {self.head or 'none'}"
        count = len(self.findings)
        return f"{entries}, NOT intact: {count} {'finding' if count == 1 else 'findings'}"


def walked(entries: Iterable[Entry], *, checkpoint: Checkpoint | None = None) -> Verdict:
    """Walks the chain from its first entry to its last."""
    findings: list[Finding] = []
    seen, last = 0, Checkpoint(seq=0, hash=BEFORE_THE_FIRST)
    at_checkpoint: str | None = None
    for entry in entries:
        findings.extend(Finding(seq=entry.seq, fault=fault) for fault in _faults(entry, last))
        seen, last = seen + 1, Checkpoint(seq=entry.seq, hash=entry.hash)
        if checkpoint and entry.seq == checkpoint.seq:
            at_checkpoint = entry.hash
    if checkpoint and at_checkpoint is None:
        findings.append(Finding(seq=checkpoint.seq, fault=Fault.TRUNCATED))
    elif checkpoint and at_checkpoint != checkpoint.hash:
        findings.append(Finding(seq=checkpoint.seq, fault=Fault.REPLACED))
    return Verdict(entries=seen, head=last if seen else None, findings=tuple(findings))


def _faults(entry: Entry, before: Checkpoint) -> Iterator[Fault]:
    if entry.seq != before.seq + 1:
        yield Fault.MISSING
    elif entry.previous != before.hash:
        yield Fault.UNLINKED
    if entry.hash != entry.seal:
        yield Fault.EDITED


def sealed(
    *,
    seq: int,
    at: datetime,
    kind: str,
    actor: str,
    incident_id: str | None,
    request_id: str | None,
    data: str,
    previous: str,
) -> str:
    """The hash of an entry with these contents."""
    return sha256(
        {
            "seq": seq,
            "at": at.isoformat(timespec="microseconds"),
            "kind": kind,
            "actor": actor,
            "incident": incident_id,
            "request": request_id,
            "data": data,
            "previous": previous,
        }
    )
