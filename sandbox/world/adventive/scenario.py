"""Suppress an invoice e-mail: its PDF is missing, or its recipient is on a suppression list."""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sandbox.world.adventive.worker import Worker
from sandbox.world.http import Obj
from sandbox.world.ids import Ids


class Options(BaseModel):
    """Which of the two causes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    variant: Literal["pdf_missing", "suppressed_recipient"] = "pdf_missing"


@dataclass(frozen=True, slots=True)
class SuppressInvoiceEmail:
    """Each start takes another invoice, for as long as there are others."""

    worker: Worker
    ids: Ids
    taken: set[str] = field(default_factory=set)

    id = "suppress-invoice-email"
    title = "Suppress an invoice e-mail"
    system = "adventive"
    about = "An invoice's PDF cannot be rendered, so its e-mail fails and the customer hears nothing."

    def running(self) -> bool:
        """While any of these invoices is undelivered."""
        return self.worker.lasts(self.id)

    def start(self, params: Obj) -> Obj:
        """Break one delivered invoice."""
        wanted = Options.model_validate(params)
        delivered = self.worker.delivered()
        fresh = [each for each in delivered if each.invoice_id not in self.taken]
        delivery = self.ids.random.choice(fresh or delivered)
        self.taken.add(delivery.invoice_id)
        match wanted.variant:
            case "pdf_missing":
                self.worker.lose_pdf(delivery.invoice_id, cause=self.id)
            case "suppressed_recipient":
                self.worker.suppress_recipient(delivery.invoice_id, "bounces", cause=self.id)
        return {"invoice_id": delivery.invoice_id, "pdf_key": delivery.key, "variant": wanted.variant}
