"""How the hosts are installed: what one deployment has and another lacks."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Switches that change what a host offers, not whether it works."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stripemeter_replay: bool = Field(default=True, description="POST /v1/replay exists (in no public fork it does)")
    aivo_metrics: Literal["code", "seed"] = Field(default="code", description="which metric names payments-svc exports")
    aivo_dunning_routes: bool = Field(default=False, description="/internal/dunning/* exist (upstream they do not)")
    aivo_dunning_flag: bool = Field(default=True, description="/internal/flags/dunning exists (a proposal of ours)")


class OptionsHolder:
    """The options in force; replaced whole."""

    def __init__(self) -> None:
        self.value = Options()

    def reset(self) -> None:
        """Back to the defaults."""
        self.value = Options()
