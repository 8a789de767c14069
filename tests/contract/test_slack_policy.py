"""Break-glass, severe actions and calmed alerts, as people in Slack meet them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import update

from bot.engine.system import Group
from bot.store.database import Database
from bot.store.tables import incidents
from tests.kit.slack import CHANNEL_ID
from tests.kit.slack_app import SlackBot, blocks_of, running_slack_bot
from tests.kit.trust import INCIDENT, SYSTEM, runbook
from tests.kit.waiting import eventually
from tests.kit.workspace import Json

ANA, CHI, LEAD = "U0ANA", "U0CHI", "U0LEAD1"


@contextmanager
def asked(database: Database, **changes: object) -> Iterator[SlackBot]:
    """A card that waits for votes, of a replay that ANA asked for."""
    with running_slack_bot(database, runbook=runbook(**changes)) as bot:
        leads = Group(users=(LEAD,))
        bot.office.system = SYSTEM.model_copy(update={"approvers": {**SYSTEM.approvers, "leads": leads}})
        bot.open_incident()
        bot.workspace.control.click(ANA, bot.root(), "ask:replay", value=f"{INCIDENT}:replay")
        assert has_form(bot, ANA)
        bot.workspace.control.submit(ANA, {"input:-reason": "customers wait"})
        assert bot.shows("waiting for approval")
        yield bot


def in_channel(bot: SlackBot, words: str) -> Json | None:
    """The message of the channel, beside the incident's own, that says this."""
    bot.office.pass_time(timedelta(seconds=1))  # a channel is posted to once a second
    said = [each for each in bot.workspace.control.messages(CHANNEL_ID) if each.get("bot_id")]
    return next((each for each in said if not each.get("is_ephemeral") and words in blocks_of(each)), None)


def ran_once(bot: SlackBot) -> bool:
    def has_run() -> bool:
        bot.office.work()
        return len(bot.office.host.effects) == 1

    return eventually(has_run)


def has_form(bot: SlackBot, person: str) -> bool:
    return eventually(lambda: bool(bot.workspace.control.modals(person)))


def test_break_glass_is_said_in_the_channel_until_somebody_else_has_reviewed_it(sqlite_database: Database) -> None:
    with asked(sqlite_database, risk="high", break_glass=True) as bot:
        control = bot.workspace.control
        control.click(ANA, bot.card(), "break_glass")
        assert has_form(bot, ANA)
        control.submit(ANA, {"input:-reason": "nobody is up"})

        assert eventually(lambda: in_channel(bot, "Needs a review"))
        loud = in_channel(bot, "Needs a review")
        assert loud is not None
        assert "<!subteam^S0ONCALL>" in blocks_of(loud)
        assert "nobody is up" in blocks_of(loud)
        assert ran_once(bot)
        control.command(CHI, CHANNEL_ID, "/billing", "requests")
        told = control.messages(CHANNEL_ID, user=CHI)
        assert any("needs a review" in each["text"] for each in told if each.get("is_ephemeral"))

        control.click(ANA, loud, "review")
        control.click(CHI, loud, "review")

        assert eventually(lambda: in_channel(bot, "Reviewed by <@U0CHI>"))
        assert in_channel(bot, "Needs a review") is None


def test_a_severe_action_is_approved_by_typing_its_phrase(sqlite_database: Database) -> None:
    with asked(sqlite_database, risk="severe", phrase="replay it all") as bot:
        control = bot.workspace.control
        for person in (CHI, LEAD):
            control.click(person, bot.card(), "approve")
            assert has_form(bot, person)
            wrong = control.submit(person, {"input:-phrase": "yes"})
            assert wrong["errors"] == {"input:-phrase": "Type: replay it all"}
            control.submit(person, {"input:-phrase": "Replay it all"})
            assert bot.shows(f"Approved by <@{person}>")

        assert ran_once(bot)


def test_the_card_of_an_alert_that_resolves_asks_to_confirm(sqlite_database: Database) -> None:
    with asked(sqlite_database, risk="high") as bot:
        old = bot.card()
        with bot.office.database.begin() as conn:
            conn.execute(update(incidents).values(state="resolved", resolved_at=bot.office.at))
            bot.office.means.show.incident(conn, INCIDENT, bot.office.at)
        assert bot.shows("The alert has resolved since this was asked")

        for person in (CHI, LEAD):
            bot.workspace.control.click(person, bot.card(), "approve")
            assert bot.shows(f"Approved by <@{person}>")

        assert bot.card()["ts"] == old["ts"]
        assert ran_once(bot)
