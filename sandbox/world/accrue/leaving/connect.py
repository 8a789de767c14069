"""What sellers leave: an account that went, a capability that is off, a payout that came back."""

from sandbox.world.accrue import rows
from sandbox.world.accrue.leaving.ground import Ground
from sandbox.world.http import Obj


def deauthorized(ground: Ground) -> Obj:
    """A seller has disconnected; the handler took the application for the account, so no row was found."""
    account = ground.some("accrue_connect_accounts", "true")
    return {
        "stripe_account_id": ground.ids.stripe("ca", 16),
        "unresolved": True,
        "is": str(account["stripe_account_id"]),
    }


def lost_capability(ground: Ground) -> Obj:
    """Transfers to a seller are off until a requirement is met."""
    account = ground.some("accrue_connect_accounts", "true")
    rows.change(
        ground.connection,
        """update accrue_connect_accounts set updated_at = :now,
             capabilities = jsonb_set(capabilities, '{transfers}', '"inactive"'),
             requirements = jsonb_set(requirements, '{currently_due}', '["external_account"]')
           where id = :id returning id""",
        id=account["id"], now=ground.now,
    )  # fmt: skip
    acct = str(account["stripe_account_id"])
    ground.books.change("account", acct, capabilities={"card_payments": "active", "transfers": "inactive"})
    return {"stripe_account_id": acct, "capability": "transfers", "from": "active", "to": "inactive"}


def failed_payout(ground: Ground) -> Obj:
    """A seller's bank sent the money back; the account in the event is the bank account."""
    payout = next(each for each in ground.books.all("payout") if each["failure_code"])
    return {"payout_id": payout["id"], "stripe_account_id": payout["destination"], "failure_code": "account_closed"}
