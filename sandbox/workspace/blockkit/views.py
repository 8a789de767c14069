"""The two kinds of view: a modal, and an app's Home."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sandbox.workspace.blockkit.blocks import Input, InView
from sandbox.workspace.blockkit.objects import Plain24, Strict, refuse


class _View(Strict):
    blocks: Annotated[list[InView], Field(min_length=1, max_length=100)]
    callback_id: Annotated[str, Field(max_length=255)] | None = None
    external_id: Annotated[str, Field(max_length=255)] | None = None
    private_metadata: Annotated[str, Field(max_length=3000)] | None = None


class Modal(_View):
    type: Literal["modal"]
    title: Plain24
    submit: Plain24 | None = None
    close: Plain24 | None = None
    clear_on_close: bool | None = None
    notify_on_close: bool | None = None
    submit_disabled: bool | None = None

    @model_validator(mode="after")
    def _input_can_be_submitted(self) -> Self:
        if self.submit is None and any(isinstance(block, Input) for block in self.blocks):
            raise refuse("missing required field: submit (a modal with input blocks needs it)")
        return self


class Home(_View):
    type: Literal["home"]


View = Annotated[Modal | Home, Field(discriminator="type")]
