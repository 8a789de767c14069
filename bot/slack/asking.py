"""Listeners for what people type: the slash command, and the bot's name in a message."""

import logging
from collections.abc import Callable
from typing import Any, Protocol

from slack_bolt import Ack, App

from bot.core.errors import CountersignError
from bot.desk import Desk
from bot.slack.answers import Answers, Blocks
from bot.slack.commands import Asked
from bot.slack.commands.typed import without_mention
from bot.slack.payload import click, command, mention
from bot.slack.text import Safe
from bot.store import finding

log = logging.getLogger(__name__)


class Telling(Protocol):
    """Answers one person where they are; see `bot.adapters.slack.Slack`."""

    def answer(self, *, channel: str, user: str, text: str, blocks: Blocks, thread_ts: str | None) -> None: ...


def listen(app: App, *, desk: Desk, answers: Answers, telling: Telling) -> None:
    """Register them."""
    app.command("/billing")(_on_command(answers))
    app.event("app_mention")(_on_mention(desk, answers, telling))
    app.action("share")(_on_share(answers))


def _on_command(answers: Answers) -> Callable[..., None]:
    def on_command(ack: Ack, body: dict[str, Any]) -> None:
        typed = command(body)
        asked = Asked(person=typed.user_id, text=typed.text, channel=typed.channel_id, seed=typed.trigger_id)
        said, blocks = answers.first(asked)
        ack(text=said.text, blocks=list(blocks), response_type="ephemeral")
        answers.rest(asked, said, answers.at(typed.response_url))

    return on_command


def _on_mention(desk: Desk, answers: Answers, telling: Telling) -> Callable[..., None]:
    """In an incident's thread the incident is implied. Slack has its answer before anything is looked up."""

    def on_mention(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        event = mention(body.get("event"))
        if not event.user:
            return  # another app wrote it
        asked = Asked(
            person=event.user,
            text=without_mention(event.text),
            channel=event.channel,
            thread_ts=event.thread_ts,
            incident_id=_incident(desk, event.channel, event.thread_ts),
            seed=f"{event.channel}:{event.ts}",
        )

        def tell(text: Safe, blocks: Blocks) -> None:
            telling.answer(channel=event.channel, user=event.user, text=text, thread_ts=event.thread_ts, blocks=blocks)

        said, blocks = answers.first(asked)
        try:
            tell(said.text, blocks)
        except CountersignError as error:
            log.warning("mention.not_answered", extra={"person": event.user, "error": str(error)})
        answers.rest(asked, said, tell)

    return on_mention


def _incident(desk: Desk, channel: str, thread_ts: str | None) -> str | None:
    if thread_ts is None:
        return None
    with desk.database.read() as conn:
        return finding.of_thread(conn, channel=channel, thread_ts=thread_ts)


def _on_share(answers: Answers) -> Callable[..., None]:
    def on_share(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        made = click(body)
        try:
            answers.share(made)
        except CountersignError as error:
            log.warning("share.failed", extra={"person": made.person, "error": str(error)})

    return on_share
