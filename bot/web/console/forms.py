"""What a submitted form of the console asks for, handed to the desk."""

from collections.abc import Mapping

from bot.core.quoting import duration
from bot.desk import Cause, Declined, Desk, Done, outside
from bot.desk.outside import Caller, Door
from bot.engine.approval import Choice
from bot.web.errors import Problem

Typed = Mapping[str, str]
_CHOICES = {"approve": Choice.APPROVE, "deny": Choice.DENY, "break_glass": Choice.BREAK_GLASS}
_INPUT = "input."  # before the names of an action's own inputs


def on_request(desk: Desk, request_id: str, typed: Typed) -> Done | Declined:
    """Vote, run it alone, stop, go on, settle or review. Raises Problem (400) for a form that says none of these."""
    caller, reason = _caller(typed), typed.get("reason") or None
    match typed.get("do"):
        case "approve" | "deny" | "break_glass" as do:
            is_anyway = do == "approve" and typed.get("anyway") == "yes"
            return outside.decide(
                desk,
                caller,
                request_id=request_id,
                digest=typed.get("digest", "")[:64],
                choice=Choice.ANYWAY if is_anyway else _CHOICES[do],
                reason=reason,
                typed=typed.get("phrase") or None,
            )
        case "stop":
            return outside.stop(desk, caller, request_id=request_id)
        case "resume":
            return outside.resume(desk, caller, request_id=request_id, reason=reason)
        case "took_effect" | "no_effect" as said:
            became = said == "took_effect"
            return outside.settle(desk, caller, request_id=request_id, took_effect=became, reason=reason)
        case "review":
            return outside.review(desk, caller, request_id=request_id)
        case _:
            raise Problem(400, "bad_input", "Say what is to be done.")


def on_silence(desk: Desk, incident_id: str, typed: Typed) -> Done | Declined:
    """Silence an incident's alerts, or lift that. Raises Problem (400) for a form that says neither."""
    caller = _caller(typed)
    match typed.get("do"):
        case "silence":
            try:
                length = duration(typed.get("length", "").strip())
            except ValueError as error:
                return Declined(why=Cause.BAD_INPUT, say=f"For how long: {error}")
            reason = typed.get("reason") or None
            return outside.silence(desk, caller, incident_id=incident_id, length=length, reason=reason)
        case "unsilence":
            return outside.unsilence(desk, caller, incident_id=incident_id)
        case _:
            raise Problem(400, "bad_input", "Say whether it is silenced or that is lifted.")


def on_incident(desk: Desk, incident_id: str, typed: Typed) -> Done | Declined:
    """Ask for an action, or for the undo of a request."""
    return outside.ask(
        desk,
        _caller(typed),
        incident_id=incident_id,
        action=typed.get("action", "")[:64],
        inputs={name.removeprefix(_INPUT): value for name, value in typed.items() if name.startswith(_INPUT)},
        reason=typed.get("reason") or None,
        original_id=typed.get("undoes") or None,
    )


def on_switches(desk: Desk, typed: Typed) -> Done | Declined:
    """Engage or release one. Raises Problem (400) for a form that says neither."""
    caller, name, reason = _caller(typed), typed.get("name", "").strip()[:120], typed.get("reason", "")
    match typed.get("do"):
        case "engage":
            try:
                ttl = duration(typed.get("remind_after", "").strip() or "4h")
            except ValueError as error:
                return Declined(why=Cause.BAD_INPUT, say=f"Remind after: {error}")
            return outside.engage(desk, caller, name=name, reason=reason, ttl=ttl)
        case "release":
            return outside.release(desk, caller, name=name, reason=reason)
        case _:
            raise Problem(400, "bad_input", "Say whether it is engaged or released.")


def _caller(typed: Typed) -> Caller:
    return Caller(
        person=typed.get("person", "").strip().upper()[:32], code=typed.get("code", "")[:10], door=Door.CONSOLE
    )
