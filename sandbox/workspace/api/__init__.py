"""The Web API methods this workspace knows: for each its handler, the scopes it needs, its rate tier."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sandbox.workspace.api import app, chat, conversations, files, users, views
from sandbox.workspace.api.call import Call
from sandbox.workspace.jsontype import JsonObject

Handler = Callable[[Call], JsonObject]


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """`scopes`: one of them is needed (none: none). `per_minute`: how many calls Slack allows.

    `per_channel`: a rate of its own per channel and second, as chat.postMessage has.
    """

    handler: Handler
    scopes: tuple[str, ...] = ()
    per_minute: int
    per_channel: float | None = None
    token: Literal["bot", "app", "any"] = "bot"


_TIER_2, _TIER_3, _TIER_4 = 20, 50, 100
_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")

METHODS: dict[str, Method] = {
    "apps.connections.open": Method(
        handler=app.open_connection, scopes=("connections:write",), per_minute=_TIER_2, token="app"
    ),
    "auth.test": Method(handler=app.auth_test, per_minute=600, token="any"),
    "bots.info": Method(handler=app.bots_info, scopes=("users:read",), per_minute=_TIER_3),
    "chat.delete": Method(handler=chat.delete, scopes=("chat:write",), per_minute=_TIER_3),
    "chat.getPermalink": Method(handler=chat.get_permalink, per_minute=600),
    "chat.postEphemeral": Method(handler=chat.post_ephemeral, scopes=("chat:write",), per_minute=_TIER_4),
    "chat.postMessage": Method(handler=chat.post_message, scopes=("chat:write",), per_minute=300, per_channel=1.0),
    "chat.update": Method(handler=chat.update, scopes=("chat:write",), per_minute=_TIER_3),
    "conversations.history": Method(handler=conversations.history, scopes=_HISTORY, per_minute=_TIER_3),
    "conversations.info": Method(handler=conversations.info, scopes=_READ, per_minute=_TIER_3),
    "conversations.join": Method(handler=conversations.join, scopes=("channels:join",), per_minute=_TIER_3),
    "conversations.list": Method(handler=conversations.list_conversations, scopes=_READ, per_minute=_TIER_2),
    "conversations.members": Method(handler=conversations.members, scopes=_READ, per_minute=_TIER_4),
    "conversations.open": Method(
        handler=conversations.open_conversation, scopes=("im:write", "mpim:write"), per_minute=_TIER_3
    ),
    "conversations.replies": Method(handler=conversations.replies, scopes=_HISTORY, per_minute=_TIER_3),
    "files.completeUploadExternal": Method(handler=files.complete_upload, scopes=("files:write",), per_minute=_TIER_4),
    "files.getUploadURLExternal": Method(handler=files.get_upload_url, scopes=("files:write",), per_minute=_TIER_4),
    "files.info": Method(handler=files.info, scopes=("files:read",), per_minute=_TIER_4),
    "reactions.add": Method(handler=app.add_reaction, scopes=("reactions:write",), per_minute=_TIER_3),
    "reactions.remove": Method(handler=app.remove_reaction, scopes=("reactions:write",), per_minute=_TIER_2),
    "usergroups.list": Method(handler=users.list_usergroups, scopes=("usergroups:read",), per_minute=_TIER_2),
    "usergroups.users.list": Method(handler=users.usergroup_users, scopes=("usergroups:read",), per_minute=_TIER_2),
    "users.info": Method(handler=users.info, scopes=("users:read",), per_minute=_TIER_4),
    "users.list": Method(handler=users.list_users, scopes=("users:read",), per_minute=_TIER_2),
    "users.lookupByEmail": Method(handler=users.lookup_by_email, scopes=("users:read.email",), per_minute=_TIER_3),
    "views.open": Method(handler=views.open_view, per_minute=_TIER_4),
    "views.publish": Method(handler=views.publish, per_minute=_TIER_4),
    "views.push": Method(handler=views.push, per_minute=_TIER_4),
    "views.update": Method(handler=views.update, per_minute=_TIER_4),
}
