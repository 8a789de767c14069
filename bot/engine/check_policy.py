"""What an action's policy leans on is there: money to limit, a phrase to type, keys that last long enough."""

from collections.abc import Iterator

from bot.core.errors import ContentError
from bot.core.evidence import Shown
from bot.engine.approval import IDEMPOTENCY_WINDOW
from bot.engine.catalog import Source
from bot.engine.document import Document, Path
from bot.engine.runbook import Action, Risk, Runbook
from bot.engine.shapes import columns_of


def policy(source: Source[Runbook]) -> Iterator[ContentError]:
    """Findings about the policies of a runbook's actions."""
    for at, action in enumerate(source.value.actions):
        yield from _action(source.document, ("actions", at), action)


def _action(document: Document, path: Path, action: Action) -> Iterator[ContentError]:
    if action.phrase is not None and action.risk is not Risk.SEVERE:
        yield document.finding((*path, "phrase"), f"is typed for risk: severe only, and this is {action.risk}")
    if action.sends_to_stripe and action.approve.expires >= IDEMPOTENCY_WINDOW:
        hours = int(IDEMPOTENCY_WINDOW.total_seconds() // 3600)
        what = f"Stripe forgets idempotency keys after a day, so an approval lasts less than {hours} h"
        yield document.finding((*path, "approve", "expires"), what)
    if action.limits.currencies and (why := _no_money(action)):
        field = "max_amount" if action.limits.max_amount else "soft"
        yield document.finding((*path, "limits", field), why)


def _no_money(action: Action) -> str | None:
    """Why the amount that its targets are worth cannot be told."""
    step = action.targets.sql or action.targets.http or action.targets.stripe
    columns = columns_of(step) if step else {}
    money = [name for name, shown in columns.items() if shown is Shown.MINOR]
    if len(money) != 1:
        found = f"has {' and '.join(money)}" if money else "has none"
        return f"targets: needs one column of class minor, whose amounts are limited; it {found}"
    return None if "currency" in columns else "targets: has no column currency, so nobody knows what its amounts are in"
