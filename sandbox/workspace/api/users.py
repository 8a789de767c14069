"""users.* and usergroups.*: who is here."""

from sandbox.workspace.api.call import Call, Caller
from sandbox.workspace.api.paging import page
from sandbox.workspace.errors import SlackError
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.people import Person

EMAIL = "users:read.email"


def info(call: Call) -> JsonObject:
    return {"user": _shown(call.workspace.person(call.args.required("user")), call.caller)}


def list_users(call: Call) -> JsonObject:
    people, cursor = page(list(call.workspace.people.values()), call.args, default=1000)
    return {
        "members": [_shown(person, call.caller) for person in people],
        "cache_ts": int(call.workspace.now()),
        "response_metadata": {"next_cursor": cursor},
    }


def lookup_by_email(call: Call) -> JsonObject:
    email = call.args.required("email").lower()
    for person in call.workspace.people.values():
        if person.email == email and not person.deleted and not person.is_stranger:
            return {"user": _shown(person, call.caller)}
    raise SlackError("users_not_found")


def list_usergroups(call: Call) -> JsonObject:
    with_users = call.args.flag("include_users")
    return {"usergroups": [group.as_slack(with_users=with_users) for group in call.workspace.usergroups.values()]}


def usergroup_users(call: Call) -> JsonObject:
    group = call.workspace.usergroups.get(call.args.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    with_disabled = call.args.flag("include_disabled")
    return {"users": [user for user in group.users if with_disabled or not call.workspace.people[user].deleted]}


def _shown(person: Person, caller: Caller) -> JsonObject:
    return person.as_slack(with_email=EMAIL in caller.scopes)
