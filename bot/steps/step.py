"""What every step shares: the scope it renders in, and the resources it may ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field, StringConstraints

from bot.core.evidence import Shown
from bot.core.model import Frozen
from bot.core.ports import Resources

Scope = Mapping[str, object]
"""What expressions and templates see: params, labels, option, incident, inputs, request, and answers by id."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
"""An id used in expressions, in snake_case."""

ResourceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


def _parses(path: str) -> str:
    try:
        jmespath.compile(path)
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath expression: {error}") from error
    return path


JmesPath = Annotated[str, AfterValidator(_parses)]
"""An expression that takes values out of JSON: `checks.database`, `data[].id`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One asking: where, with which values, how long it may take (`timeout` in seconds), and what time it is."""

    resources: Resources
    scope: Scope
    timeout: float
    now: datetime


class Projected(Frozen):
    """A field taken out of a JSON reply by JMESPath, and how it may be shown."""

    path: JmesPath = Field(description="JMESPath into the reply (or into each row, when `rows` is given)")
    shown: Shown = Field(alias="as", default=Shown.TEXT, description="the field's class")
