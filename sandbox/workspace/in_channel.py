"""What people do in a channel: press a message's buttons, run commands, write, use shortcuts, open the Home."""

from sandbox.workspace import payloads
from sandbox.workspace.acting import (
    NotPossibleError,
    Outcome,
    action_of,
    active_person,
    find_element,
    given_state,
    joined_channel,
    response_address,
    seen,
)
from sandbox.workspace.answers import Place, answer, parse_reply
from sandbox.workspace.courier import Courier
from sandbox.workspace.errors import SlackError
from sandbox.workspace.inputs import state_of
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.messages import Content, Message
from sandbox.workspace.people import BOT_USER_ID, Channel, Person
from sandbox.workspace.state import Workspace


class InChannel:
    """Acts for people in channels. Every method takes the acting person's id first.

    :raises NotPossibleError: for what the page would not offer
    """

    def __init__(self, *, workspace: Workspace, courier: Courier) -> None:
        self._workspace = workspace
        self._courier = courier

    async def click(
        self,
        user: str,
        *,
        channel: str,
        ts: str,
        action_id: str,
        block_id: str | None,
        given: object,
        state: JsonObject,
    ) -> Outcome:
        """Use an element of a message: press a button, choose in a menu."""
        person, place, message = self._at(user, channel, ts)
        blocks = payloads.blocks_of(message)
        block, element = find_element(blocks, action_id=action_id, block_id=block_id)
        payload = payloads.in_message(
            person=person,
            channel=place,
            message=message,
            action=action_of(block, element, given=given, action_ts=self._workspace.next_ts()),
            state=state_of(blocks, given_state(state, action_id=action_id, given=given)),
            urls=self._urls(person, place, message),
        )
        return seen(await self._courier.deliver("interactive", payload))

    async def shortcut(self, user: str, *, channel: str, ts: str, callback_id: str) -> Outcome:
        """Use a shortcut from a message's menu."""
        if callback_id not in {each.callback_id for each in self._workspace.config.shortcuts}:
            raise NotPossibleError(f"the app offers no shortcut {callback_id!r}")
        person, place, message = self._at(user, channel, ts)
        payload = payloads.shortcut(
            person=person,
            channel=place,
            message=message,
            callback_id=callback_id,
            action_ts=self._workspace.next_ts(),
            urls=self._urls(person, place, message),
        )
        return seen(await self._courier.deliver("interactive", payload))

    async def command(self, user: str, *, channel: str, name: str, text: str) -> Outcome:
        """Run a slash command; what the bot answers at once is shown as Slack shows it."""
        person = active_person(self._workspace, user)
        place = joined_channel(self._workspace, person, channel)
        if name not in self._workspace.config.commands:
            return Outcome(ok=False, error="unknown_command")
        urls = self._urls(person, place, None)
        payload = payloads.command(person=person, channel=place, name=name, text=text, urls=urls)
        answered = await self._courier.deliver("slash_commands", payload)
        if answered.body:
            return self._show(person, place, typed=f"{name} {text}".strip(), body=answered.body)
        return seen(answered)

    async def say(self, user: str, *, channel: str, text: str, thread_ts: str | None) -> Outcome:
        """Write a message; the bot hears of it when it is mentioned in a channel it is in."""
        person = active_person(self._workspace, user)
        place = joined_channel(self._workspace, person, channel)
        message = self._write(person, place, text, thread_ts=thread_ts)
        if f"<@{BOT_USER_ID}>" not in text or BOT_USER_ID not in place.members or not self._hears("app_mention"):
            return Outcome(ok=True, ts=message.ts)
        answered = await self._courier.tell(payloads.app_mention(message=message))
        return Outcome(ok=answered.ok, error=answered.error, ts=message.ts)

    async def open_home(self, user: str) -> Outcome:
        """Look at the app's Home."""
        person = active_person(self._workspace, user)
        if not self._hears("app_home_opened"):
            return Outcome(ok=True)
        inner = payloads.app_home_opened(
            user=person.id,
            channel=self._workspace.direct_messages(person.id).id,
            event_ts=self._workspace.next_ts(),
            view=self._workspace.views.home(person.id),
        )
        return seen(await self._courier.tell(inner))

    def _at(self, user: str, channel: str, ts: str) -> tuple[Person, Channel, Message]:
        person = active_person(self._workspace, user)
        place = joined_channel(self._workspace, person, channel)
        message = self._workspace.messages.find(place.id, ts)
        if message is None or message.shown_only_to not in {None, person.id}:
            raise NotPossibleError(f"{person.id} sees no message {ts} in {place.id}")
        return person, place, message

    def _urls(self, person: Person, channel: Channel, message: Message | None) -> JsonObject:
        ts = None if message is None else message.ts
        token = self._workspace.tickets.response_url(user=person.id, channel=channel.id, ts=ts)
        return {
            "trigger_id": self._workspace.tickets.trigger(person.id),
            "response_url": response_address(self._workspace, token),
        }

    def _show(self, person: Person, channel: Channel, *, typed: str, body: JsonObject) -> Outcome:
        try:
            reply = parse_reply(body)
            if reply.response_type == "in_channel":
                self._write(person, channel, typed, thread_ts=None)
            answer(self._workspace, Place(user=person.id, channel=channel.id), reply)
        except SlackError as error:
            return Outcome(ok=False, error=error.code)
        return Outcome(ok=True)

    def _write(self, person: Person, channel: Channel, text: str, *, thread_ts: str | None) -> Message:
        draft = Message(channel=channel.id, ts="", user=person.id, content=Content(text=text), thread_ts=thread_ts)
        try:
            return self._workspace.post(draft)
        except SlackError as error:
            raise NotPossibleError(f"no thread {thread_ts} in {channel.id}") from error

    def _hears(self, event: str) -> bool:
        return event in self._workspace.config.events
