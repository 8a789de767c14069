"""One call of the Web API: what was sent, by which token, to which workspace."""

from dataclasses import dataclass
from typing import Literal

from sandbox.workspace.arguments import Arguments
from sandbox.workspace.errors import missing_scope
from sandbox.workspace.state import Workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """A token that was recognised, and its scopes."""

    token: Literal["bot", "app"]
    scopes: frozenset[str]

    def require(self, *any_of: str) -> None:
        """Refuse with missing_scope unless the token has one of the scopes; none asked for means none needed."""
        if any_of and not self.scopes.intersection(any_of):
            raise missing_scope(needed=",".join(any_of), provided=self.scopes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What a method's handler is given."""

    workspace: Workspace
    args: Arguments
    caller: Caller
