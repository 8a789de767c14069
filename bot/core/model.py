"""The base of every value that is read from a file, a request or a row."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable value; unknown fields are errors, so a typo never passes in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False, hide_input_in_errors=True)


class Lenient(BaseModel):
    """An immutable value from somebody else's API, which may grow fields at any time."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)
