"""The workspace as the page and the tests see it: JSON views of people, channels, messages and open modals."""

from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.messages import Message
from sandbox.workspace.people import BOT_ID, BOT_USER_ID, TEAM_ID, TEAM_NAME, Channel, Person
from sandbox.workspace.state import Workspace


def workspace(state: Workspace) -> JsonObject:
    """Everything that changes seldom: the team, the app, people, user groups."""
    config = state.config
    return {
        "team": {"id": TEAM_ID, "name": TEAM_NAME},
        "app": {
            "name": config.app_name,
            "user": BOT_USER_ID,
            "bot_id": BOT_ID,
            "commands": list(config.commands),
            "shortcuts": [{"callback_id": each.callback_id, "name": each.name} for each in config.shortcuts],
            "events": sorted(config.events),
            "socket_mode": config.socket_mode,
            "bot": config.bot,
        },
        "people": [person(each) for each in state.people.values()],
        "usergroups": [group.as_slack(with_users=True) for group in state.usergroups.values()],
    }


def person(each: Person) -> JsonObject:
    return {
        "id": each.id,
        "name": each.name,
        "real_name": each.real_name,
        "email": each.email,
        "title": each.title,
        "deleted": each.deleted,
        "is_bot": each.is_bot,
        "is_restricted": each.is_restricted,
        "is_stranger": each.is_stranger,
    }


def channel(each: Channel) -> JsonObject:
    return {
        "id": each.id,
        "name": each.name,
        "topic": each.topic,
        "is_private": each.is_private,
        "is_archived": each.is_archived,
        "im_with": each.im_with,
        "members": sorted(each.members),
        "bot_is_member": BOT_USER_ID in each.members,
    }


def message(each: Message) -> JsonObject:
    """A message as Slack shows it, and what only the workspace knows of it."""
    return each.as_slack(with_metadata=True) | {
        "channel": each.channel,
        "thread_ts": each.thread_ts,
        "edits": each.edits,
        "shown_only_to": each.shown_only_to,
        "broadcast": each.broadcast,
        "replies": [],
    }


def messages(state: Workspace, channel_id: str, *, user: str | None) -> list[JsonObject]:
    """The roots of a channel with their replies inside, oldest first.

    :param user: whose eyes: ephemeral messages to others are left out; None sees everything
    """
    seen = [m for m in state.messages.of(channel_id) if user is None or m.shown_only_to in {None, user}]
    roots = {m.ts: message(m) for m in seen if not m.is_reply}
    for reply in (m for m in seen if m.is_reply and m.thread_ts in roots):
        roots[reply.thread_ts or ""]["replies"].append(message(reply))
    return list(roots.values())


def views(state: Workspace, user: str) -> JsonObject:
    """The modals somebody has open, top last, and their Home."""
    home = state.views.home(user)
    return {
        "stack": [view.as_slack() for view in state.views.stack(user)],
        "home": None if home is None else home.as_slack(),
    }
