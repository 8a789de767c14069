"""What the evidence means: each conclusion holds, does not hold, or cannot be judged. Pure."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from bot.core.egress import mask, without_private
from bot.core.errors import ExpressionError
from bot.core.evidence import Evidence
from bot.core.model import Frozen
from bot.engine.diagnose import lacking
from bot.engine.naming import names
from bot.engine.runbook import Conclusion
from bot.steps.step import Scope


class Held(Frozen):
    """It holds; `say` is what it tells people, already through egress."""

    kind: Literal["held"] = "held"
    say: str
    suggest: tuple[str, ...] = ()
    warn_against: tuple[str, ...] = ()
    good: bool = False


class NotHeld(Frozen):
    """Judged, and it does not hold."""

    kind: Literal["not_held"] = "not_held"


class NotJudged(Frozen):
    """The evidence does not allow a judgement; never the same as clean. `why` is already through egress."""

    kind: Literal["not_judged"] = "not_judged"
    when: str
    why: str


Judgement = Annotated[Held | NotHeld | NotJudged, Field(discriminator="kind")]


class Conclusions(Frozen):
    """The judgement of each conclusion, in the order of the file."""

    judgements: tuple[Judgement, ...] = ()

    @property
    def held(self) -> tuple[Held, ...]:
        return tuple(each for each in self.judgements if isinstance(each, Held))

    @property
    def unjudged(self) -> tuple[NotJudged, ...]:
        return tuple(each for each in self.judgements if isinstance(each, NotJudged))

    @property
    def warn_against(self) -> tuple[str, ...]:
        """Actions that something which holds speaks against."""
        return tuple(dict.fromkeys(action for each in self.held for action in each.warn_against))

    @property
    def suggest(self) -> tuple[str, ...]:
        """Actions that something which holds suggests, and nothing speaks against."""
        against = self.warn_against
        return tuple(dict.fromkeys(action for each in self.held for action in each.suggest if action not in against))


def conclude(conclusions: Iterable[Conclusion], *, scope: Scope, evidence: Mapping[str, Evidence]) -> Conclusions:
    """Judge each of them over the evidence, whose facts are in `scope`."""
    return Conclusions(judgements=tuple(_judged(each, scope, evidence) for each in conclusions))


def _judged(conclusion: Conclusion, scope: Scope, evidence: Mapping[str, Evidence]) -> Held | NotHeld | NotJudged:
    try:
        if not conclusion.when.holds(scope):
            return NotHeld()
        say = conclusion.say.render(scope)
    except ExpressionError as error:
        why = lacking(names(conclusion), evidence) or str(error)
        return NotJudged(when=conclusion.when.source, why=mask(why))
    told = without_private(say, _labels(scope))
    return Held(say=told, suggest=conclusion.suggest, warn_against=conclusion.warn_against, good=conclusion.good)


def _labels(scope: Scope) -> Mapping[str, object]:
    labels = scope.get("labels")
    return labels if isinstance(labels, Mapping) else {}
