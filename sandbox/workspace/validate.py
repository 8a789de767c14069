"""What Slack refuses about a message or a view, decided before anything is stored.

The shapes and limits of single blocks are the models in `blockkit`; here they are asked, their complaints put in
Slack's words with a JSON pointer, and the rules that look across blocks added.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from sandbox.workspace.blockkit.blocks import InMessage
from sandbox.workspace.blockkit.elements import InActions
from sandbox.workspace.blockkit.views import View
from sandbox.workspace.errors import SlackError, refused_with
from sandbox.workspace.jsontype import JsonObject

MESSAGE_TEXT = 40_000
MESSAGE_CHARACTERS = 13_200  # over all blocks; not documented by Slack, measured by its users
TABLE_CHARACTERS = 10_000
METADATA_CHARACTERS = 8_000

INTERACTIVE = frozenset(
    get_args(member.model_fields["type"].annotation)[0] for member in get_args(get_args(InActions)[0])
)

_MESSAGE_BLOCKS = TypeAdapter[list[Any]](Annotated[list[InMessage], Field(max_length=50)])
_VIEW = TypeAdapter[Any](View)


# What Slack says for what pydantic found; the names in braces are pydantic's.
_SAID = {
    "union_tag_not_found": "missing required field: type",
    "string_too_long": "must be no more than {max_length} characters",
    "string_too_short": "must be at least {min_length} characters",
    "too_long": "no more than {max_length} items allowed",
    "too_short": "must provide at least {min_length} items",
    "refused": "{reason}",
}


class _AttachmentField(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    title: str = ""
    value: str = ""
    short: bool = False


class _Attachment(BaseModel):
    """A legacy attachment: a coloured bar beside blocks or text."""

    model_config = ConfigDict(extra="forbid", strict=True)
    blocks: Annotated[list[InMessage], Field(max_length=50)] | None = None
    color: Annotated[str, Field(pattern=r"^(#?[0-9a-fA-F]{6}|good|warning|danger)$")] | None = None
    fallback: str | None = None
    pretext: str | None = None
    title: str | None = None
    title_link: str | None = None
    text: str | None = None
    fields: list[_AttachmentField] | None = None
    footer: str | None = None
    footer_icon: str | None = None
    image_url: str | None = None
    thumb_url: str | None = None
    author_name: str | None = None
    author_link: str | None = None
    author_icon: str | None = None
    callback_id: str | None = None
    mrkdwn_in: list[str] | None = None
    ts: int | float | str | None = None


_ATTACHMENTS = TypeAdapter[list[Any]](Annotated[list[_Attachment], Field(max_length=100)])


class _Metadata(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    event_type: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9_.:-]+$")]
    event_payload: dict[str, Any]


def check_message(*, text: str | None, blocks: object, attachments: object) -> None:
    """Refuse a message as chat.postMessage does; `None` stands for an argument that was not given.

    :raises SlackError: no_text, msg_too_long, msg_blocks_too_long, only_one_table_allowed, invalid_blocks,
        invalid_blocks_format, invalid_attachments
    """
    if not (text or "").strip() and not blocks and not attachments:
        raise SlackError("no_text")
    if len(text or "") > MESSAGE_TEXT:
        raise SlackError("msg_too_long")
    if blocks is not None:
        check_blocks(blocks)
    if attachments is not None:
        _check_attachments(attachments)


def check_blocks(blocks: object) -> None:
    """Refuse the blocks of one message; see `check_message` for the errors."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    problems = _problems(_MESSAGE_BLOCKS, blocks, prefix="/blocks") or _repeated_ids(blocks, prefix="/blocks")
    if problems:
        raise _invalid_blocks(problems)
    tables = [block for block in blocks if block["type"] == "table"]
    if len(tables) > 1:
        raise refused_with("only_one_table_allowed", ["[ERROR] only one table is allowed in a message"])
    if sum(map(_characters, tables)) > TABLE_CHARACTERS:
        raise _invalid_blocks([_problem(f"tables must hold less than {TABLE_CHARACTERS + 1} characters", "/blocks")])
    if _characters(blocks) > MESSAGE_CHARACTERS:
        raise SlackError("msg_blocks_too_long")


def check_view(view: object, *, kinds: Sequence[str]) -> None:
    """Refuse a view as views.* does: everything is `invalid_arguments`, with the place in response_metadata."""
    if not isinstance(view, dict):
        raise refused_with("invalid_arguments", [_problem("must provide an object", "/view")])
    if view.get("type") not in kinds:
        raise refused_with("invalid_arguments", [_problem(f"must be {' or '.join(kinds)}", "/view/type")])
    problems = _problems(_VIEW, view, prefix="/view")
    problems = problems or _repeated_ids(view["blocks"], prefix="/view/blocks")
    if problems:
        raise refused_with("invalid_arguments", problems)


def check_metadata(metadata: object) -> None:
    """Refuse message metadata that is not {event_type, event_payload} or too large."""
    try:
        _Metadata.model_validate(metadata)
    except ValidationError as error:
        problems = [_in_slacks_words(detail, metadata, "/metadata") for detail in error.errors()]
        raise refused_with("invalid_metadata_format", problems) from error
    if _characters(metadata) > METADATA_CHARACTERS:
        raise SlackError("metadata_too_large")


def elements_of(block: JsonObject) -> Iterator[tuple[JsonObject, str]]:
    """Every interactive element of a block, at any depth, with its JSON pointer inside the block."""
    for name in ("element", "accessory"):
        if name in block:
            yield block[name], f"/{name}"
    within = {"actions": "elements", "card": "actions", "carousel": "elements", "container": "child_blocks"}
    name = within.get(block["type"], "")
    for index, inner in enumerate(block.get(name, [])):
        if inner["type"] in INTERACTIVE:
            yield inner, f"/{name}/{index}"
        else:
            yield from ((element, f"/{name}/{index}{at}") for element, at in elements_of(inner))


def _check_attachments(attachments: object) -> None:
    if not isinstance(attachments, list):
        raise SlackError("invalid_attachments")
    problems = _problems(_ATTACHMENTS, attachments, prefix="/attachments")
    if problems:
        raise refused_with("invalid_attachments", problems)
    for attachment in attachments:
        if attachment.get("blocks"):
            check_blocks(attachment["blocks"])


def _invalid_blocks(problems: Sequence[str]) -> SlackError:
    error = refused_with("invalid_blocks", problems)
    # Slack repeats the same complaints without their prefix under `errors`.
    error.extra["errors"] = [problem.removeprefix("[ERROR] ") for problem in problems]
    return error


def _repeated_ids(blocks: Sequence[JsonObject], *, prefix: str) -> list[str]:
    seen_blocks: Counter[str] = Counter()
    seen_actions: Counter[str] = Counter()
    problems = []
    for index, block in enumerate(blocks):
        if (block_id := block.get("block_id")) is not None:
            seen_blocks[block_id] += 1
            if seen_blocks[block_id] == 2:
                problems.append(_problem(f"block_id `{block_id}` already exists", f"{prefix}/{index}/block_id"))
        for element, at in elements_of(block):
            if (action_id := element.get("action_id")) is None:
                continue
            seen_actions[action_id] += 1
            if seen_actions[action_id] == 2:
                where = f"{prefix}/{index}{at}/action_id"
                problems.append(_problem(f"`action_id` {action_id} already exists", where))
    return problems


def _problems(adapter: TypeAdapter[Any], value: object, *, prefix: str) -> list[str]:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        return [_in_slacks_words(detail, value, prefix) for detail in error.errors()]
    return []


def _in_slacks_words(detail: ErrorDetails, value: object, prefix: str) -> str:
    place, left = _walk(detail["loc"], value)
    context = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            said = f"missing required field: {left[-1]}"
        case "extra_forbidden":
            said = f"invalid additional property: {place.pop()}"
        case "union_tag_invalid":
            said = f"unsupported type: {context['tag']}"
            place.append("type")
        case "literal_error":
            said = f"must be one of {context['expected'].replace(chr(39), '')}"
        case kind if kind in _SAID:
            said = _SAID[kind].format(**context)
        case _:
            said = detail["msg"][:1].lower() + detail["msg"][1:]
    return _problem(said, prefix + "".join(f"/{step}" for step in place))


def _walk(location: Sequence[int | str], value: object) -> tuple[list[int | str], list[int | str]]:
    """Follow a pydantic location through the sent value, leaving out the names of union members."""
    place: list[int | str] = []
    left: list[int | str] = []
    for step in location:
        if (isinstance(value, dict) and step in value) or (isinstance(value, list) and isinstance(step, int)):
            value = value[step]  # type: ignore[index]  # the two cases above pair the step with its container
            place.append(step)
            left = []
        else:
            left.append(step)
    return place, left


def _problem(said: str, pointer: str) -> str:
    return f"[ERROR] {said} [json-pointer:{pointer}]"


def _characters(value: object) -> int:
    """How many characters of text a document holds: all strings but the ones that only name a kind."""
    match value:
        case str():
            return len(value)
        case dict():
            return sum(_characters(inner) for key, inner in value.items() if key not in {"type", "block_id", "style"})
        case list():
            return sum(map(_characters, value))
        case _:
            return 0
