"""Text bound for Slack: whatever is put in, it pings nobody, links nowhere and is never cut in half."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.text import Safe, bold, clip, code, is_web, link, person, plain, safe, unmarked, when
from tests.unit.slack.samples import NOW

MARKUP = re.compile(r"<[@#!]|<https?:|<mailto:")


@pytest.mark.parametrize(
    "text", ["<!channel>", "<!here|here>", "<@U0LEAD1>", "<#C0ONCALL>", "<https://evil.example|x>"]
)
def test_markup_in_a_value_is_only_text(text: str) -> None:
    assert not MARKUP.search(safe(text))
    assert not MARKUP.search(code(text))
    assert not MARKUP.search(bold(text))


@given(st.text())
def test_no_value_becomes_markup(text: str) -> None:
    told = safe(text)

    assert "<" not in told
    assert ">" not in told


@given(st.text(alphabet="<>&;abc@!^|{} \n", max_size=200), st.integers(min_value=2, max_value=250))
def test_a_cut_leaves_no_half_entity_and_stays_within_its_limit(text: str, limit: int) -> None:
    cut = clip(safe(text), limit)

    assert len(cut) <= limit
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", cut)


@given(st.integers(min_value=2, max_value=120))
def test_a_cut_leaves_no_half_date(limit: int) -> None:
    cut = clip(Safe(f"since {when(NOW)} by {person('U0ANA')}"), limit)

    assert cut.count("<") == cut.count(">")


def test_an_address_with_a_secret_in_it_is_not_linked() -> None:
    assert link("https://host.example/?token=abcdefgh12345678", "Guide") == "Guide"
    assert link("https://host.example/a|b", "Guide") == "Guide"


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://host.example/x?y=1&z=2", True),
        ("javascript:alert(1)", False),
        ("https://host.example/<!channel>", False),
        ("https://host.example/two words", False),
        ("https://host.example/" + "x" * 3000, False),
        ("docs/hosts/accrue.md", False),
    ],
)
def test_only_plain_web_addresses_are_links(url: str, is_one: bool) -> None:
    assert is_web(url) is is_one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("*Pay* `now` ~or~ _never_", "∗Pay∗ ˋnowˋ ∼or∼ ˍneverˍ"),  # noqa: RUF001 - look-alikes, which mark nothing
        ("in_1_AbC and a_b, 2 * 3 * 4, ~5", "in_1_AbC and a_b, 2 * 3 * 4, ~5"),
        ("", ""),
    ],
)
def test_what_an_alert_says_is_not_set_in_bold_by_its_own_asterisks(text: str, said: str) -> None:
    assert unmarked(text) == said


def test_who_is_no_member_is_not_mentioned() -> None:
    assert person("U0ANA") == "<@U0ANA>"
    assert person("cli:root") == "cli:root"
    assert person("U0ANA> <!channel") == "U0ANA&gt; &lt;!channel"


def test_invisible_characters_do_not_hide_a_secret() -> None:
    assert "example.com" not in plain("jane@exam\u200bple.com") or "[" in plain("jane@exam\u200bple.com")
    assert plain("a\u202eb\x00c\ud800") == "a b c "
