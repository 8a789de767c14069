"""views.*: open, push, update and publish."""

from sandbox.workspace.api.call import Call
from sandbox.workspace.arguments import Arguments
from sandbox.workspace.errors import SlackError, refused_with
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.state import Workspace
from sandbox.workspace.validate import check_view


def open_view(call: Call) -> JsonObject:
    sent = _sent(call.workspace, call.args, kinds=("modal",))
    view = call.workspace.views.open(call.workspace.tickets.exchange(call.args.required("trigger_id")), sent)
    call.workspace.tell_view(view)
    return {"view": view.as_slack()}


def push(call: Call) -> JsonObject:
    sent = _sent(call.workspace, call.args, kinds=("modal",))
    view = call.workspace.views.push(call.workspace.tickets.exchange(call.args.required("trigger_id")), sent)
    call.workspace.tell_view(view)
    return {"view": view.as_slack()}


def update(call: Call) -> JsonObject:
    sent = _sent(call.workspace, call.args, kinds=("modal", "home"))
    view_id, external_id = call.args.text("view_id"), call.args.text("external_id")
    if view_id is None and external_id is None:
        raise refused_with("invalid_arguments", ["[ERROR] missing required field: view_id or external_id"])
    view = call.workspace.views.find(view_id=view_id, external_id=external_id)
    if view.sent["type"] != sent["type"]:
        raise SlackError("view_type_mismatch")
    changed = call.workspace.views.update(view, sent, expected_hash=call.args.text("hash"))
    call.workspace.tell_view(changed)
    return {"view": changed.as_slack()}


def publish(call: Call) -> JsonObject:
    sent = _sent(call.workspace, call.args, kinds=("home",))
    person = call.workspace.person(call.args.required("user_id"))
    view = call.workspace.views.publish(person.id, sent, expected_hash=call.args.text("hash"))
    call.workspace.tell_view(view)
    return {"view": view.as_slack()}


def _sent(workspace: Workspace, args: Arguments, *, kinds: tuple[str, ...]) -> JsonObject:
    view = args.document("view", wrong="invalid_arguments")
    check_view(view, kinds=kinds)
    assert isinstance(view, dict)
    return workspace.prepared(view)
