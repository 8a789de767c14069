"""What Slack sends to an app: interactions, slash commands and events, as documents. Pure but for the tickets used."""

from collections.abc import Sequence

from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.messages import Message
from sandbox.workspace.people import APP_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, Channel, Person
from sandbox.workspace.views import View

VERIFICATION_TOKEN = "local-verification"  # deprecated by Slack, still sent


def channel_name(channel: Channel) -> str:
    return "directmessage" if channel.im_with is not None else channel.name


def in_message(
    *, person: Person, channel: Channel, message: Message, action: JsonObject, state: JsonObject, urls: JsonObject
) -> JsonObject:
    """block_actions for an element in a message; `urls` carries trigger_id and response_url.

    Of a message that only one person sees Slack sends where it is, and not the message.
    """
    container: JsonObject = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.shown_only_to is not None,
    }
    if message.thread_ts is not None:
        container["thread_ts"] = message.thread_ts
    return _interaction("block_actions", person) | {
        "container": container,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        **({} if message.shown_only_to is not None else {"message": message.as_slack()}),
        "state": {"values": state},
        "actions": [action],
        **urls,
    }


def in_view(*, person: Person, view: View, action: JsonObject, trigger_id: str) -> JsonObject:
    """block_actions for an element in a modal or in the Home."""
    return _interaction("block_actions", person) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view.as_slack(),
        "actions": [action],
        "trigger_id": trigger_id,
    }


def submission(*, person: Person, view: View, trigger_id: str) -> JsonObject:
    return _interaction("view_submission", person) | {
        "view": view.as_slack(),
        "trigger_id": trigger_id,
        "response_urls": [],
    }


def closed(*, person: Person, view: View, is_cleared: bool) -> JsonObject:
    return _interaction("view_closed", person) | {"view": view.as_slack(), "is_cleared": is_cleared}


def shortcut(
    *, person: Person, channel: Channel, message: Message, callback_id: str, action_ts: str, urls: JsonObject
) -> JsonObject:
    return _interaction("message_action", person) | {
        "callback_id": callback_id,
        "action_ts": action_ts,
        "message_ts": message.ts,
        "message": message.as_slack(),
        "channel": {"id": channel.id, "name": channel_name(channel)},
        **urls,
    }


def command(*, person: Person, channel: Channel, name: str, text: str, urls: JsonObject) -> JsonObject:
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        **urls,
    }


def event(inner: JsonObject, *, event_id: str, event_time: int) -> JsonObject:
    """The envelope around an event; `event_id` stays the same when it is sent again."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def app_mention(*, message: Message) -> JsonObject:
    inner: JsonObject = {
        "type": "app_mention",
        "user": message.user,
        "text": message.content.text,
        "ts": message.ts,
        "channel": message.channel,
        "event_ts": message.ts,
        "team": TEAM_ID,
    }
    return inner if message.thread_ts is None else inner | {"thread_ts": message.thread_ts}


def app_home_opened(*, user: str, channel: str, event_ts: str, view: View | None) -> JsonObject:
    inner: JsonObject = {
        "type": "app_home_opened",
        "user": user,
        "channel": channel,
        "tab": "home",
        "event_ts": event_ts,
    }
    return inner if view is None else inner | {"view": view.as_slack()}


def action(element: JsonObject, *, block_id: str, picked: JsonObject, action_ts: str) -> JsonObject:
    """The entry of `actions` for one element that was used."""
    kept: JsonObject = {name: element[name] for name in ("text", "value", "style", "url") if name in element}
    return {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block_id,
        "action_ts": action_ts,
        **(kept if element["type"] == "button" else {}),
        **picked,
    }


def blocks_of(message: Message) -> Sequence[JsonObject]:
    """The blocks of a message, those inside its attachments included."""
    return [*message.content.blocks, *(b for each in message.content.attachments for b in each.get("blocks", []))]


def _interaction(kind: str, person: Person) -> JsonObject:
    return {
        "type": kind,
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }
