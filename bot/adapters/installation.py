"""Which workspace the app is installed in: as configured, or as Slack says of our own token."""

from collections.abc import Collection

from slack_sdk import WebClient

from bot.adapters.slack_calls import translated
from bot.core.errors import Unavailable


class Installation:
    """Implements `bot.slack.entrance.Home`. `allowed`: ids of workspaces or organisations; none means the token's."""

    def __init__(self, client: WebClient, *, allowed: Collection[str] = ()) -> None:
        self._client = client
        self._ours = frozenset(allowed)

    def is_ours(self, *, team: str | None, enterprise: str | None) -> bool:
        """Raises one of our errors while Slack does not say which workspace our token is of."""
        if not self._ours:
            self._ours = self._asked()
        return team in self._ours or (team is None and enterprise in self._ours)

    def _asked(self) -> frozenset[str]:
        with translated():
            said = self._client.auth_test()
        named = [said["team_id"], said["enterprise_id"]] if said.get("is_enterprise_install") else [said["team_id"]]
        ours = frozenset(str(each) for each in named if each)
        if not ours:
            raise Unavailable("slack", "auth.test names no workspace")
        return ours
