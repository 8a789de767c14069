"""The options of a system once what is `auto` has been found out."""

from collections.abc import Mapping

from bot.core.sandbox import Missing
from bot.engine.detection import AUTO, Option
from bot.engine.system import System


def with_options(system: System, found: Mapping[str, Option], *, why: Mapping[str, str] | str) -> System:
    """The system with these values in place of its own; `why` says what keeps an `auto` one from being known."""
    given = {name: value for name, value in found.items() if name in system.options}
    unknown = {
        name: Missing(hint=f"option.{name} is {AUTO} and is not known: {_why(why, name)}")
        for name, value in system.options.items()
        if value == AUTO and name not in given
    }
    if not given and not unknown:
        return system
    # A missing value is no option's value: whoever reads it is told why, and nothing is guessed.
    return system.model_copy(update={"options": {**system.options, **given, **unknown}})


def _why(why: Mapping[str, str] | str, name: str) -> str:
    return why if isinstance(why, str) else why.get(name, "it has not been asked yet")
