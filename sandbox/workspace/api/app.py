"""auth.test, bots.info, reactions.* and apps.connections.open: the app itself and its small gestures."""

from dataclasses import replace

from sandbox.workspace.api.call import Call
from sandbox.workspace.errors import SlackError
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.people import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID, TEAM_NAME


def auth_test(call: Call) -> JsonObject:
    if call.caller.token == "app":
        return {"app_id": APP_ID, "app_name": call.workspace.config.app_name, "is_enterprise_install": False}
    return {
        "url": f"{call.workspace.config.url}/",
        "team": TEAM_NAME,
        "user": call.workspace.config.bot_name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def bots_info(call: Call) -> JsonObject:
    if call.args.text("bot") not in {None, BOT_ID}:
        raise SlackError("bot_not_found")
    bot: JsonObject = {"id": BOT_ID, "app_id": APP_ID, "user_id": BOT_USER_ID}
    return {"bot": bot | {"name": call.workspace.config.app_name, "deleted": False, "updated": 0, "icons": {}}}


def add_reaction(call: Call) -> JsonObject:
    channel = call.workspace.channel_of_bot(call.args.required("channel"))
    message = call.workspace.messages.get(channel.id, call.args.required("timestamp"))
    mine = (call.args.required("name").strip(":"), BOT_USER_ID)
    if mine in message.reactions:
        raise SlackError("already_reacted")
    call.workspace.touch(replace(message, reactions=(*message.reactions, mine)))
    return {}


def remove_reaction(call: Call) -> JsonObject:
    channel = call.workspace.channel_of_bot(call.args.required("channel"))
    message = call.workspace.messages.get(channel.id, call.args.required("timestamp"))
    mine = (call.args.required("name").strip(":"), BOT_USER_ID)
    if mine not in message.reactions:
        raise SlackError("no_reaction")
    call.workspace.touch(replace(message, reactions=tuple(each for each in message.reactions if each != mine)))
    return {}


def open_connection(call: Call) -> JsonObject:
    """A one-time address for a Socket Mode connection."""
    if not call.workspace.config.socket_mode:
        raise SlackError("socket_mode_not_enabled")
    address = call.workspace.config.url.replace("http", "ws", 1)
    return {"url": f"{address}/slack/socket?ticket={call.workspace.tickets.connection()}&app_id={APP_ID}"}
