"""What a message says about a runbook's parameters."""

from bot.engine.prefill import likely, prefilled, tokens
from bot.engine.runbook import Runbook

TENANT = "0b9f7a1e-3c52-4d0e-9f0e-2f4f6a1f9d11"
BOOK = Runbook.model_validate(
    {
        "title": "A book",
        "params": {
            "tenant": {"from": "labels.tenant", "pattern": "[0-9a-f-]{36}"},
            "event": {"from": "labels.event", "pattern": "evt_[A-Za-z0-9]+"},
            "anything": {"from": "labels.anything"},
        },
        "diagnose": [{"id": "q", "http": {"at": "api", "get": "/", "show": {"a": "a"}}}],
    }
)
OTHER = BOOK.model_copy(update={"params": {"anything": BOOK.params["anything"]}})


def test_ids_are_known_by_their_shape_and_others_by_their_name() -> None:
    found = tokens(f"The webhook (evt_1AbC) of {TENANT}. failed today, anything: shop-7")

    assert prefilled(BOOK.params, found) == {"tenant": TENANT, "event": "evt_1AbC", "anything": "shop-7"}


def test_a_word_is_no_id_only_because_a_pattern_takes_it() -> None:
    assert prefilled(BOOK.params, tokens("It failed yesterday at 10")) == {}


def test_a_name_with_a_value_of_another_shape_is_not_believed() -> None:
    assert prefilled(BOOK.params, tokens("event=evt event evt_2")) == {"event": "evt_2"}


def test_the_runbook_that_the_message_is_about_is_chosen_and_no_other() -> None:
    books = {"shop/book": BOOK, "shop/other": OTHER}

    assert likely(books, tokens("see evt_1AbC")) == "shop/book"
    assert likely(books, tokens("anything=1")) is None
    assert likely(books, tokens("hello")) is None
