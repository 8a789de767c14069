"""What the bot says about kill switches: what is stopped, by whom and why, and what goes on all the same."""

from bot.engine.switch import Kind, Reminder
from bot.slack.switch_views import IdleSwitch, SwitchList, SwitchView
from bot.slack.text import Safe, bold, clip, clip_plain, code, joined, person, plain, safe, when

_MARK = ":octagonal_sign:"
NOTHING = Safe(":white_check_mark: No switch is engaged; the bot may act, and so may the billing systems.")
USAGE = Safe(
    "`/billing switch` lists them · `/billing switch engage bot [for 2h] why` stops every action of mine, "
    "`bot:<system>` or `bot:<system>/<runbook>/<action>` just those · `/billing switch release bot why`.\n"
    "A switch of a billing system is an action: ask for it with the buttons in an incident's thread."
)
DONE_ENGAGED = Safe(f"{_MARK} Engaged. From this moment no call is made that it stops; the channel is told.")
DONE_RELEASED = Safe(":arrow_forward: Released. What was held and is still fresh starts now; the channel is told.")
BAD_LENGTH = Safe("I do not understand that length of time. Write `for 30m`, `for 2h` or `for 1d`.")


def line(view: SwitchView) -> Safe:
    """In a root message, a card or a list: what is stopped, since when, by whom, why, and what goes on."""
    verb = "are stopped" if view.title.startswith("All actions") else "is stopped"
    told = (
        f"{_MARK} {bold(f'{view.title} {verb}')} since {when(view.since)} by {person(view.person)}{_why(view.reason)}"
    )
    return Safe(f"{told}{_unverified(view)}{_goes_on(view.does_not_stop)}")


def does_not_stop(text: str) -> Safe:
    """On the card of the action that would engage it."""
    return Safe(f":warning: *Does not stop* {clip(safe(text), 500)}")


def held_title(label: str) -> Safe:
    """The first line of a request that is approved and may not start."""
    return Safe(f"{_MARK} {bold(label)} · approved, held")


def held(view: SwitchView) -> Safe:
    """On the card of a request that is approved and may not start."""
    return Safe(f"{line(view)}\nIt starts once that is released, if it is still fresh by then; otherwise it expires.")


def title(view: SwitchView, what: str) -> Safe:
    """The one line of a push message or a screen reader."""
    return clip(safe(f"{view.title}: {what}"), 300)


def engaged(view: SwitchView) -> Safe:
    how = code(f"/billing switch release {view.name} why")
    return Safe(f"{line(view)}\nI remind you {when(view.until)}; it does not end by itself. To release it: {how}")


def released(view: SwitchView, *, by: str, reason: str) -> Safe:
    """After the release."""
    lasted = f"It had been engaged since {when(view.since)} by {person(view.person)}."
    return Safe(f":arrow_forward: {bold(view.title)} released by {person(by)}{_why(reason)}\n{lasted}")


def reminder(view: SwitchView, which: Reminder) -> Safe:
    """Before its time is up, and when it is: nothing but a person releases it."""
    ends = f"Its time is up {when(view.until)}" if which is Reminder.SOON else f"Its time was up {when(view.until)}"
    match view.kind:
        case Kind.BOT:
            how = f"release it with {code(f'/billing switch release {view.name} why')}"
        case Kind.BUSINESS:
            how = "release it with the button on its card in this thread; that too needs somebody else's approval"
    return Safe(f":alarm_clock: {ends}, and it does not end by itself: {how}.\n{line(view)}")


def listed(found: SwitchList) -> Safe:
    """What is engaged first, then what could be, then who has none."""
    lines = [Safe(f"{line(each)} · {code(each.name)}, reminder {when(each.until)}") for each in found.engaged[:15]]
    left = len(found.engaged) - len(lines)
    more = [Safe(f"_… and {left} more_")] if left > 0 else []
    idle = [_idle(each) for each in found.idle[:15]]
    without = [Safe(f"• {safe(title)}: no switch. {safe(why)}".rstrip()) for title, why in found.without]
    return joined([*(lines or [NOTHING]), *more, *idle, *without, USAGE], "\n")


def in_plain(found: SwitchList) -> list[str]:
    """The same for a terminal."""
    told = [
        f"{each.name}: ENGAGED since {each.since:%Y-%m-%d %H:%M} UTC by {each.person}: {each.reason}; "
        f"reminder {each.until:%Y-%m-%d %H:%M} UTC{'' if each.is_verified else '; not verified'}"
        + (f". Does not stop: {each.does_not_stop}" if each.does_not_stop else "")
        for each in found.engaged
    ]
    told += [f"{each.name}: not engaged. {each.title}. Does not stop: {each.does_not_stop}" for each in found.idle]
    told += [f"{title}: no switch. {why}".rstrip() for title, why in found.without]
    return [str(plain(each)) for each in told]


def _idle(each: IdleSwitch) -> Safe:
    return Safe(
        f":white_circle: {code(each.name)} {safe(each.title)} · not engaged, the action is {code(each.action)}"
        f"{_goes_on(each.does_not_stop)}"
    )


def _why(reason: str) -> str:
    text = clip_plain(plain(reason), 300)
    return f": {safe(text)}" if text else ""


def _goes_on(text: str | None) -> str:
    return f"\n_Does not stop_ {clip(safe(text), 400)}" if text else ""


def _unverified(view: SwitchView) -> str:
    return "" if view.is_verified else " (not verified yet)"
