"""What every act of a person needs: who acts, whether they may, and what they see of the result."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.workspace import payloads
from sandbox.workspace.delivery import Answer
from sandbox.workspace.errors import SlackError
from sandbox.workspace.inputs import NotAnOptionError, chosen
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.people import Channel, Person
from sandbox.workspace.state import Workspace
from sandbox.workspace.validate import elements_of


class NotPossibleError(Exception):
    """A person tried what the page would not offer: no such button, not in the channel, account closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What the person sees of it. `error` is Slack's word when the bot did not answer well.

    `errors` are the complaints of a form by block_id; `ts` is the message a person wrote.
    """

    ok: bool
    error: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    ts: str | None = None


def seen(answer: Answer) -> Outcome:
    """The outcome of an act that shows nothing but whether the bot answered."""
    return Outcome(ok=answer.ok, error=answer.error)


def active_person(workspace: Workspace, user: str) -> Person:
    """Somebody who can act: a person whose account is open."""
    try:
        person = workspace.person(user)
    except SlackError as error:
        raise NotPossibleError(f"nobody here has the id {user}") from error
    if person.deleted or person.is_bot:
        raise NotPossibleError(f"{user} can not act: the account is {'closed' if person.deleted else 'a bot'}")
    return person


def joined_channel(workspace: Workspace, person: Person, channel_id: str) -> Channel:
    """A channel that the person is in."""
    channel = workspace.channels.get(channel_id)
    if channel is None or person.id not in channel.members:
        raise NotPossibleError(f"{person.id} is not in the channel {channel_id}")
    return channel


def find_element(
    blocks: Sequence[JsonObject], *, action_id: str, block_id: str | None
) -> tuple[JsonObject, JsonObject]:
    """The block and the element that a click is meant for."""
    for block in blocks:
        for element, _ in elements_of(block):
            if element["action_id"] == action_id and block_id in {None, block["block_id"]}:
                return block, element
    there = [element["action_id"] for block in blocks for element, _ in elements_of(block)]
    raise NotPossibleError(f"no element {action_id!r} here, or not any more; there is {', '.join(there) or 'none'}")


def action_of(block: JsonObject, element: JsonObject, *, given: object, action_ts: str) -> JsonObject:
    """The `actions` entry for using an element; `given` is what was chosen, for elements that offer a choice."""
    try:
        picked = chosen(element, given)
    except NotAnOptionError as error:
        raise NotPossibleError(str(error)) from error
    return payloads.action(element, block_id=block["block_id"], picked=picked, action_ts=action_ts)


def given_state(state: JsonObject, *, action_id: str, given: object) -> JsonObject:
    """What a person has entered around an element, the element's own new value included."""
    return state if given is None else {**state, action_id: given}


def response_address(workspace: Workspace, token: str) -> str:
    return f"{workspace.config.url}/slack/response/{token}"
