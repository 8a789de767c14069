"""The audit: who did what and when, each entry sealed to the one before it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from sqlalchemy import Connection, Row, insert, select, text

from bot.core.canonical import canonical, sha256
from bot.core.egress import masked
from bot.core.errors import BadInput
from bot.core.ports import Json
from bot.store.tables import audit

OURSELVES = "countersign"
"""The actor of what the bot does on its own."""

_WRITER = 7_266_118_391  # any number of our own: the advisory lock that makes one writer of all replicas
_BEFORE_THE_FIRST = "0" * 64


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
        return _seal(
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


def lock(conn: Connection) -> None:
    """Makes this transaction the one that may append, over all replicas, until it ends.

    Everybody locks in one order, so that no two wait for each other: rows of incidents and requests, then this, then
    messages. SQLite's write transactions are one at a time anyway.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER})


def append(
    conn: Connection,
    *,
    kind: str,
    actor: str,
    now: datetime,
    incident_id: str | None = None,
    request_id: str | None = None,
    data: Mapping[str, Json],
) -> None:
    """Adds one entry in the caller's transaction, so that it stands exactly when the change it tells of does.

    `kind` is `subject.verb`, such as `request.voted`; `data` goes through egress here, whoever hands it in.
    """
    lock(conn)
    last = conn.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, _BEFORE_THE_FIRST)
    at, spelled = now.astimezone(UTC), canonical(masked(data))
    seal = _seal(
        seq=seq,
        at=at,
        kind=kind,
        actor=actor,
        incident_id=incident_id,
        request_id=request_id,
        data=spelled,
        previous=previous,
    )
    conn.execute(
        insert(audit).values(
            seq=seq,
            at=at,
            kind=kind,
            actor=actor,
            incident_id=incident_id,
            request_id=request_id,
            data=spelled,
            previous=previous,
            hash=seal,
        )
    )


def began(conn: Connection) -> datetime | None:
    """When the first entry was made; None while there is none."""
    first: datetime | None = conn.scalar(select(audit.c.at).order_by(audit.c.seq).limit(1))
    return first


def head(conn: Connection) -> Checkpoint | None:
    """The last entry's place and hash, to be kept outside this database; None when there is none."""
    last = conn.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    return Checkpoint(seq=last.seq, hash=last.hash) if last else None


def verify(conn: Connection, *, checkpoint: Checkpoint | None = None) -> Verdict:
    """Walks the whole chain. Without a checkpoint from before, entries cut off its end cannot be missed."""
    findings: list[Finding] = []
    seen, last = 0, Checkpoint(seq=0, hash=_BEFORE_THE_FIRST)
    at_checkpoint: str | None = None
    for entry in _walk(conn):
        findings.extend(Finding(seq=entry.seq, fault=fault) for fault in _faults(entry, last))
        seen, last = seen + 1, Checkpoint(seq=entry.seq, hash=entry.hash)
        if checkpoint and entry.seq == checkpoint.seq:
            at_checkpoint = entry.hash
    if checkpoint and at_checkpoint is None:
        findings.append(Finding(seq=checkpoint.seq, fault=Fault.TRUNCATED))
    elif checkpoint and at_checkpoint != checkpoint.hash:
        findings.append(Finding(seq=checkpoint.seq, fault=Fault.REPLACED))
    return Verdict(entries=seen, head=last if seen else None, findings=tuple(findings))


def export(conn: Connection, incident_id: str) -> list[Entry]:
    """Every entry about one incident and its requests, in order."""
    rows = conn.execute(select(audit).where(audit.c.incident_id == incident_id).order_by(audit.c.seq))
    return [_entry(row) for row in rows]


def _walk(conn: Connection) -> Iterator[Entry]:
    query = select(audit).order_by(audit.c.seq).execution_options(yield_per=1000)
    return (_entry(row) for row in conn.execute(query))


def _entry(row: Row[tuple[object, ...]]) -> Entry:
    return Entry(**row._mapping)  # noqa: SLF001 - the documented way to a row's names


def _faults(entry: Entry, before: Checkpoint) -> Iterator[Fault]:
    if entry.seq != before.seq + 1:
        yield Fault.MISSING
    elif entry.previous != before.hash:
        yield Fault.UNLINKED
    if entry.hash != entry.seal:
        yield Fault.EDITED


def _seal(
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
