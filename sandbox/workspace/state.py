"""The whole workspace in memory. It is used from one event loop only, so it needs no locks."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

from sandbox.workspace.config import Config
from sandbox.workspace.errors import SlackError, refused_with
from sandbox.workspace.files import Files
from sandbox.workspace.hub import Hub
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.messages import Content, Message, Messages
from sandbox.workspace.people import BOT_USER_ID, Channel, Person, seed
from sandbox.workspace.tickets import Tickets
from sandbox.workspace.validate import elements_of
from sandbox.workspace.views import View, Views


class Workspace:
    """People, channels, messages, files and views of one team, and the hub that tells of changes.

    :param now: seconds since the epoch
    :param token: returns a new random string of letters and digits each time
    """

    def __init__(self, *, config: Config, now: Callable[[], float], token: Callable[[], str]) -> None:
        self.config = config
        self.now = now
        self.hub = Hub()
        self._token = token
        self._last_ts = 0
        self.reset()

    def reset(self) -> None:
        """Back to the first day: the seeded people and channels, no message."""
        directory = seed(app_name=self.config.app_name, bot_name=self.config.bot_name)
        self.people = directory.people
        self.usergroups = directory.usergroups
        self.channels = directory.channels
        self.messages = Messages(next_ts=self.next_ts)
        self.files = Files()
        self.views = Views(new_id=self.new_id)
        self.tickets = Tickets(now=self.now, new_id=self.new_id)
        self.hub.publish({"kind": "reset"})

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{self._token()}"

    def next_ts(self) -> str:
        """A message time with microseconds, each larger than the one before."""
        self._last_ts = max(int(self.now() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def person(self, user: str) -> Person:
        if user not in self.people:
            raise SlackError("user_not_found")
        return self.people[user]

    def channel(self, name_or_id: str) -> Channel:
        """A channel by id, by #name, or the direct messages with a person by the person's id."""
        if name_or_id in self.people:
            return self.direct_messages(name_or_id)
        for channel in self.channels.values():
            if channel.id == name_or_id or (channel.name and f"#{channel.name}" == name_or_id):
                return channel
        raise SlackError("channel_not_found")

    def channel_of_bot(self, name_or_id: str, *, absent: str = "not_in_channel") -> Channel:
        """A channel that the bot may act in."""
        channel = self.channel(name_or_id)
        if BOT_USER_ID not in channel.members:
            raise SlackError("channel_not_found" if channel.is_private else absent)
        if channel.is_archived:
            raise SlackError("is_archived")
        return channel

    def direct_messages(self, user: str) -> Channel:
        if self.person(user).deleted or user == BOT_USER_ID:
            raise SlackError("user_disabled" if user != BOT_USER_ID else "cannot_dm_bot")
        channel_id = f"D{user.removeprefix('U')}"
        if channel_id not in self.channels:
            members = frozenset({user, BOT_USER_ID})
            self.channels[channel_id] = Channel(id=channel_id, name="", members=members, im_with=user)
            self.hub.publish({"kind": "channels"})
        return self.channels[channel_id]

    def change_channel(self, channel: Channel) -> None:
        self.channels[channel.id] = channel
        self.hub.publish({"kind": "channels"})

    def post(self, draft: Message) -> Message:
        message = self.messages.post(replace(draft, content=self._with_ids(draft.content)))
        self._tell(message)
        return message

    def edit(self, message: Message, content: Content) -> Message:
        edited = self.messages.edit(message, self._with_ids(content))
        self._tell(edited)
        return edited

    def delete(self, message: Message) -> None:
        self.messages.delete(message)
        self._tell(message)

    def touch(self, message: Message) -> None:
        """Keep a message whose reactions or files changed."""
        self.messages.keep(message)
        self._tell(message)

    def prepared(self, view: JsonObject) -> JsonObject:
        """A checked view with the ids that Slack fills in."""
        return view | {"blocks": list(self._blocks_with_ids(view["blocks"]))}

    def tell_view(self, view: View) -> None:
        self.hub.publish({"kind": "home" if view.is_home else "view", "user": view.user})

    def check_pictures(self, blocks: object) -> None:
        """Refuse an image block that points at a file nobody finished uploading."""
        for index, block in enumerate(blocks if isinstance(blocks, list) else []):
            file_id = (block.get("slack_file") or {}).get("id")
            if file_id is not None and not self.files.is_picture(file_id):
                place = f"[json-pointer:/blocks/{index}/slack_file]"
                raise refused_with("invalid_blocks", [f"[ERROR] invalid slack file {place}"])

    def _tell(self, message: Message) -> None:
        self.hub.publish(
            {"kind": "message", "channel": message.channel, "ts": message.ts, "thread_ts": message.thread_ts}
        )

    def _with_ids(self, content: Content) -> Content:
        return replace(
            content,
            blocks=self._blocks_with_ids(content.blocks),
            attachments=tuple(
                each | {"blocks": list(self._blocks_with_ids(each["blocks"]))} if each.get("blocks") else each
                for each in content.attachments
            ),
        )

    def _blocks_with_ids(self, blocks: tuple[JsonObject, ...] | list[JsonObject]) -> tuple[JsonObject, ...]:
        """Give every block a block_id and every element an action_id, as Slack does for those that have none."""
        named = deepcopy(list(blocks))
        for block in named:
            block.setdefault("block_id", self._token()[:5])
            for element, _ in elements_of(block):
                element.setdefault("action_id", self._token()[:5])
        return tuple(named)
