"""Adventive: an invoice's e-mail is sent again once it can be; a recipient who is suppressed is left alone."""

import pytest

from tests.kit.scene import Scene

pytestmark = pytest.mark.side_by_side


@pytest.mark.plays("adventive/invoice-email-undelivered", "render-pdf", "resend")
def test_an_invoice_is_mailed_again_once_its_pdf_is_there(scene: Scene) -> None:
    broken = scene.world.start("suppress-invoice-email", variant="pdf_missing")
    invoice = broken["invoice_id"]

    incident = scene.incident("adventive.invoice.email_undelivered", invoice)

    incident.until("The PDF is missing", "warns against *Resend the e-mail*")
    incident.evidence(invoice, "The invoice at Stripe", "pdf: *missing*", "email: *failed*")
    assert incident.charts()

    # The runbook warns, so the form opens and shows it; who asks all the same is told no by the guard.
    too_early = incident.ask("U0CHI", "resend", form={})
    too_early.until("not possible", "The PDF is missing; the Worker would send nothing. Render it first.")

    render = incident.ask("U0CHI", "render-pdf").until("waiting for approval", invoice)
    render.refuses("U0CHI", "somebody else must approve")
    render.refuses("U0EXT", "People of other workspaces do not decide")
    render.approve("U0LEAD2").until("done and verified")

    incident.until("A resend is the remedy")
    resend = incident.ask("U0ANA", "resend").until("waiting for approval", invoice)
    resend.refuses("U0ANA2", "belongs to the person who asked")
    resend.approve("U0LEAD1").until("done and verified")

    done = [each["action"] for each in scene.world.effects("adventive") if each["target"] == invoice]
    assert done == ["invoice.pdf_rendered", "invoice.email_sent"]
    incident.until("RESOLVED")


def test_a_suppressed_recipient_is_not_mailed(scene: Scene) -> None:
    broken = scene.world.start("suppress-invoice-email", variant="suppressed_recipient")
    invoice = broken["invoice_id"]

    incident = scene.incident("adventive.invoice.email_undelivered", invoice)
    incident.until("on Mailgun's suppression list", "warns against *Resend the e-mail*")
    refused = incident.ask("U0ANA", "resend", form={})

    refused.until("not possible", "Reach the customer another way")
    assert [each for each in scene.world.effects("adventive") if each["target"] == invoice] == []
