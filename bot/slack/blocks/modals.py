"""The two forms: before an action is asked for, and before a request is denied."""

from slack_sdk.models.blocks import (
    Block,
    DateTimePickerElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    RadioButtonsElement,
    StaticSelectElement,
)
from slack_sdk.models.blocks.block_elements import NumberInputElement
from slack_sdk.models.views import View

from bot.core.ports import Json
from bot.core.quoting import moment
from bot.slack import answer_words as words
from bot.slack import policy_words, resumption_words, silence_words
from bot.slack.answer_views import AskView, Field, SilenceForm
from bot.slack.blocks.layout import section, sections
from bot.slack.policy_views import ApproveView
from bot.slack.text import Plain, Safe, clip, clip_plain, plain, safe

CODE = "-code"  # no input can be called that
LENGTH = "-length"  # no input can be called that
PHRASE = "-phrase"  # no input can be called that
REASON = "-reason"  # no input can be called that
_LONGEST = 500  # characters of an input, as the desk takes them
_FIELDS = 40
_EPOCH_DIGITS = 10  # Slack takes no other


def ask_form(view: AskView) -> dict[str, Json]:
    """Asks for an action's inputs and, where its risk wants one, the reason."""
    blocks: list[Block] = sections(
        [
            clip(safe(view.about or ""), 1_000),
            clip(words.caution(view.caution), 1_000) if view.caution else Safe(""),
            words.needs(view.needs),
        ]
    )
    blocks += [_field(each) for each in view.fields[:_FIELDS]]
    if view.wants_reason:
        blocks.append(_reason(words.REASON, hint=None))
    return _modal(callback_id="ask", title=plain(view.label), subject=view.subject, blocks=blocks, submit=words.ASK)


def deny_form(subject: str) -> dict[str, Json]:
    """Asks why a request is denied."""
    reason = _reason(words.DENY_REASON, hint=words.DENY_HINT)
    return _modal(callback_id="deny", title=words.DENY_TITLE, subject=subject, blocks=[reason], submit=words.DENY)


def silence_form(view: SilenceForm) -> dict[str, Json]:
    """Asks for how long an incident's alerts are to be silent, and why."""
    options = [_option(text, value) for value, text in silence_words.LENGTHS.items()]
    usual = next(option for option in options if option.value == silence_words.USUAL)
    length = InputBlock(
        block_id=block_of(LENGTH),
        label=_text(silence_words.LENGTH, 200),
        element=StaticSelectElement(action_id=f"value:{LENGTH}", options=options, initial_option=usual),
    )
    reason = _reason(silence_words.REASON, hint=silence_words.REASON_HINT)
    blocks: list[Block] = [section(silence_words.covers(view)), length, reason]
    title, submit = silence_words.TITLE, silence_words.SUBMIT
    return _modal(callback_id="silence", title=title, subject=view.subject, blocks=blocks, submit=submit)


def settle_form(subject: str, *, took_effect: bool) -> dict[str, Json]:
    """Asks how somebody knows what became of an unknown call."""
    reason = _reason(words.SETTLE_REASON, hint=words.SETTLE_HINT)
    blocks: list[Block] = [section(words.settles(took_effect=took_effect)), reason]
    title = words.TOOK_EFFECT_TITLE if took_effect else words.NO_EFFECT_TITLE
    return _modal(callback_id="settle", title=title, subject=subject, blocks=blocks, submit=words.SETTLE)


def resume_form(subject: str) -> dict[str, Json]:
    """Asks why the rest of an execution may go on."""
    reason = _reason(resumption_words.REASON, hint=resumption_words.HINT)
    blocks: list[Block] = [section(resumption_words.WHAT_FOLLOWS), reason]
    title, submit = resumption_words.TITLE, resumption_words.ASK
    return _modal(callback_id="resume", title=title, subject=subject, blocks=blocks, submit=submit)


def approve_form(view: ApproveView) -> dict[str, Json]:
    """Asks for what has to be typed before a vote: a severe action's phrase, the reason to run it alone, a code."""
    blocks: list[Block] = [section(policy_words.what_follows(view))]
    if view.is_alone:
        blocks.append(_reason(policy_words.BREAK_GLASS_REASON, hint=policy_words.BREAK_GLASS_HINT))
    if view.phrase is not None:
        blocks.append(
            InputBlock(
                block_id=block_of(PHRASE),
                label=_text(policy_words.phrase_label(view.phrase), 200),
                element=PlainTextInputElement(action_id=f"value:{PHRASE}", max_length=_LONGEST),
            )
        )
    if view.wants_code:
        blocks.append(
            InputBlock(
                block_id=block_of(CODE),
                label=_text(policy_words.CODE, 200),
                element=PlainTextInputElement(action_id=f"value:{CODE}", min_length=6, max_length=7),
                hint=_text(policy_words.CODE_HINT, 200),
            )
        )
    severe = policy_words.APPROVE_TITLE if view.phrase is not None else policy_words.APPROVE_WITH_CODE_TITLE
    title = policy_words.BREAK_GLASS_TITLE if view.is_alone else severe
    submit = policy_words.RUN_ALONE if view.is_alone else policy_words.APPROVE
    return _modal(callback_id="vote", title=title, subject=view.subject, blocks=blocks, submit=submit)


def not_possible(why: Safe) -> dict[str, Json]:
    """Takes the place of a form whose wish was refused."""
    return _modal(callback_id="refused", title=words.NOT_POSSIBLE, subject="", blocks=[section(why)], submit=None)


def one_moment() -> dict[str, Json]:
    """Opens at once where the form itself takes a moment to make."""
    return _modal(callback_id="moment", title=words.ONE_MOMENT, subject="", blocks=[section(words.MAKING)], submit=None)


def nothing_more() -> dict[str, Json]:
    """Takes the place of a form that turned out not to be needed."""
    return _modal(callback_id="done", title=words.DONE, subject="", blocks=[section(words.IN_THREAD)], submit=None)


def block_of(name: str) -> str:
    """The id of the block that asks for this input; errors are shown beside it."""
    return f"input:{name}"


def _modal(
    *, callback_id: str, title: Plain, subject: str, blocks: list[Block], submit: Plain | None
) -> dict[str, Json]:
    view = View(
        type="modal",
        callback_id=callback_id,
        title=_text(title, 24),
        close=_text(words.CANCEL if submit else words.CLOSE, 24),
        submit=_text(submit, 24) if submit else None,
        private_metadata=subject or None,
        blocks=blocks,
    )
    made: dict[str, Json] = view.to_dict()
    return made


def _field(field: Field) -> Block:
    return InputBlock(
        block_id=block_of(field.name),
        label=_text(plain(field.label), 200),
        element=_element(field),
        hint=_text(words.DURATION_HINT, 200) if field.kind == "duration" else None,
        optional=field.is_optional,
    )


def _element(field: Field) -> InputInteractiveElement:
    action_id = f"value:{field.name}"
    match field.kind:
        case "integer":
            return NumberInputElement(action_id=action_id, is_decimal_allowed=False, initial_value=field.value)
        case "choice":
            return _choice(action_id, field)
        case "flag":
            yes, no = _option(words.YES, "yes"), _option(words.NO, "no")
            start = {"yes": yes, "no": no}.get(field.value or "")
            return RadioButtonsElement(action_id=action_id, options=[yes, no], initial_option=start)
        case "time":
            return DateTimePickerElement(action_id=action_id, initial_date_time=_epoch(field.value))
        case "string" | "duration":
            value = field.value[:_LONGEST] if field.value else None
            return PlainTextInputElement(action_id=action_id, initial_value=value, max_length=_LONGEST)


def _epoch(value: str | None) -> int | None:
    """Where the picker starts; nowhere when the value is no time that it can show."""
    try:
        at = int(moment(value).timestamp()) if value else None
    except (ValueError, OverflowError):
        return None
    return at if at is not None and len(str(at)) == _EPOCH_DIGITS else None


def _choice(action_id: str, field: Field) -> InputInteractiveElement:
    options = [_option(plain(each), each) for each in field.choices[:100]]
    start = next((option for option in options if option.value == field.value), None)
    return StaticSelectElement(
        action_id=action_id, options=options, initial_option=start, placeholder=_text(plain(field.label), 150)
    )


def _reason(label: Plain, *, hint: Plain | None) -> Block:
    return InputBlock(
        block_id=block_of(REASON),
        label=_text(label, 200),
        element=PlainTextInputElement(action_id=f"value:{REASON}", multiline=True, max_length=1_000),
        hint=_text(hint, 200) if hint else None,
    )


def _option(text: Plain, value: str) -> Option:
    return Option(text=_text(text, 75), value=value[:150])


def _text(text: Plain, limit: int) -> PlainTextObject:
    return PlainTextObject(text=clip_plain(text, limit) or "…", emoji=True)
