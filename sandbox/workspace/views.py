"""Open modals (a stack per person) and published Homes."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sandbox.workspace.errors import SlackError
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.people import APP_ID, BOT_ID, TEAM_ID

STACK = 3  # how many modals Slack lets lie on one another


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """One view as it stands: what the app sent, and what Slack adds to it."""

    id: str
    user: str
    sent: JsonObject
    root_id: str
    hash: str
    previous_id: str | None = None
    state: JsonObject = field(default_factory=dict)  # {block_id: {action_id: {type, value}}}

    @property
    def is_home(self) -> bool:
        return bool(self.sent["type"] == "home")

    def as_slack(self) -> JsonObject:
        sent = self.sent
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "app_installed_team_id": TEAM_ID,
            "type": sent["type"],
            "blocks": sent["blocks"],
            "title": sent.get("title"),
            "submit": sent.get("submit"),
            "close": sent.get("close"),
            "callback_id": sent.get("callback_id", ""),
            "external_id": sent.get("external_id", ""),
            "private_metadata": sent.get("private_metadata", ""),
            "clear_on_close": sent.get("clear_on_close", False),
            "notify_on_close": sent.get("notify_on_close", False),
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "hash": self.hash,
            "state": {"values": self.state},
        }


class Views:
    """The modals that people have open, top last, and each person's Home of the app."""

    def __init__(self, *, new_id: Callable[[str], str]) -> None:
        self._new_id = new_id
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def stack(self, user: str) -> list[View]:
        return list(self._stacks.get(user, []))

    def home(self, user: str) -> View | None:
        return self._homes.get(user)

    def open(self, user: str, sent: JsonObject) -> View:
        self._free_external_id(sent)
        view = self._fresh(user, sent)
        self._stacks[user] = [view]
        return view

    def push(self, user: str, sent: JsonObject) -> View:
        stack = self._stacks.get(user, [])
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        self._free_external_id(sent)
        view = self._fresh(user, sent)
        view = replace(view, root_id=stack[0].id, previous_id=stack[-1].id)
        self._stacks[user] = [*stack, view]
        return view

    def update(self, view: View, sent: JsonObject, *, expected_hash: str | None) -> View:
        if expected_hash is not None and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        # What a person typed stays where block and action keep their names.
        kept = {
            block["block_id"]: view.state[block["block_id"]]
            for block in sent["blocks"]
            if block["block_id"] in view.state
        }
        changed = replace(view, sent=sent, hash=self._new_id("hash"), state=kept)
        self._replace(changed)
        return changed

    def publish(self, user: str, sent: JsonObject, *, expected_hash: str | None) -> View:
        current = self._homes.get(user)
        if current is not None:
            return self.update(current, sent, expected_hash=expected_hash)
        self._homes[user] = self._fresh(user, sent)
        return self._homes[user]

    def find(self, *, view_id: str | None = None, external_id: str | None = None) -> View:
        for view in self._all():
            if view_id is not None and view.id == view_id:
                return view
            if external_id and view.sent.get("external_id") == external_id:
                return view
        raise SlackError("not_found")

    def filled(self, view: View, state: JsonObject) -> View:
        """Remember what a person has entered."""
        filled = replace(view, state=state)
        self._replace(filled)
        return filled

    def close(self, view: View) -> None:
        """Take one modal off its stack, and what lies on it."""
        stack = self._stacks.get(view.user, [])
        ids = [open_view.id for open_view in stack]
        if view.id in ids:
            self._stacks[view.user] = stack[: ids.index(view.id)]

    def clear(self, user: str) -> None:
        self._stacks.pop(user, None)

    def _all(self) -> list[View]:
        return [view for stack in self._stacks.values() for view in stack] + list(self._homes.values())

    def _fresh(self, user: str, sent: JsonObject) -> View:
        view_id = self._new_id("V")
        return View(id=view_id, user=user, sent=sent, root_id=view_id, hash=self._new_id("hash"))

    def _free_external_id(self, sent: JsonObject) -> None:
        external_id = sent.get("external_id")
        if external_id and any(view.sent.get("external_id") == external_id for view in self._all()):
            raise SlackError("duplicate_external_id")

    def _replace(self, view: View) -> None:
        if view.is_home:
            self._homes[view.user] = view
            return
        stack = self._stacks.get(view.user, [])
        self._stacks[view.user] = [view if each.id == view.id else each for each in stack]
