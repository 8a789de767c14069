"""What the health checks say, and what a scrape brings when the database is away."""

import pytest

from bot.core.errors import Unavailable
from bot.metrics.own import Metrics
from bot.metrics.stock import Stock
from bot.web.health import Health, State

WELL = Stock(unfolded=0, fold_lag=0.0)


def health(*, stock: Stock | None = WELL, content: str = "a" * 64, findings: int = 0) -> Health:
    def asked() -> Stock:
        if stock is None:
            raise Unavailable("database", "it is restarting")
        return stock

    return Health(stock=asked, content=lambda: content, findings=lambda: findings, metrics=Metrics())


def states(of: Health) -> dict[str, State]:
    return {name: check.state for name, check in of.checks().items()}


def test_all_is_well() -> None:
    assert states(health()) == {
        "content": State.OK,
        "database": State.OK,
        "fold": State.OK,
        "messages": State.OK,
        "schedules": State.OK,
        "slack": State.OK,
        "switches": State.OK,
    }


def test_an_engaged_switch_is_a_warning_that_names_it() -> None:
    stock = Stock(unfolded=0, fold_lag=0.0, switches={("bot", "bot"): False, ("aivo/dunning", "business"): True})

    check = health(stock=stock).checks()["switches"]

    assert check.state is State.WARNING
    assert check.message.startswith("engaged: aivo/dunning;")


def test_what_slack_does_not_do_is_a_warning_with_its_word_for_why() -> None:
    paused = {"*": ("invalid_auth", 42.4), "files.info": ("missing_scope files:read", 200.0)}
    check = health(stock=Stock(unfolded=0, fold_lag=0.0, paused=paused)).checks()["slack"]

    assert check.state is State.WARNING
    assert check.message == (
        "paused: everything for 42 s: invalid_auth; files.info for 200 s: missing_scope files:read"
    )


def test_messages_that_slack_would_not_show_as_meant_are_a_warning_by_its_words() -> None:
    check = health(stock=Stock(unfolded=0, fold_lag=0.0, otherwise={"invalid_blocks": 2})).checks()["slack"]

    assert check.state is State.WARNING
    assert check.message == (
        "nothing is paused; messages of the last hour shown more simply or elsewhere: invalid_blocks 2"
    )


def test_a_database_that_is_away_is_a_failure_with_its_reason() -> None:
    check = health(stock=None).checks()["database"]

    assert check.state is State.FAILED
    assert "it is restarting" in check.message


def test_no_content_is_a_failure_and_newer_content_that_is_wrong_a_warning() -> None:
    assert states(health(content=""))["content"] is State.FAILED
    assert states(health(findings=2))["content"] is State.WARNING
    assert "2 findings" in health(findings=2).checks()["content"].message


@pytest.mark.parametrize(
    ("stock", "name"),
    [
        (Stock(unfolded=3, fold_lag=61.0), "fold"),
        (Stock(unfolded=0, fold_lag=0.0, undelivered=2, undelivered_lag=901.0), "messages"),
    ],
)
def test_being_behind_is_a_warning_that_says_how_far(stock: Stock, name: str) -> None:
    check = health(stock=stock).checks()[name]

    assert check.state is State.WARNING
    assert "the oldest for" in check.message


def test_a_scrape_names_everything_that_is_counted() -> None:
    metrics = Metrics()
    stock = Stock(
        unfolded=2,
        fold_lag=1.5,
        incidents={("accrue", "firing"): 3},
        jobs={("diagnose", "waiting"): 4},
        undelivered=5,
        undelivered_lag=6.0,
    )
    metrics.watch(lambda: stock, content=lambda: "0123456789abcdef")
    metrics.webhook("stored")
    metrics.committed(32, 0.002)
    metrics.folded("folded", 2)
    metrics.incident("opened", system="accrue")

    lines = metrics.render().decode().splitlines()

    assert {
        'countersign_webhooks_total{outcome="stored"} 1.0',
        'countersign_commit_batch_size_bucket{le="32.0"} 1.0',
        'countersign_commit_batch_size_bucket{le="16.0"} 0.0',
        'countersign_deliveries_folded_total{outcome="folded"} 2.0',
        'countersign_deliveries_folded_total{outcome="put_aside"} 0.0',
        'countersign_incident_changes_total{change="opened",system="accrue"} 1.0',
        "countersign_unfolded_deliveries 2.0",
        "countersign_fold_lag_seconds 1.5",
        'countersign_incidents{state="firing",system="accrue"} 3.0',
        'countersign_jobs{queue="diagnose",state="waiting"} 4.0',
        "countersign_undelivered_messages 5.0",
        "countersign_undelivered_lag_seconds 6.0",
        "countersign_database_up 1.0",
    } <= set(lines)


def test_a_scrape_without_the_database_says_so_and_keeps_the_counters() -> None:
    metrics = Metrics()

    def away() -> Stock:
        raise Unavailable("database", "it is restarting")

    metrics.watch(away, content=lambda: "0123456789abcdef")
    metrics.webhook("database")

    lines = metrics.render().decode().splitlines()

    assert "countersign_database_up 0.0" in lines
    assert 'countersign_webhooks_total{outcome="database"} 1.0' in lines
    assert not any(line.startswith("countersign_unfolded_deliveries") for line in lines)


def test_two_bots_in_one_process_do_not_share_their_counters() -> None:
    one, other = Metrics(), Metrics()

    one.webhook("stored")

    assert other.registry.get_sample_value("countersign_webhooks_total", {"outcome": "stored"}) is None
