"""The card of one request: what it would do, who agreed, and what became of it. One message, edited in place."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, InteractiveElement

from bot.core.evidence import Answer, Failure
from bot.slack import card_words as words
from bot.slack import policy_words, resumption_words, switch_words
from bot.slack.blocks.answer import question, read
from bot.slack.blocks.broken import review_row
from bot.slack.blocks.layout import TEXT, Post, actions, button, confirm, context, first_that_fits, section, sections
from bot.slack.card_views import CardView, Stage
from bot.slack.text import Plain, Safe, clip, joined, safe
from bot.slack.views import Asked

_SIZES = (20, 10, 5, 3, 1, 0)  # rows of the preview, calls and votes that are spelled out

_OPEN_STAGES = frozenset({Stage.PREPARING, Stage.OPEN, Stage.APPROVED})


def card(view: CardView) -> Post:
    """At most 50 blocks and some 12,000 characters, in every state."""
    return Post(
        text=clip(words.notification(view), TEXT),
        blocks=first_that_fits(lambda size: _blocks(view, size), _SIZES),
    )


def _blocks(view: CardView, size: int) -> Sequence[Block]:
    blocks = sections([_title(view), clip(safe(view.about or ""), 600), words.asked_by(view)])
    blocks += sections(_switches(view))
    blocks += _contents(view, size)
    blocks += sections([clip(line, 700) for line in _course(view)])
    if footer := words.digest(view):
        blocks.append(context(footer))
    blocks += _buttons(view)
    return blocks


def _title(view: CardView) -> Safe:
    is_held = view.held_by is not None and view.stage is Stage.APPROVED
    return switch_words.held_title(view.label) if is_held else words.title(view.label, view.stage)


def _switches(view: CardView) -> list[Safe]:
    """What stops it now, and what the switch that it engages leaves going."""
    told = [switch_words.does_not_stop(view.does_not_stop)] if view.does_not_stop else []
    if view.held_by is not None and view.stage is Stage.APPROVED:
        told.append(clip(switch_words.held(view.held_by), 900))
    elif view.held_by is not None and view.stage in _OPEN_STAGES:
        told.append(clip(switch_words.line(view.held_by), 700))
    return told


def _contents(view: CardView, size: int) -> list[Block]:
    lines = [words.touches(view.touched)] if view.touched else []
    lines.append(words.inputs(view))
    if view.preview_says:
        lines.append(words.preview(view.preview_says))
    blocks = sections(lines)
    # Once it runs the preview has done its work; the card stays short for what follows.
    if view.stage not in _OPEN_STAGES:
        return blocks
    match view.preview:
        case Failure() as failure:
            blocks.append(section(words.preview_failed(failure.message)))
        case Answer() as answer if not view.preview_says:
            asked = Asked(id="preview", title=words.PREVIEW, evidence=answer)
            blocks += question(read(asked, rows=size), rows=size, as_table=True)
    return blocks + sections([words.afterwards(view), words.calls(view, most=max(size, 1))])


def _course(view: CardView) -> list[Safe]:
    votes = [words.vote(vote) for vote in view.votes[-20:] if not vote.is_alone]
    if view.policy.broken is not None:
        votes.append(policy_words.broken(view.policy.broken))
    if view.going_on is not None:
        votes.insert(0, resumption_words.going_on(view.going_on))
    needs = words.still_needs(view) if view.stage is Stage.OPEN else Safe("")
    votes += policy_words.notices(view.policy)
    return [*votes, joined((needs,), ""), words.progress(view), words.stopped_by(view)]


def _buttons(view: CardView) -> list[Block]:
    alone = view.policy.broken
    review = [] if alone is None or alone.reviewer else [review_row(view.request_id, view.label)]
    return [*_own_buttons(view), *review]


def _votes(view: CardView) -> list[InteractiveElement]:
    """Approve and deny; where the alert has calmed down the first says so, and is another choice."""
    calmed = view.policy.calmed
    label = policy_words.ANYWAY.get(calmed, words.APPROVE) if calmed else words.APPROVE
    title, text, yes, no = words.approve_dialog(view)
    approve = button(
        Plain(f"{label} …") if view.policy.wants_phrase else label,  # which asks back in a form of its own
        action_id="approve",
        value=f"{view.request_id}:{'anyway' if calmed else 'approve'}",
        style="primary",
        confirm=None if view.policy.wants_phrase else confirm(title=title, text=text, yes=yes, no=no),
    )
    deny = button(words.DENY, action_id="deny", value=f"{view.request_id}:deny", style="danger")
    if not view.policy.may_break_glass:
        return [approve, deny]
    alone = button(policy_words.BREAK_GLASS, action_id="break_glass", value=f"{view.request_id}:break_glass")
    return [approve, deny, alone]


def _own_buttons(view: CardView) -> list[Block]:
    if view.stage is Stage.OPEN and view.digest:
        # The block's id is the digest the reader has before them: a vote is for that and nothing newer.
        return [actions(_votes(view), block_id=view.digest)]
    if view.can_stop:
        title, text, yes, no = words.stop_dialog()
        sure = confirm(title=title, text=text, yes=yes, no=no)
        value = f"{view.request_id}:stop"
        halt = button(words.STOP, action_id="stop", value=value, style="danger", confirm=sure)
        return [actions([halt], block_id="stop")]
    if view.can_settle:
        did = button(words.TOOK_EFFECT, action_id="took_effect", value=f"{view.request_id}:yes")
        did_not = button(words.NO_EFFECT, action_id="no_effect", value=f"{view.request_id}:no")
        return [actions([did, did_not], block_id="settle")]
    ended: list[InteractiveElement] = []
    if view.can_resume:
        ended.append(button(resumption_words.RESUME, action_id="resume", value=f"{view.request_id}:resume"))
    if view.undo is not None:
        title, text, yes, no = words.undo_dialog(view.undo)
        sure = confirm(title=title, text=text, yes=yes, no=no)
        value = f"{view.request_id}:{view.undo.action}"
        ended.append(button(words.undo_label(view.undo), action_id="undo", value=value, confirm=sure))
    return [actions(ended, block_id="ended")] if ended else []
