"""What people do in a modal or in the Home: use its elements, submit it, close it."""

from sandbox.workspace import payloads
from sandbox.workspace.acting import (
    NotPossibleError,
    Outcome,
    action_of,
    active_person,
    find_element,
    given_state,
    seen,
)
from sandbox.workspace.courier import Courier
from sandbox.workspace.errors import SlackError
from sandbox.workspace.inputs import NotAnOptionError, complaints, state_of
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.people import Person
from sandbox.workspace.state import Workspace
from sandbox.workspace.validate import check_view
from sandbox.workspace.views import View


class InView:
    """Acts for people in views. Every method takes the acting person's id first.

    :raises NotPossibleError: for what the page would not offer
    """

    def __init__(self, *, workspace: Workspace, courier: Courier) -> None:
        self._workspace = workspace
        self._courier = courier

    async def click(
        self, user: str, *, view_id: str, action_id: str, block_id: str | None, given: object, state: JsonObject
    ) -> Outcome:
        """Use an element of a modal or of the Home."""
        person, view = self._at(user, view_id)
        block, element = find_element(view.sent["blocks"], action_id=action_id, block_id=block_id)
        view = self._fill(view, given_state(state, action_id=action_id, given=given))
        payload = payloads.in_view(
            person=person,
            view=view,
            action=action_of(block, element, given=given, action_ts=self._workspace.next_ts()),
            trigger_id=self._workspace.tickets.trigger(user),
        )
        return seen(await self._courier.deliver("interactive", payload))

    async def submit(self, user: str, *, view_id: str, values: JsonObject) -> Outcome:
        """Send a modal; what the bot answers decides whether it closes, changes or complains."""
        person, view = self._at(user, view_id)
        if view.sent.get("submit") is None:
            raise NotPossibleError(f"the modal {view.id} has nothing to submit")
        view = self._fill(view, values)
        if problems := complaints(view.sent["blocks"], view.state):
            return Outcome(ok=False, error="incomplete", errors=problems)
        trigger_id = self._workspace.tickets.trigger(user)
        payload = payloads.submission(person=person, view=view, trigger_id=trigger_id)
        answered = await self._courier.deliver("interactive", payload)
        return self._respond(view, answered.body or {}) if answered.ok else seen(answered)

    async def close(self, user: str, *, view_id: str, all_of_them: bool) -> Outcome:
        """Close a modal (with what lies on it), or all at once; the bot is told if it asked to be."""
        person, view = self._at(user, view_id)
        stack = self._workspace.views.stack(user)
        if view not in stack:
            raise NotPossibleError(f"{view.id} is not a modal")
        clears = all_of_them or bool(view.sent.get("clear_on_close"))
        closing = stack if clears else stack[stack.index(view) :]
        self._workspace.views.close(closing[0])
        self._workspace.tell_view(view)
        for each in reversed(closing):
            if each.sent.get("notify_on_close"):
                payload = payloads.closed(person=person, view=each, is_cleared=clears)
                await self._courier.deliver("interactive", payload)
        return Outcome(ok=True)

    def _respond(self, view: View, body: JsonObject) -> Outcome:
        views = self._workspace.views
        try:
            match body.get("response_action"):
                case None:
                    views.close(view)
                case "clear":
                    views.clear(view.user)
                case "errors":
                    return _complain(view, body.get("errors"))
                case "update":
                    sent = self._checked(body.get("view"))
                    # The bot may have changed the modal by views.update before it answered.
                    views.update(views.find(view_id=view.id), sent, expected_hash=None)
                case "push":
                    views.push(view.user, self._checked(body.get("view")))
                case unknown:
                    return Outcome(ok=False, error=f"unknown response_action {unknown}")
        except SlackError as error:
            return Outcome(ok=False, error=error.code)
        finally:
            self._workspace.tell_view(view)
        return Outcome(ok=True)

    def _checked(self, sent: object) -> JsonObject:
        check_view(sent, kinds=("modal",))
        assert isinstance(sent, dict)
        return self._workspace.prepared(sent)

    def _at(self, user: str, view_id: str) -> tuple[Person, View]:
        person = active_person(self._workspace, user)
        views = [*self._workspace.views.stack(user), self._workspace.views.home(user)]
        for view in views:
            if view is not None and view.id == view_id:
                return person, view
        raise NotPossibleError(f"{user} has no view {view_id} open")

    def _fill(self, view: View, values: JsonObject) -> View:
        try:
            return self._workspace.views.filled(view, state_of(view.sent["blocks"], values))
        except NotAnOptionError as error:
            raise NotPossibleError(str(error)) from error


def _complain(view: View, errors: object) -> Outcome:
    inputs = {block["block_id"] for block in view.sent["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        return Outcome(ok=False, error="response_action errors must name input blocks of the view")
    return Outcome(ok=False, error="errors", errors={str(block): str(text) for block, text in errors.items()})
