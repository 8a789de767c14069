"""What the bot says to what people type."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from bot.engine.incident import Incident
from bot.engine.runbook import Runbook
from bot.slack.text import Plain, Safe, bold, clip, code, joined, safe, when
from bot.slack.words import counted, severity_mark

HELP = Safe(
    "*What you can ask me*, as `/billing …`, or in a thread by my name: `@countersign …`\n"
    "• `status` – open incidents, and whether everything that was said has reached Slack\n"  # noqa: RUF001
    "• `incident [id]` – how one stands; in its thread the id is not needed\n"  # noqa: RUF001
    "• `runbooks [system]` – which there are, with what each wants to know\n"  # noqa: RUF001
    "• `run system/runbook key=value …` – open an incident without an alert, and ask its questions\n"  # noqa: RUF001
    "• `check system/runbook/question key=value …` – ask just one question; `check system/id` a scheduled one\n"  # noqa: RUF001
    "• `stripe in_…` – look an object up: evt, in, sub, cus, ch, pi, po, re, dp …\n"  # noqa: RUF001
    "• `requests` – actions that wait for approval\n"  # noqa: RUF001
    "• `silence [id] 2h [why]`, `unsilence [id]` – an incident's alerts in Alertmanager\n"  # noqa: RUF001
    "• `close [id]` – close what was opened by hand\n"  # noqa: RUF001
    "• `switch` – what is stopped, and how to stop me: `switch engage bot why`\n"  # noqa: RUF001
    "Only you see the answer, until you press “Share to channel”. Actions are asked for with an incident's buttons."
)

SHARE = Plain("Share to channel")
SHARED = Safe(":white_check_mark: Shared.")
SHARED_BEFORE = Safe("This has been shared already.")
NOT_KEPT = Safe("This answer is not kept any more. Ask again, and share that.")
NOT_SHARED = Safe("This could not be shared. Ask again in a minute, and share that.")
ASKING = Safe(":hourglass_flowing_sand: Asking. The answer comes as a message of its own.")
WHICH_INCIDENT = Safe(
    "Which incident? Write the beginning of its id, as `/billing status` shows it; in its thread, by my name, "
    "it needs none."
)
WHICH_RUNBOOK = Safe("Which runbook? `/billing runbooks` lists them; write `/billing run system/runbook key=value …`.")
HOW_LONG = Safe(
    "For how long? Write `/billing silence <incident> 2h why`, or in its thread, by my name, `silence 2h why`."
)
WHICH_CHECK = Safe(
    "Which question? Write `/billing check system/runbook/question`; `/billing runbooks system` lists them."
)
WHICH_OBJECT = Safe("Which object? Write its id, as in `/billing stripe in_1AbC…`.")
NO_STRIPE = Safe("No Stripe account is connected: set STRIPE_API_KEY.")
THIRTY_DAYS = Safe("Stripe keeps events for 30 days: an older one can no longer be looked up.")


def unknown(what: str, name: str, *, close: Sequence[str], known: Collection[str]) -> Safe:
    """There is nothing of this name: what is like it, else what there is."""
    say = Safe(f"I do not know a {safe(what)} {code(name)}.")
    if close:
        return Safe(f"{say} Did you mean {_or(close)}?")
    return Safe(
        f"{say} There {'is' if len(known) == 1 else 'are'}: {_list(known)}." if known else f"{say} It has none."
    )


def unknown_word(word: str, close: Sequence[str]) -> Safe:
    hint = f" Did you mean {_or(close)}?" if close else ""
    return Safe(f"I do not know “{safe(word)}”.{hint}\n{HELP}")


def no_incident(wanted: str, found: Sequence[Incident]) -> Safe:
    if not found:
        return Safe(f"There is no incident {code(wanted)}. `/billing status` shows the open ones with their ids.")
    lines = [Safe(f"• {code(each.id[:8])} {safe(each.title)}, opened {when(each.opened_at)}") for each in found]
    return joined([Safe(f"More than one incident begins with {code(wanted)}:"), *lines], "\n")


def runbooks(named: Mapping[str, Runbook], *, with_checks: bool) -> Safe:
    """A line each: its name, what it is about, and the parameters it takes."""
    if not named:
        return Safe("There is no runbook.")
    lines = []
    for name, each in named.items():
        keys = joined((code(f"{param}=…") for param in each.params), " ")
        checks = joined((code(question.id) for question in each.diagnose), " ") if with_checks else Safe("")
        lines.append(
            joined(
                (Safe(f"• {code(name)} {safe(each.title)}"), keys, Safe(f"· checks {checks}" if checks else "")), " "
            )
        )
    return joined([Safe(f"*{counted(len(named), 'runbook')}*"), *lines], "\n")


def usage(name: str, missing: Sequence[str], about: Mapping[str, str | None], *, verb: str) -> Safe:
    """What a runbook cannot do without, and how to write it."""
    wants = [Safe(f"• {code(key)}{_about(about.get(key))}") for key in missing]
    example = code(f"/billing {verb} {name} {' '.join(f'{key}=…' for key in missing)}")
    return joined([Safe(f"{code(name)} needs to know:"), *wants, Safe(f"Write {example}")], "\n")


def share_note(*, person: str, command: str) -> Safe:
    return Safe(f"{person} asked {code(command)}")


def asked_check(name: str, given: Mapping[str, str]) -> Safe:
    values = joined((code(f"{key}={value}") for key, value in given.items()), " ")
    return joined((Safe(f":mag: {code(name)}"), values), " ")


def give(missing: Sequence[str]) -> Safe:
    """After a question that was not answered for want of a parameter."""
    return Safe(f"Give it as {_list([f'{each}=…' for each in missing])}.") if missing else Safe("")


def stripe_title(kind: str, object_id: str, *, system: str) -> str:
    return f"Stripe {kind} {object_id} ({system})"


def opened(incident: Incident, *, link: Safe) -> Safe:
    """After `run`."""
    where = f" {link}" if link else f" It appears in {safe(incident.channel)} in a moment."
    return Safe(
        f"{severity_mark(incident.severity)} Opened {bold(incident.title)} ({code(incident.id[:8])}).{where}\n"
        "Its questions are being asked; its thread has the evidence and the buttons. Close it with its Close button."
    )


def closed(incident: Incident) -> Safe:
    return Safe(f":white_check_mark: Closed {bold(incident.title)} ({code(incident.id[:8])}).")


def silenced(incident: Incident, *, until: datetime) -> Safe:
    return Safe(f":no_bell: Silencing {bold(incident.title)} until {when(until)}; its message says when it is so.")


def unsilenced(incident: Incident) -> Safe:
    return Safe(f":bell: Lifting the silence of {bold(incident.title)}; its message says when it is so.")


def _about(text: str | None) -> str:
    return f" – {clip(safe(text), 200)}" if text else ""  # noqa: RUF001


def _list(names: Iterable[str]) -> Safe:
    all_of_them = list(names)
    shown = joined((code(each) for each in all_of_them[:12]), ", ")
    return Safe(f"{shown} and {len(all_of_them) - 12} more") if len(all_of_them) > 12 else shown


def _or(names: Sequence[str]) -> Safe:
    return joined((code(each) for each in names), " or ")
