"""What the bot says about evidence: what came back, what did not and why, and what is left out."""

from collections.abc import Sequence

from bot.core.evidence import Failure, Reason
from bot.slack.text import Plain, Safe, bold, clip, clip_plain, code, joined, plain, safe, when
from bot.slack.views import EvidenceView
from bot.slack.words import counted, label

_REASONS = {
    Reason.TIMEOUT: "no answer in time",
    Reason.UNAVAILABLE: "could not be reached",
    Reason.REFUSED: "the answer was no",
    Reason.NOT_CONNECTED: "not connected",
    Reason.NOT_INSTALLED: "not installed there",
    Reason.NOT_HERE: "not for this installation",
    Reason.NEEDS: "not asked",
    Reason.BROKEN: "could not be worked out",
}


def not_here(titles: Sequence[str]) -> Safe:
    """Questions of other installations, in one line."""
    return clip(Safe(f"Not for this installation, and not asked: {safe(' · '.join(titles))}"), 500)


def not_offered(labels: Sequence[str]) -> Safe:
    """Actions of other installations, in one line."""
    return clip(Safe(f"Not for this installation, and not offered: {safe(' · '.join(labels))}"), 500)


def idle(titles: Sequence[str]) -> Safe:
    """Questions that had no reason to be asked, in one line."""
    return clip(Safe(f"Not asked, for what they build on is not there: {safe(', '.join(titles))}"), 700)


def unjudged(conditions: Sequence[str]) -> Safe:
    """Which conclusions nobody can draw; small, for it is for whoever keeps the runbook."""
    told = joined((clip(code(each), 300) for each in conditions[:5]), "\n")
    left = len(conditions) - 5
    return Safe(f"Could not be judged:\n{told}" + (f"\n_… and {left} more_" if left > 0 else ""))


def evidence_title(view: EvidenceView) -> Safe:
    failed = sum(isinstance(asked.evidence, Failure) for asked in view.asked)
    brought = counted(len(view.asked) - failed, "answer")
    without = f", {failed} without an answer" if failed else ""
    again = f" (no. {view.number})" if view.number > 1 else ""
    return Safe(f"*Evidence*{again} · {brought}{without} · {when(view.finished_at)}")


def evidence_notification(view: EvidenceView) -> Safe:
    return Safe(f"Evidence: {counted(len(view.asked), 'question')} asked")


def diagnosis_failed(error: str) -> Safe:
    return Safe(f":warning: The diagnosis broke off: {clip(safe(error), 300)}. What came in before that stands below.")


def question_title(title: str) -> Safe:
    return bold(clip_plain(plain(title), 120))


def no_answer(title: str, failure: Failure) -> Safe:
    mark = ":heavy_minus_sign:" if failure.reason is Reason.NEEDS else ":warning:"
    why = _REASONS[failure.reason]
    return Safe(f"{mark} {question_title(title)}: {why}. {clip(safe(failure.message), 300)}")


def nothing_found(title: str) -> Safe:
    return Safe(f"{question_title(title)}: none found.")


def answered(title: str, *, status: int | None) -> Safe:
    told = question_title(title)
    return Safe(f"{told} · HTTP {status}") if status is not None and status >= 400 else told


def one_value(title: Safe, value: Plain) -> Safe:
    return Safe(f"{title}: {bold(value) or '–'}")  # noqa: RUF001


def fact(name: str, value: Safe) -> Safe:
    return Safe(f"{safe(label(name))}: {value or '–'}")  # noqa: RUF001


IN_A_FILE = Safe("_A file in this thread has all that was read._")


def rows_left_out(*, shown: int, rows: int, is_cut: bool) -> Safe | None:
    """How much of an answer is not shown; None when all of it is."""
    if is_cut:
        return Safe(f"_The first {shown} rows; there are more than {rows}._")
    return Safe(f"_{shown} of {rows} rows._") if shown < rows else None


def columns_left_out(left: int) -> Safe:
    return Safe(f"_{counted(left, 'column')} left out._")


def answers_left_out(left: int, *, filed: int) -> Safe:
    files = f" {counted(filed, 'answer')} of them {'is a file' if filed == 1 else 'are files'} in this thread."
    return Safe(f"_{counted(left, 'more question')} did not fit into this message.{files if filed else ''}_")
