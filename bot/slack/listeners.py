"""The Slack app: verifies what comes in, takes each thing once, and hands it to the code that knows."""

import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult

from bot.core.errors import CountersignError
from bot.core.ports import Json
from bot.desk import Desk
from bot.slack import asking, shortcut
from bot.slack.answer_words import failed
from bot.slack.answering import Answering, Reply
from bot.slack.answers import Addresses, Answers
from bot.slack.asking import Telling
from bot.slack.blocks.modals import not_possible
from bot.slack.blocks.storm import OPEN_THREAD
from bot.slack.clicks import Clicks
from bot.slack.commands import Commands
from bot.slack.commands.ports import Inquiring
from bot.slack.entrance import Entrance, Home
from bot.slack.homes import Everywhere, Homes
from bot.slack.looking_after import LookingAfter
from bot.slack.payload import Click, Submission, click, submission
from bot.slack.ticking import Ticking

log = logging.getLogger(__name__)

_OPEN_THREAD = re.compile(rf"^{OPEN_THREAD}:\d+$")
_ASK = re.compile(r"^ask(:[a-z][a-z0-9-]*)?$")
_TICK, _UNTICK = re.compile(r"^tick:\d+$"), re.compile(r"^untick:\d+$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What listeners reach beside the desk."""

    reply: Reply
    telling: Telling
    urls: Addresses
    inquiry: Inquiring
    home: Home
    homes: Homes


def bolt_app(*, signing_secret: str | None, bot_token: str, desk: Desk, around: Around, executor: Executor) -> App:
    """An app that makes no call of its own; listeners run in `executor`, which the caller shuts down.

    A click is acknowledged first and then carried out, for that may take longer than Slack waits; a form is carried
    out first, for its answer is what the form shows. Over Socket Mode there is no signature, and so no secret.
    """
    reply = Everywhere(around.reply, around.homes)
    answering = Answering(desk=desk, reply=reply)
    clicks = Clicks(desk=desk, reply=reply)
    after = LookingAfter(desk=desk, reply=reply)
    steps = Ticking(desk=desk, reply=reply)
    quiet = logging.getLogger("bot.slack.bolt")
    quiet.setLevel(logging.ERROR)  # it reads SLACK_BOT_TOKEN by itself, and warns that it will not use it
    app = App(
        name="countersign",
        signing_secret=signing_secret or "unused",
        request_verification_enabled=signing_secret is not None,
        authorize=_authorize(bot_token),
        logger=quiet,
        listener_executor=executor,
        attaching_function_token_enabled=False,
    )
    quiet.setLevel(logging.NOTSET)
    app.use(Entrance(database=desk.database, home=around.home, now=desk.now).__call__)
    buttons: dict[str | re.Pattern[str], Callable[[Click], None]] = {
        "acknowledge": after.acknowledge,
        "rerun": after.rerun,
        _OPEN_THREAD: after.open_thread,
        "close": after.close,
        _TICK: steps.tick,
        _UNTICK: steps.untick,
        "silence": after.silence,
        "unsilence": after.unsilence,
        "approve": clicks.approve,
        "deny": clicks.deny,
        "break_glass": clicks.break_glass,
        "review": clicks.review,
        "undo": clicks.undo,
        "stop": clicks.stop,
        "resume": clicks.resume,
        "took_effect": clicks.settle,
        "no_effect": clicks.settle,
        _ASK: clicks.ask,
    }
    for action_id, act in buttons.items():
        app.action(action_id)(_on_click(answering, around.homes, act))
    app.view("ask")(_on_submit(clicks.submit_ask))
    app.view("silence")(_on_submit(after.submit_silence))
    app.view("deny")(_on_submit(clicks.submit_deny))
    app.view("vote")(_on_vote(clicks))
    app.view("resume")(_on_submit(clicks.submit_resume))
    app.view("settle")(_on_submit(clicks.submit_settle))
    answers = Answers(desk=desk, commands=Commands(desk, around.inquiry), urls=around.urls)
    shortcut.listen(app, desk=desk, reply=reply)
    asking.listen(app, desk=desk, answers=answers, telling=around.telling)
    around.homes.listen(app)
    return app


def _authorize(bot_token: str) -> Callable[..., AuthorizeResult]:
    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=bot_token)

    return authorize


def _on_click(answering: Answering, homes: Homes, act: Callable[[Click], None]) -> Callable[..., None]:
    def on_click(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        made = click(body)
        try:
            act(made)
        except CountersignError as error:
            answering.failed(made, error)
        if not made.channel_id:  # in the Home, which shows at once what came of it
            homes.refresh(made.person)

    return on_click


def _on_submit(act: Callable[[Submission], Mapping[str, Json] | None]) -> Callable[..., None]:
    def on_submit(ack: Ack, body: dict[str, Any]) -> None:
        try:
            answer = act(submission(body))
        except CountersignError as error:
            log.warning("form.failed", extra={"error": str(error)})
            answer = {"response_action": "update", "view": not_possible(failed(str(error)))}
        ack(dict(answer) if answer else "")

    return on_submit


def _on_vote(clicks: Clicks) -> Callable[..., None]:
    """What was typed is checked before the form is answered; what takes time comes after."""

    def on_vote(ack: Ack, body: dict[str, Any]) -> None:
        form = submission(body)
        checked = clicks.check_vote(form)
        ack({"response_action": "errors", "errors": dict(checked.wrong)} if checked.wrong else "")
        if not checked.wrong:
            clicks.submit_vote(form, is_proven=checked.is_proven)

    return on_vote
