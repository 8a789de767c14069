"""What a person can put into an element, and the `state` that Slack makes of it. Pure."""

from collections.abc import Iterable, Iterator

from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.validate import elements_of

# The key under which each kind of element keeps what was chosen, and the key of what it starts with.
_SINGLE = {
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "channels_select": ("selected_channel", "initial_channel"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_users_select": ("selected_users", "initial_users"),
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
}
_ONE_OPTION = {"static_select", "radio_buttons", "external_select", "overflow"}
_MANY_OPTIONS = {"checkboxes", "multi_static_select"}
_LISTS = {"multi_users_select"}


class NotAnOptionError(ValueError):
    """Somebody chose what the element does not offer."""


def holds_a_value(element: JsonObject) -> bool:
    """Whether the element appears in `state`: buttons and overflow menus do not."""
    kind = element["type"]
    return kind != "overflow" and (kind in _SINGLE or kind in _ONE_OPTION or kind in _MANY_OPTIONS)


def chosen(element: JsonObject, given: object) -> JsonObject:
    """What choosing `given` in an element adds to the action or state: {"selected_option": {...}}, {"value": "..."}.

    `given` is an option's value, a list of them, or the text, date or id itself; None is nothing chosen.
    """
    kind = element["type"]
    if kind in _ONE_OPTION:
        return {"selected_option": None if given in {None, ""} else _option(element, given)}
    if kind in _MANY_OPTIONS:
        values = given if isinstance(given, list) else [given] if given else []
        return {"selected_options": [_option(element, value) for value in values]}
    if kind not in _SINGLE:
        return {}
    name, _ = _SINGLE[kind]
    if kind in _LISTS:
        return {name: given if isinstance(given, list) else [given] if given else []}
    if kind == "datetimepicker":
        return {name: int(str(given)) if given else None}
    return {name: str(given) if given not in {None, ""} else None}


def state_of(blocks: Iterable[JsonObject], given: JsonObject) -> JsonObject:
    """The `state.values` of a message or view: what was given by block and action, else what it starts with.

    :param given: {block_id: {action_id: value}} or, for short, {block_id or action_id: value}
    """
    values: JsonObject = {}
    for block, element in _holders(blocks):
        block_id, action_id = block["block_id"], element["action_id"]
        value = _given(given, block_id, action_id, default=_initial(element))
        values.setdefault(block_id, {})[action_id] = {"type": element["type"]} | chosen(element, value)
    return values


def complaints(blocks: Iterable[JsonObject], state: JsonObject) -> dict[str, str]:
    """What Slack's client itself would not let a person submit, by block_id."""
    found = {}
    for block, element in _holders(blocks):
        if block["type"] != "input":
            continue
        kept = {k: v for k, v in state[block["block_id"]][element["action_id"]].items() if k != "type"}
        value = next(iter(kept.values()))
        if problem := _problem(block, element, value):
            found[block["block_id"]] = problem
    return found


def _problem(block: JsonObject, element: JsonObject, value: object) -> str | None:
    if not value:
        return None if block.get("optional") else "Please complete this required field."
    if element["type"] == "number_input":
        return _number_problem(element, str(value))
    if element["type"] != "plain_text_input":
        return None
    length = len(str(value))
    if length < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if length > element.get("max_length", 3000):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    return None


def _number_problem(element: JsonObject, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and not number.is_integer():
        return "Please enter a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Please enter at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Please enter at most {element['max_value']}."
    return None


def _holders(blocks: Iterable[JsonObject]) -> Iterator[tuple[JsonObject, JsonObject]]:
    for block in blocks:
        yield from ((block, element) for element, _ in elements_of(block) if holds_a_value(element))


def _given(given: JsonObject, block_id: str, action_id: str, *, default: object) -> object:
    value = given.get(block_id, given.get(action_id, default))
    return value.get(action_id, default) if isinstance(value, dict) else value


def _initial(element: JsonObject) -> object:
    kind = element["type"]
    if kind in _ONE_OPTION:
        return (element.get("initial_option") or {}).get("value")
    if kind in _MANY_OPTIONS:
        return [option["value"] for option in element.get("initial_options") or []]
    return element.get(_SINGLE[kind][1])


def _option(element: JsonObject, value: object) -> JsonObject:
    groups = element.get("option_groups") or []
    offered = [*(element.get("options") or []), *(option for group in groups for option in group["options"])]
    for option in offered:
        if option["value"] == value:
            found: JsonObject = option
            return found
    raise NotAnOptionError(f"{element['type']} {element.get('action_id')} does not offer {value!r}")
