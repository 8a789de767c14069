"""Message rows and the sender that brings a local workspace to them, on a clock that a test moves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from bot.adapters.slack import Slack
from bot.adapters.slack_calls import web_client
from bot.core.ports import Json
from bot.jobs.delivery.attempt import Picture, Workspace
from bot.jobs.delivery.deliver import Deliver
from bot.jobs.delivery.outcomes import Outcomes
from bot.metrics.own import Metrics
from bot.store import messages
from bot.store.database import Database
from bot.store.messages import Message
from bot.store.work import Enqueue, Job
from tests.kit.workspace import RunningWorkspace

CHANNEL, CHANNEL_ID = "#billing-oncall", "C0ONCALL"
FALLBACK, FALLBACK_ID = "#billing-leads", "C0LEADS"
PICTURE = b"\x89PNG\r\n\x1a\n picture"


def section(text: str) -> dict[str, Json]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def said(message: dict[str, Any]) -> str:
    """What a message of the workspace says."""
    return str(message["text"])


def deliverer(
    database: Database,
    slack: Workspace,
    *,
    picture: Picture,
    enqueue: Enqueue,
    now: Callable[[], datetime],
    metrics: Metrics | None = None,
    catch_up: Callable[[str], bool] = lambda _: False,
) -> Deliver:
    """The sender with all its parts; what cannot be posted where it belongs goes to the fallback channel."""
    outcomes = Outcomes(
        database=database,
        workspace=slack,
        enqueue=enqueue,
        now=now,
        new_id=lambda: str(uuid4()),
        fallback=FALLBACK,
        metrics=metrics or Metrics(),
    )
    return Deliver(
        database=database,
        workspace=slack,
        picture=picture,
        enqueue=enqueue,
        now=now,
        outcomes=outcomes,
        catch_up=catch_up,
    )


@dataclass
class Room:
    """One channel: rows on one side, the workspace on the other, and `deliver` between them."""

    database: Database
    workspace: RunningWorkspace
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ordered: list[Job] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: count(1))
    picture: Callable[[Message], bytes | None] = lambda _: PICTURE

    def __post_init__(self) -> None:
        config = self.workspace.config
        self.slack = Slack(web_client(token=config.bot_token, base_url=self.workspace.api, timeout=30))
        self.deliver = deliverer(
            self.database, self.slack, picture=self.picture, enqueue=self.enqueue, now=lambda: self.at
        )

    def enqueue(self, conn: Connection, job: Job) -> None:
        self.ordered.append(job)

    def say(
        self,
        subject: str,
        text: str,
        *,
        thread_of: str | None = None,
        blocks: Sequence[dict[str, Json]] = (),
        image_title: str | None = None,
        channel: str = CHANNEL,
    ) -> str:
        """Have a message say this; its id."""
        with self.database.begin() as conn:
            held = messages.hold(
                conn,
                subject=subject,
                message_id=f"00000000-0000-4000-8000-{next(self.numbers):012d}",
                incident_id=None,
                channel=channel,
                thread_of=thread_of,
                now=self.at,
                image_title=image_title,
            )
            messages.say(conn, held, text=text, blocks=list(blocks), now=self.at)
        self.at += timedelta(milliseconds=1)
        return held.id

    def send(self, channel: str = CHANNEL) -> None:
        """One delivery job of the channel."""
        self.deliver(channel)

    def settle(self, *channels: str, within: int = 600) -> None:
        """Send and let time pass, until nothing is behind any more; a second at a time."""
        for _ in range(within):
            for channel in channels or (CHANNEL,):
                self.send(channel)
            if not self.behind():
                return
            self.pass_time(1)
        raise AssertionError(f"{self.behind()} messages are still behind")

    def behind(self) -> int:
        with self.database.read() as conn:
            return messages.backlog(conn).count

    def pass_time(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def row(self, subject: str) -> Message:
        with self.database.read() as conn:
            found = messages.by_subject(conn, subject)
        assert found is not None
        return found

    def roots(self) -> list[dict[str, Any]]:
        """What people see in the channel, without what was there before."""
        return [each for each in self.workspace.control.messages(CHANNEL_ID) if each.get("bot_id")]

    def texts(self) -> list[str]:
        return [said(each) for each in self.roots()]

    def replies(self) -> list[dict[str, Any]]:
        return [reply for root in self.roots() for reply in root["replies"]]
