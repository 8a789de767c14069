"""Slack: the token, its scopes, the channels of the rules, the usergroups and the people who approve."""

from collections.abc import Iterable, Mapping

from slack_sdk import WebClient

from bot.adapters.scopes import NEEDED
from bot.adapters.slack_calls import translated
from bot.core.errors import Refused
from bot.doctor.finding import Finding, Findings, broken, ok, skipped, warning
from bot.engine.system import System
from bot.settings import Settings

_WHERE = "slack"
_PAGES = 20


def slack(settings: Settings, client: WebClient, systems: Mapping[str, System]) -> Findings:
    """Raises one of our errors when Slack does not answer, or does not take the token."""
    if settings.slack_bot_token is None:
        yield skipped(_WHERE, "not configured; incidents wait for it in the database", "Set SLACK_BOT_TOKEN")
        return
    with translated():
        said = client.auth_test()
    team = str(said["team_id"])
    if settings.slack_teams and team not in settings.slack_teams:
        yield broken(
            _WHERE, f"SLACK_TEAM_ID does not name the token's workspace {team}", "Every click would be refused"
        )
    yield ok(_WHERE, f"signed in to {said['team']} as {said['user']}")
    granted = _scopes(said.headers)
    yield from _missing(granted)
    yield from _way_in(settings)
    if granted >= {"channels:read", "groups:read"}:
        yield from _channels(client, _wanted(settings, systems))
    if granted >= {"users:read", "usergroups:read"}:
        yield from _approvers(client, systems)


def _scopes(headers: Mapping[str, str]) -> frozenset[str]:
    named = {name.lower(): value for name, value in headers.items()}
    return frozenset(filter(None, (each.strip() for each in named.get("x-oauth-scopes", "").split(","))))


def _missing(granted: frozenset[str]) -> Findings:
    missing = [scope for scope in NEEDED if scope not in granted]
    for scope in missing:
        todo = f"Add it to the app (docs/slack-manifest.yml) and install the app again: {NEEDED[scope]}"
        yield broken(_WHERE, f"the scope {scope} is missing", todo)
    if not missing:
        yield ok(_WHERE, "every scope of the manifest is granted")
    more = sorted(granted - NEEDED.keys())
    if more:
        yield warning(_WHERE, f"more scopes than needed: {', '.join(more)}", "Take them away")


def _way_in(settings: Settings) -> Findings:
    if settings.slack_app_token is not None:
        yield ok(_WHERE, "Socket Mode")
    elif settings.slack_signing_secret is not None:
        yield ok(_WHERE, "HTTP; Slack must reach /slack/events")
    else:
        yield broken(_WHERE, "clicks and commands cannot come in", "Set SLACK_SIGNING_SECRET, or SLACK_APP_TOKEN")


def _wanted(settings: Settings, systems: Mapping[str, System]) -> frozenset[str]:
    named = {rule.channel for system in systems.values() for rule in system.rules if rule.channel}
    return frozenset({settings.fallback_channel, *named, *(system.channel for system in systems.values())})


def _channels(client: WebClient, wanted: Iterable[str]) -> Findings:
    known: dict[str, bool] = {}
    names: dict[str, str] = {}  # by id
    cursor = None
    for _ in range(_PAGES):
        with translated():
            page = client.conversations_list(
                types="public_channel,private_channel", exclude_archived=True, limit=1000, cursor=cursor
            )
        for each in page["channels"]:
            names[str(each["id"])] = f"#{each['name']}"
            known |= dict.fromkeys((f"#{each['name']}", str(each["id"])), bool(each.get("is_member")))
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            break
    for id_ in sorted(names.keys() & set(wanted)):
        if names[id_] in wanted:
            yield warning(
                _WHERE,
                f"the rules call one channel {names[id_]} and {id_}",
                "Call it the same everywhere: storms and the order of messages are by the name",
            )
    for channel in sorted(wanted):
        if channel not in known:
            yield broken(_WHERE, f"there is no channel {channel} that the app can see", "Create it, and invite the app")
        elif not known[channel]:
            yield broken(_WHERE, f"the app is not in {channel}", f"Write /invite @countersign in {channel}")
        else:
            yield ok(_WHERE, f"{channel} can be posted to")


def _approvers(client: WebClient, systems: Mapping[str, System]) -> Findings:
    groups = [group for system in systems.values() for group in system.approvers.values()]
    for usergroup in sorted({group.usergroup for group in groups if group.usergroup}):
        yield _usergroup(client, usergroup)
    for user in sorted({user for group in groups for user in group.users}):
        yield from _approver(client, user)


def _usergroup(client: WebClient, usergroup: str) -> Finding:
    try:
        with translated():
            members = client.usergroups_users_list(usergroup=usergroup)["users"]
    except Refused as error:
        return broken(_WHERE, f"usergroup {usergroup}: {error.why}", "Nobody approves by it; mend approvers in rules/")
    if len(members) < 2:
        return warning(_WHERE, f"usergroup {usergroup} has {len(members)} members", "It takes two people to act")
    return ok(_WHERE, f"usergroup {usergroup} has {len(members)} members")


def _approver(client: WebClient, user: str) -> Findings:
    try:
        with translated():
            found = client.users_info(user=user)["user"]
    except Refused as error:
        yield broken(_WHERE, f"approver {user}: {error.why}", "Mend approvers in rules/")
        return
    if found.get("deleted") or found.get("is_bot") or found.get("is_restricted"):
        yield broken(_WHERE, f"approver {user} is no full member any more", "Mend approvers in rules/")
