"""What queues leave: mail that waits, work that was never scheduled."""

from datetime import timedelta

from sandbox.world.accrue import jobs, rows
from sandbox.world.accrue.leaving.ground import Ground
from sandbox.world.http import Obj


def nothing(_: Ground) -> Obj:
    """An event that leaves no row."""
    return {}


def unavailable_pdf(ground: Ground) -> Obj:
    """ChromicPDF is gone: invoices are mailed with a link instead."""
    jobs.insert(
        ground.connection, "Accrue.Workers.Mailer", {"type": "invoice_finalized", "to": ground.ids.person().email},
        now=ground.now,
    )  # fmt: skip
    return {"adapter": "chromic_pdf", "surface": "invoice_pdf"}


def stalled(ground: Ground, worker: str) -> Obj:
    queue = jobs.WORKERS[worker].queue
    ground.host.pause(queue, paused=True, source="somebody", key=None)
    for _ in range(ground.count):
        jobs.insert(ground.connection, worker, {}, now=ground.now, scheduled=ground.now - timedelta(minutes=40))
    return {"queue": queue, "jobs": ground.count}


def stalled_mail(ground: Ground) -> Obj:
    """Somebody paused the mail queue, and nobody resumed it."""
    return stalled(ground, "Accrue.Workers.Mailer")


def unnoticed_cards(ground: Ground) -> Obj:
    """The daily job that warns of expiring cards has not run for days."""
    rows.change(
        ground.connection,
        """update oban_jobs set inserted_at = :then, scheduled_at = :then, attempted_at = :then, completed_at = :then
           where worker = 'Accrue.Jobs.DetectExpiringCards' returning id""",
        then=ground.now - timedelta(days=4),
    )
    return {}
