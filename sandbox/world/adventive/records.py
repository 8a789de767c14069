"""What the billing Worker keeps: invoices with their PDF and e-mail, usage that drifts, the last reconciliation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sandbox.world.http import Obj

EmailState: TypeAlias = Literal["delivered", "failed", "suppressed", "not_sent"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One invoice's PDF and e-mail. `reason` is why the e-mail is not delivered."""

    invoice_id: str
    acct_id: str
    inv_uuid: str
    pdf: bool
    email: EmailState
    last_event_at: datetime
    reason: str | None = None

    @property
    def key(self) -> str:
        """Where the PDF lies in R2."""
        return f"{self.acct_id}/{self.inv_uuid}.pdf"


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """Usage of one account, period and type that the Worker counted and Stripe was told otherwise."""

    account_id: str
    period: str
    usage_type: str
    counted: float
    billed: float
    invoice_id: str

    @property
    def slot(self) -> str:
        """What `/usage` is idempotent by."""
        return f"{self.account_id}:{self.period}:{self.usage_type}"

    def told(self) -> Obj:
        """As the reconciliation tells it."""
        missing = self.counted - self.billed
        return {
            "account_id": self.account_id, "period": self.period, "usage_type": self.usage_type,
            "counted": self.counted, "billed": self.billed, "missing": missing, "invoice_id": self.invoice_id,
            "amount_difference": round(missing * 7), "currency": "usd",
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """The last reconciliation."""

    ran_at: datetime
    accounts: int
    drifts: tuple[Drift, ...]
