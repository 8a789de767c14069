"""Which of Slack's scopes the app asks for, and what each is for; the manifest and a test hold to it."""

from collections.abc import Mapping

NEEDED: Mapping[str, str] = {
    "app_mentions:read": "without it nobody can ask by name inside a thread",
    "channels:history": "without it a message may be posted twice when Slack's answer was lost",
    "channels:read": "without it no channel is found by its name",
    "chat:write": "without it nothing is posted",
    "commands": "without it there is no /billing",
    "files:write": "without it there are no charts",
    "groups:history": "as channels:history, in private channels",
    "groups:read": "as channels:read, for private channels",
    "usergroups:read": "without it nobody of a usergroup can approve",
    "users:read": "without it nobody can approve, for nobody is known",
    "users:read.email": "without it two accounts of one person are not told apart, so nobody can approve",
}
