"""What people type is read as Slack hands it over."""

import pytest

from bot.slack.commands.typed import Typed, read, without_mention


@pytest.mark.parametrize(
    ("text", "words", "pairs"),
    [
        pytest.param("", (), {}, id="nothing"),
        pytest.param("run aivo/refund  id=in_1", ("run", "aivo/refund"), {"id": "in_1"}, id="pairs"),
        pytest.param("run x note=“late and twice”", ("run", "x"), {"note": "late and twice"}, id="curly quotes"),
        pytest.param("silence 1a2b 2h it's known", ("silence", "1a2b", "2h", "it's", "known"), {}, id="an apostrophe"),
        pytest.param("run x host=<http://a.example|a.example>", ("run", "x"), {"host": "a.example"}, id="a link"),
        pytest.param("run x url=<https://a.example/b>", ("run", "x"), {"url": "https://a.example/b"}, id="a bare link"),
        pytest.param("check a &lt;b&gt; c&amp;d", ("check", "a", "<b>", "c&d"), {}, id="entities"),
        pytest.param("run x filter=a=b", ("run", "x"), {"filter": "a=b"}, id="an equals sign in a value"),
    ],
)
def test_words_and_pairs(text: str, words: tuple[str, ...], pairs: dict[str, str]) -> None:
    assert read(text) == Typed(words=words, pairs=pairs)


def test_the_name_of_the_bot_is_not_part_of_what_is_asked() -> None:
    assert without_mention(" <@U0BOT> check <@U0ANA>") == "check <@U0ANA>"
