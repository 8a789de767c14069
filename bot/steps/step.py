"""What every step shares: the scope it renders in, and the resources it may ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from bot.core.evidence import Shown
from bot.core.model import Frozen
from bot.core.ports import Resources

Scope = Mapping[str, object]
"""What expressions and templates see: params, labels, option, incident, inputs, request, and answers by id."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
"""An id used in expressions, in snake_case."""

ResourceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One asking: where, with which values, and how long it may take (`timeout` in seconds)."""

    resources: Resources
    scope: Scope
    timeout: float


class Projected(Frozen):
    """A field taken out of a JSON reply by JMESPath, and how it may be shown."""

    path: str = Field(description="JMESPath into the reply (or into each row, when `rows` is given)")
    shown: Shown = Field(alias="as", default=Shown.TEXT, description="the field's class")
