"""A process that delivers one channel and is killed with -9 at a named point: `python -m tests.kit.dying_sender …`."""

import os
import signal
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from bot.adapters.slack import Slack
from bot.adapters.slack_calls import web_client
from bot.store.database import Database
from bot.store.work import Job
from tests.kit.slack import CHANNEL, PICTURE, deliverer


class DyingSlack(Slack):
    """Dies before or after the call named by `dies`: `before:post`, `after:update` …"""

    dies = ""

    def post(self, **asked: Any) -> Any:
        return self._around("post", asked)

    def upload(self, picture: bytes, **asked: Any) -> Any:
        return self._around("upload", {"picture": picture, **asked})

    def _around(self, name: str, asked: dict[str, Any]) -> Any:
        if self.dies == f"before:{name}":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = getattr(super(), name)(**asked)
        if self.dies == f"after:{name}":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def main() -> None:
    database_url, token, api, dies = sys.argv[1:]
    slack = DyingSlack(web_client(token=token, base_url=api, timeout=5))
    slack.dies = dies
    with closing(Database(database_url)) as database:
        deliver = deliverer(database, slack, picture=lambda _: PICTURE, enqueue=_ignore, now=lambda: datetime.now(UTC))
        deliver(CHANNEL)


def _ignore(conn: Connection, job: Job) -> None:
    """The test itself runs what comes next."""


if __name__ == "__main__":
    main()
