"""Who and what lives in the workspace: people, user groups and channels, and the ones it starts with."""

from dataclasses import dataclass, field

from sandbox.workspace.jsontype import JsonObject

TEAM_ID = "T0BILLING"
TEAM_NAME = "Billing"
TEAM_DOMAIN = "billing-local"
OTHER_TEAM_ID = "T0PARTNER"
APP_ID = "A0BOT"
BOT_ID = "B0BOT"
BOT_USER_ID = "U0BOT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One account. A stranger belongs to another team and is here through a shared channel."""

    id: str
    name: str
    real_name: str
    email: str = ""
    title: str = ""
    team_id: str = TEAM_ID
    deleted: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_stranger: bool = False

    def as_slack(self, *, with_email: bool) -> JsonObject:
        """The `user` object of users.info; the e-mail only for a token that may see it."""
        profile: JsonObject = {
            "real_name": self.real_name,
            "display_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name_normalized": self.real_name,
            "title": self.title,
            "team": self.team_id,
        }
        if with_email and self.email:
            profile["email"] = self.email
        if self.is_bot:
            profile |= {"bot_id": BOT_ID, "api_app_id": APP_ID}
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "tz": "Etc/UTC",
            "tz_label": "Coordinated Universal Time",
            "tz_offset": 0,
            "profile": profile,
            "is_admin": False,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_stranger": self.is_stranger,
            "updated": 0,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Usergroup:
    id: str
    handle: str
    name: str
    users: tuple[str, ...]

    def as_slack(self, *, with_users: bool) -> JsonObject:
        shown: JsonObject = {
            "id": self.id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "name": self.name,
            "handle": self.handle,
            "description": "",
            "is_external": False,
            "date_delete": 0,
            "user_count": len(self.users),
        }
        if with_users:
            shown["users"] = list(self.users)
        return shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A channel, or a direct message with the app when `im_with` names the other person."""

    id: str
    name: str
    members: frozenset[str]
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    im_with: str | None = None

    @property
    def kind(self) -> str:
        """The word that Slack's scopes use for it: channels, groups or im."""
        if self.im_with is not None:
            return "im"
        return "groups" if self.is_private else "channels"

    def as_slack(self) -> JsonObject:
        if self.im_with is not None:
            return {"id": self.id, "created": 0, "is_im": True, "user": self.im_with, "is_archived": False}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "created": 0,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": self.name == "general",
            "is_member": BOT_USER_ID in self.members,
            "num_members": len(self.members),
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """Everyone and everything a fresh workspace starts with."""

    people: dict[str, Person] = field(default_factory=dict)
    usergroups: dict[str, Usergroup] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)


def seed(*, app_name: str, bot_name: str) -> Directory:
    """The Billing team: two people on call, two leads, and the accounts an approval must not fall for."""
    people = [
        Person(id="U0ANA", name="ana", real_name="Ana", email="ana@example.com", title="On call"),
        Person(id="U0CHI", name="chi", real_name="Chi", email="chi@example.com", title="On call"),
        Person(id="U0LEAD1", name="lee", real_name="Lee", email="lee@example.com", title="Billing lead"),
        Person(id="U0LEAD2", name="mo", real_name="Mo", email="mo@example.com", title="Billing lead"),
        Person(
            id="U0GUEST",
            name="gale",
            real_name="Gale",
            email="gale@example.com",
            title="Guest",
            is_restricted=True,
        ),
        Person(
            id="U0EXT",
            name="ext",
            real_name="Ext (partner)",
            email="ext@partner.example.com",
            title="Other company",
            team_id=OTHER_TEAM_ID,
            is_stranger=True,
        ),
        Person(id="U0GONE", name="gone", real_name="Gone", email="gone@example.com", title="Left", deleted=True),
        Person(id="U0ANA2", name="ana2", real_name="Ana (2nd account)", email="ana@example.com", title="On call"),
        Person(id=BOT_USER_ID, name=bot_name, real_name=app_name, is_bot=True),
    ]
    team = {"U0ANA", "U0CHI", "U0LEAD1", "U0LEAD2", "U0ANA2"}
    channels = [
        Channel(
            id="C0ONCALL",
            name="billing-oncall",
            topic="Billing incidents, one thread each",
            members=frozenset(team | {"U0GUEST", "U0EXT", BOT_USER_ID}),
        ),
        Channel(
            id="C0LEADS",
            name="billing-leads",
            topic="Decisions that need a lead",
            members=frozenset({"U0ANA", "U0LEAD1", "U0LEAD2", BOT_USER_ID}),
        ),
        Channel(id="C0GENERAL", name="general", topic="Everybody", members=frozenset(team | {"U0GUEST"})),
    ]
    oncall = Usergroup(
        id="S0ONCALL", handle="billing-oncall", name="Billing on call", users=("U0ANA", "U0CHI", "U0ANA2")
    )
    return Directory(
        people={person.id: person for person in people},
        usergroups={oncall.id: oncall},
        channels={channel.id: channel for channel in channels},
    )
