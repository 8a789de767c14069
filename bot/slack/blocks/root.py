"""The root message of an incident: what it is, how it stands, what was found, what can be done."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, InteractiveElement

from bot.slack import card_words, origin_words, policy_words, silence_words, switch_words, words
from bot.slack.blocks.layout import (
    MAX_OPTIONS,
    TEXT,
    Post,
    actions,
    button,
    confirm,
    context,
    first_that_fits,
    header,
    menu,
    section,
    sections,
)
from bot.slack.card_views import Offer
from bot.slack.life_views import Hush
from bot.slack.text import Safe, clip, is_web, joined, safe
from bot.slack.views import Mood, RootView

_SIZES = (8, 5, 3, 1, 0)  # how many alerts and conclusions are spelled out


def root(view: RootView) -> Post:
    """At most 50 blocks and some 12,000 characters, whatever the alerts bring."""
    findings = words.findings(view.findings) if view.findings else []
    return Post(
        text=clip(words.notification(view), TEXT),
        blocks=first_that_fits(lambda size: _blocks(view, findings, size), _SIZES),
    )


def _blocks(view: RootView, findings: Sequence[Safe], size: int) -> Sequence[Block]:
    blocks = [header(words.headline(view))]
    if view.summary:
        blocks.append(section(clip(safe(view.summary), 2_900 if size >= 3 else 500)))
    blocks.append(section(joined((words.standing(view), words.counts(view)), " · ")))
    silent = [clip(silence_words.line(each), 900) for each in view.silences[:3]]
    if any(each.hush is Hush.ACTIVE for each in view.silences):
        silent.append(silence_words.NO_NEWS)
    blocks += sections(silent)
    blocks += sections(clip(switch_words.line(each), 700) for each in view.switches[:5])
    blocks += sections(_shortened(findings, most=size + 4, length=600 if size else 300))
    requested = [card_words.title(line.label, line.stage) for line in view.requests[-max(size, 2) :]]
    blocks += sections([*requested, *_unreviewed(view)])
    blocks += _buttons(view)
    blocks += _alerts(view, size)  # many lines, and below what one must know and may do
    small = words.origin(view), words.link_line([link for link in view.links if is_web(link.url)])
    return [*blocks, context(*small)] if any(small) else blocks


def _unreviewed(view: RootView) -> list[Safe]:
    return [policy_words.needs_review(line.label) for line in view.requests if line.needs_review][:10]


def _alerts(view: RootView, size: int) -> list[Block]:
    if len(view.alerts) < 2:
        return []  # the summary has said it
    firing_first = sorted(view.alerts, key=lambda alert: not alert.is_firing)
    lines = [clip(words.alert_line(alert, since=view.started_at), 300) for alert in firing_first[:size]]
    left = len(view.alerts) - len(lines)
    return sections([*lines, words.more(left, "alerts")] if left else lines)


def _shortened(lines: Sequence[Safe], *, most: int, length: int) -> list[Safe]:
    kept = [clip(line, length) for line in lines[:most]]
    left = len(lines) - len(kept)
    return [*kept, words.more(left, "conclusions")] if left else kept


def _buttons(view: RootView) -> list[Block]:
    is_over = view.mood is Mood.RESOLVED
    suggested = [offer for offer in view.offers if offer.is_suggested and not offer.caution and not is_over][:4]
    others = [offer for offer in view.offers if offer not in suggested]
    first = [_ask(view.incident_id, offer, style="primary" if at == 0 else None) for at, offer in enumerate(suggested)]
    second = []
    if view.mood is Mood.FIRING:
        second.append(button(words.ACKNOWLEDGE, action_id="acknowledge", value=f"{view.incident_id}:acknowledge"))
    second += _silence(view)
    second.append(button(words.RERUN, action_id="rerun", value=f"{view.incident_id}:rerun"))
    if (not view.origin.fires or view.is_doubted) and view.mood is not Mood.RESOLVED:
        second.append(button(origin_words.CLOSE, action_id="close", value=f"{view.incident_id}:close"))
    second += _others(view.incident_id, others)
    rows = (("suggested", first), ("incident", second))
    return [actions(elements, block_id=name) for name, elements in rows if elements]


def _silence(view: RootView) -> list[InteractiveElement]:
    """Silence it, or lift the silence that was made here."""
    ours = next((each for each in view.silences if each.is_ours and each.hush is not Hush.FAILED), None)
    if ours is None:
        asks = button(silence_words.SILENCE, action_id="silence", value=f"{view.incident_id}:silence")
        return [asks] if view.can_silence else []
    if ours.hush is Hush.LIFTING:
        return []
    title, text, yes, no = silence_words.unsilence_dialog()
    sure = confirm(title=title, text=text, yes=yes, no=no)
    value = f"{view.incident_id}:unsilence"
    return [button(silence_words.UNSILENCE, action_id="unsilence", value=value, confirm=sure)]


def _others(incident_id: str, offers: Sequence[Offer]) -> list[InteractiveElement]:
    """Two at most as buttons; more go into a menu, where a warning cannot ask back and so the modal does."""
    if len(offers) <= 2:
        return [_ask(incident_id, offer, style=None) for offer in offers]
    options = [(words.offer_label(offer), f"{incident_id}:{offer.action}") for offer in offers[:MAX_OPTIONS]]
    return [menu(words.other_actions(len(options), len(offers)), action_id="ask", options=options)]


def _ask(incident_id: str, offer: Offer, *, style: str | None) -> InteractiveElement:
    dialog = None
    if offer.caution:
        title, text, yes, no = words.caution(offer)
        dialog = confirm(title=title, text=text, yes=yes, no=no, danger=True)
    return button(
        words.offer_label(offer),
        action_id=f"ask:{offer.action}",
        value=f"{incident_id}:{offer.action}",
        style=style,
        confirm=dialog,
    )
