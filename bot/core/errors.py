"""Every error of ours, as a tree.

CountersignError
├── ContentError      a rules, runbook or alerts file is wrong: file, line, where, what
├── ContentErrors     everything that is wrong with the content files, at once
├── SettingsError     the environment is wrong: the variable, and what to set
├── BadInput          a request from outside is malformed: what, and where
├── Unavailable       something outside did not answer; asking again may help
│   ├── TimedOut      it did not answer in time
│   └── NotVouched    the directory answered, but does not vouch for who was asked about
├── Refused           the target answered, and the answer is no; asking again will not help
├── NotConnected      a resource whose environment variables are unset
├── NotInstalled      the target answers, but has no such route or feature
├── Unknown           a write may or may not have taken effect
└── ExpressionError   an expression or template could not be evaluated
"""

from collections.abc import Iterable
from typing import ClassVar


class CountersignError(Exception):
    """Anything this program raises on purpose; its text is fit to be shown to a person after egress."""

    retryable: ClassVar[bool] = False


class ContentError(CountersignError):
    """A content file is wrong.

    `where` is the dotted path inside the file (`diagnose.1.sql.query`; empty: the file itself), `line` counts from 1.
    """

    def __init__(self, *, file: str, line: int, where: str, what: str) -> None:
        self.file = file
        self.line = line
        self.where = where
        self.what = what
        super().__init__(f"{file}:{line}: {where}: {what}" if where else f"{file}:{line}: {what}")


class ContentErrors(CountersignError):
    """Everything that is wrong with the content files, in the order of files and lines; never empty."""

    def __init__(self, findings: Iterable[ContentError]) -> None:
        self.findings = tuple(sorted(findings, key=lambda finding: (finding.file, finding.line)))
        super().__init__("\n".join(str(finding) for finding in self.findings))


class SettingsError(CountersignError):
    """The environment does not let the program start."""


class BadInput(CountersignError):
    """Something from outside is malformed; the text says what and where."""


class Unavailable(CountersignError):
    """`what` (prometheus, stripe, database …) could not answer, because of `why`."""

    retryable: ClassVar[bool] = True

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(f"{what} is unavailable: {why}")


class TimedOut(Unavailable):
    """`what` did not answer within `seconds`."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(what, f"no answer within {seconds:g} s")


class NotVouched(Unavailable):
    """The directory answered, but not with what was asked: what it said before does not stand in for that.

    `is_gone` when it says that there is nobody, or no such group: what it said before is void for good.
    """

    def __init__(self, what: str, why: str, *, is_gone: bool = False) -> None:
        self.is_gone = is_gone
        super().__init__(what, why)


class Refused(CountersignError):
    """`what` answered no; `why` is its reason, already cut to what may be shown."""

    def __init__(self, what: str, why: str, *, status: int | None = None) -> None:
        self.what = what
        self.why = why
        self.status = status
        super().__init__(f"{what} refused: {why}")


class NotConnected(CountersignError):
    """A resource is named in the rules file, but its variable is unset."""

    def __init__(self, resource: str, variable: str) -> None:
        self.resource = resource
        self.variable = variable
        super().__init__(f"{resource} is not connected: set {variable}")


class NotInstalled(CountersignError):
    """The target is up, but the route or feature is not there (a 404 for an unknown route)."""

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(f"{what} is not installed: {why}")


class Unknown(CountersignError):
    """A write was sent and no trustworthy answer came back: it may have taken effect."""

    def __init__(self, what: str, why: str) -> None:
        self.what = what
        self.why = why
        super().__init__(f"{what}: the outcome is unknown: {why}")


class ExpressionError(CountersignError):
    """An expression or template failed on these values; the text names the expression."""
