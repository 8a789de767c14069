"""The billing Worker's database: SQLite, as a Cloudflare Worker's D1 is."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from sandbox.world.adventive.records import Delivery, Drift, Reconciled

_SCHEMA = Path(__file__).parent / "schema.sql"
_TABLES = ("deliveries", "usage", "drifts", "reconciliations")
_DELIVERY = "invoice_id, acct_id, inv_uuid, pdf, email, last_event_at, reason"
_DRIFT = "account_id, period, usage_type, counted, billed, invoice_id"


class Rows:
    """Each call is one short transaction on a connection of its own; whoever needs several as one holds a lock."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def rebuild(self) -> None:
        """Empty it and lay its tables anew."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._connected() as connection:
            for table in _TABLES:
                connection.execute(f"drop table if exists {table}")
            connection.executescript(_SCHEMA.read_text())

    def add(self, deliveries: Sequence[tuple[Delivery, str]]) -> None:
        """Invoices that were mailed, each with its recipient's address, which no answer shows."""
        values = [(*self._values(delivery), recipient) for delivery, recipient in deliveries]
        with self._connected() as connection:
            connection.executemany(
                f"insert into deliveries ({_DELIVERY}, recipient) values (?, ?, ?, ?, ?, ?, ?, ?)", values
            )

    def change(self, delivery: Delivery, *, broken_by: str | None = None) -> Delivery:
        """Keep what became of an invoice; `broken_by` is kept until something else breaks it."""
        with self._connected() as connection:
            connection.execute(
                """update deliveries set pdf = ?, email = ?, last_event_at = ?, reason = ?,
                     broken_by = coalesce(?, broken_by) where invoice_id = ?""",
                (*self._values(delivery)[3:], broken_by, delivery.invoice_id),
            )
        return delivery

    def delivery(self, invoice_id: str) -> Delivery | None:
        """What is known of one invoice."""
        return next(iter(self._deliveries("invoice_id = ?", invoice_id)), None)

    def delivered(self) -> list[Delivery]:
        """Those whose e-mail arrived, in the order in which they came."""
        return self._deliveries("email = 'delivered'")

    def undelivered(self, *, broken_by: str | None = None) -> list[Delivery]:
        """Those whose e-mail did not arrive, all or those that something broke."""
        if broken_by is None:
            return self._deliveries("email <> 'delivered'")
        return self._deliveries("email <> 'delivered' and broken_by = ?", broken_by)

    def has_pdf(self, acct_id: str, inv_uuid: str) -> bool:
        """Whether there is a PDF of this document."""
        return bool(self._deliveries("pdf = 1 and acct_id = ? and inv_uuid = ?", acct_id, inv_uuid))

    def accounts(self) -> int:
        """How many accounts there are."""
        with self._connected() as connection:
            return int(connection.execute("select count(distinct acct_id) from deliveries").fetchone()[0])

    def record_usage(self, slot: str, quantity: float, *, now: datetime) -> bool:
        """Once per account, period and type; False for a second time."""
        with self._connected() as connection:
            done = connection.execute(
                "insert into usage values (?, ?, ?, ?, ?) on conflict do nothing",
                (*slot.split(":"), quantity, now.isoformat()),
            )
            return done.rowcount == 1

    def drift(self, drift: Drift) -> None:
        """Usage that Stripe was told otherwise."""
        with self._connected() as connection:
            connection.execute(
                f"insert or replace into drifts ({_DRIFT}) values (?, ?, ?, ?, ?, ?)",
                (drift.account_id, drift.period, drift.usage_type, drift.counted, drift.billed, drift.invoice_id),
            )

    def drifting(self) -> list[Drift]:
        """What still drifts."""
        with self._connected() as connection:
            found = connection.execute(f"select {_DRIFT} from drifts order by rowid").fetchall()
        return [Drift(**dict(row)) for row in found]

    def mend(self, drift: Drift) -> None:
        """It drifts no more."""
        with self._connected() as connection:
            connection.execute(
                "delete from drifts where account_id = ? and period = ? and usage_type = ?",
                (drift.account_id, drift.period, drift.usage_type),
            )

    def reconciled(self, found: Reconciled) -> None:
        """Keep what a reconciliation found."""
        values = (found.ran_at.isoformat(), found.accounts, json.dumps([asdict(each) for each in found.drifts]))
        with self._connected() as connection:
            connection.execute("insert into reconciliations (ran_at, accounts, drifts) values (?, ?, ?)", values)

    def last(self) -> Reconciled:
        """The last reconciliation. There is one: the seed ran it."""
        with self._connected() as connection:
            row = connection.execute("select * from reconciliations order by id desc limit 1").fetchone()
        drifts = tuple(Drift(**each) for each in json.loads(row["drifts"]))
        return Reconciled(ran_at=datetime.fromisoformat(row["ran_at"]), accounts=row["accounts"], drifts=drifts)

    def forget(self, *, before: timedelta) -> Reconciled:
        """Put the last reconciliation back in time, and those before it further; answers it."""
        with self._connected() as connection:
            for row in connection.execute("select id, ran_at from reconciliations").fetchall():
                moved = datetime.fromisoformat(row["ran_at"]) - before
                connection.execute("update reconciliations set ran_at = ? where id = ?", (moved.isoformat(), row["id"]))
        return self.last()

    def _deliveries(self, where: str, *values: object) -> list[Delivery]:
        with self._connected() as connection:
            found = connection.execute(
                f"select {_DELIVERY} from deliveries where {where} order by rowid",
                values,
            ).fetchall()
        return [
            Delivery(
                **{**dict(row), "pdf": bool(row["pdf"]), "last_event_at": datetime.fromisoformat(row["last_event_at"])}
            )
            for row in found
        ]

    @staticmethod
    def _values(delivery: Delivery) -> tuple[str | int | None, ...]:
        at = delivery.last_event_at.isoformat()
        known = (delivery.invoice_id, delivery.acct_id, delivery.inv_uuid)
        return (*known, int(delivery.pdf), delivery.email, at, delivery.reason)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file, timeout=30)) as connection, connection:
            connection.row_factory = sqlite3.Row
            connection.execute("pragma synchronous = off")  # it is thrown away
            yield connection
