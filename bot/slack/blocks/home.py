"""The Home of the app as a view."""

from collections.abc import Iterator

from slack_sdk.models.blocks import Block, DividerBlock

from bot.core.ports import Json
from bot.slack import card_words, home_words, switch_words, words
from bot.slack.answer_words import incident_line
from bot.slack.blocks.layout import actions, as_json, button, context, header, section
from bot.slack.blocks.run_form import OPEN
from bot.slack.home_view import HomeView, Waiting
from bot.slack.text import Safe, clip, safe

_INCIDENTS, _WAITING, _SWITCHES = 12, 10, 10  # Slack takes a hundred blocks


def home(view: HomeView, *, notice: Safe | None = None) -> dict[str, Json]:
    """`notice` is what a click just now came to."""
    blocks = [section(home_words.notice(notice)), DividerBlock()] if notice else []
    blocks += [section(safe(view.refused))] if view.refused else list(_blocks(view))
    return {"type": "home", "blocks": list(as_json(blocks))}


def _blocks(view: HomeView) -> Iterator[Block]:
    yield header(home_words.WAITING)
    if not view.waiting:
        yield section(home_words.nothing_waits(view))
    digests: set[str] = set()
    for each in view.waiting[:_WAITING]:
        yield section(home_words.waiting(each))
        if each.digest not in digests:  # a block's id stands once in a view
            digests.add(each.digest)
            yield _votes(each)
    yield header(home_words.INCIDENTS)
    if not view.incidents:
        yield section(home_words.NOTHING_OPEN)
    for incident in view.incidents[:_INCIDENTS]:
        yield section(incident_line(incident))
        take = button(words.ACKNOWLEDGE, action_id="acknowledge", value=f"{incident.id}:acknowledge")
        again = button(words.RERUN, action_id="rerun", value=f"{incident.id}:rerun")
        yield actions([again] if incident.acknowledged_by else [take, again], block_id=f"incident:{incident.id}")
    if len(view.incidents) > _INCIDENTS:
        yield context(words.more(len(view.incidents) - _INCIDENTS, "incidents"))
    yield actions([button(home_words.RUN, action_id=OPEN, value="run:form")], block_id="run")
    yield header(home_words.SWITCHES)
    if not view.switches:
        yield section(home_words.NOTHING_STOPPED)
    for switch in view.switches[:_SWITCHES]:
        yield section(clip(switch_words.line(switch), 1_000))
    yield context(home_words.HOW)


def _votes(each: Waiting) -> Block:
    """The block's id is the digest that was on show, as on the card."""
    approve = button(card_words.APPROVE, action_id="approve", value=f"{each.id}:approve", style="primary")
    deny = button(card_words.DENY, action_id="deny", value=f"{each.id}:deny", style="danger")
    return actions([approve, deny], block_id=each.digest)
