"""The form that runs a runbook by hand: which one, and what it wants to know."""

import json
from collections.abc import Mapping, Sequence

from slack_sdk.models.blocks import Block, InputBlock, Option, PlainTextInputElement, StaticSelectElement
from slack_sdk.models.blocks.basic_components import OptionGroup
from slack_sdk.models.views import View

from bot.core.ports import Json
from bot.engine.runbook import Param, Runbook
from bot.slack import shortcut_words as words
from bot.slack.blocks.layout import context, plain_text, section
from bot.slack.text import plain

OPEN = "run_form"  # the button that opens it without a message
RUNBOOK = "runbook"
PARAM = "param:"
_MOST_OPTIONS = 100  # of a group, and of groups
_LONGEST = 128
_METADATA = 3_000


def run_form(
    runbooks: Mapping[str, Runbook],
    *,
    chosen: str | None,
    values: Mapping[str, str],
    needed: Sequence[str],
    found: Sequence[str],
) -> dict[str, Json]:
    """`found` comes back with the form: the ids of the message, for when another runbook is chosen."""
    blocks: list[Block] = [_which(runbooks, chosen)]
    book = runbooks.get(chosen) if chosen else None
    if book is None:
        blocks.append(section(words.CHOOSE))
    else:
        blocks += [_param(name, each, values.get(name), is_needed=name in needed) for name, each in book.params.items()]
        blocks.append(context(words.what_follows(book.title)))
    view = View(
        type="modal",
        callback_id="run",
        title=plain_text(words.TITLE, 24),
        close=plain_text(words.CANCEL, 24),
        submit=plain_text(words.RUN, 24),
        private_metadata=_kept(found),
        blocks=blocks,
    )
    made: dict[str, Json] = view.to_dict()
    return made


def found_again(metadata: str) -> tuple[str, ...]:
    """What `found` was when the form was opened."""
    try:
        kept = json.loads(metadata or "[]")
    except ValueError:
        return ()
    return tuple(map(str, kept)) if isinstance(kept, list) else ()


def _kept(found: Sequence[str]) -> str:
    kept = list(found)
    while len(json.dumps(kept)) > _METADATA:
        kept.pop()
    return json.dumps(kept)


def _which(runbooks: Mapping[str, Runbook], chosen: str | None) -> Block:
    groups: dict[str, list[Option]] = {}
    for name, each in sorted(runbooks.items()):
        option = Option(text=plain_text(plain(f"{name.partition('/')[2]} – {each.title}"), 75), value=name)  # noqa: RUF001
        groups.setdefault(name.partition("/")[0], []).append(option)
    start = next((each for options in groups.values() for each in options if each.value == chosen), None)
    select = StaticSelectElement(
        action_id=RUNBOOK,
        placeholder=plain_text(words.WHICH, 150),
        option_groups=[
            OptionGroup(label=plain_text(plain(system), 75), options=options[:_MOST_OPTIONS])
            for system, options in list(groups.items())[:_MOST_OPTIONS]
        ],
        initial_option=start,
    )
    return InputBlock(block_id=RUNBOOK, label=plain_text(words.WHICH, 200), element=select, dispatch_action=True)


def _param(name: str, param: Param, value: str | None, *, is_needed: bool) -> Block:
    return InputBlock(
        block_id=f"{PARAM}{name}",
        label=plain_text(plain(name.replace("_", " ")), 200),
        element=PlainTextInputElement(action_id=f"value:{name}", initial_value=value, max_length=_LONGEST),
        hint=plain_text(plain(param.about), 200) if param.about else None,
        optional=not is_needed,
    )
