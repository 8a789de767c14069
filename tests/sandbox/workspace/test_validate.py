"""What Slack refuses about blocks and views, rule by rule."""

from typing import Any

import pytest

from sandbox.workspace.errors import SlackError
from sandbox.workspace.validate import check_message, check_metadata, check_view
from tests.sandbox.workspace.bodies import (
    Json,
    actions,
    button,
    confirm,
    modal,
    mrkdwn,
    option,
    plain,
    section,
    select,
    text_input,
)


def raw(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def table(*rows: list[Json], **more: Any) -> Json:
    return {"type": "table", "rows": list(rows), **more}


def image(**more: Any) -> Json:
    return {"type": "image", "alt_text": "a chart", "image_url": "https://example.com/a.png", **more}


def rich(*pieces: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(pieces)}]}


GOOD = [
    pytest.param(section("x" * 3000), id="section at its limit"),
    pytest.param({"type": "section", "fields": [mrkdwn("x" * 1300)] * 10}, id="ten fields"),
    pytest.param({"type": "section", "fields": [mrkdwn("x" * 2000)]}, id="a long field"),
    pytest.param({"type": "header", "text": plain("x" * 150)}, id="header"),
    pytest.param({"type": "context", "elements": [mrkdwn("a"), plain("b"), image()]}, id="context"),
    pytest.param(actions(*(button(f"a{n}") for n in range(25))), id="25 buttons"),
    pytest.param(actions(button(value="x" * 2000, style="danger", confirm=confirm(style="danger"))), id="full button"),
    pytest.param(actions(select("s", *(f"v{n}" for n in range(100)))), id="100 options"),
    pytest.param(section(accessory={"type": "overflow", "action_id": "o", "options": [option("a")]}), id="overflow"),
    pytest.param(section(accessory={"type": "datepicker", "action_id": "d", "initial_date": "2026-11-20"}), id="date"),
    pytest.param(text_input(element={"multiline": True, "max_length": 3000}, hint=plain("why")), id="input"),
    pytest.param(image(title=plain("Rate")), id="image"),
    pytest.param(rich({"type": "text", "text": "b", "style": {"bold": True}}), id="rich text"),
    pytest.param(
        table([raw(), {"type": "raw_number", "value": 3, "text": "3"}], column_settings=[None, {"align": "right"}]),
        id="table",
    ),
    pytest.param({"type": "markdown", "text": "x" * 12_000}, id="markdown"),
    pytest.param({"type": "alert", "level": "warning", "text": mrkdwn("careful")}, id="alert"),
    pytest.param({"type": "divider", "block_id": "d"}, id="divider"),
    pytest.param(
        {
            "type": "plan",
            "title": "p",
            "tasks": [{"type": "task_card", "task_id": "1", "title": "t", "status": "pending"}],
        },
        id="plan",
    ),
]


@pytest.mark.parametrize("block", GOOD)
def test_a_block_within_its_limits_is_taken(block: Json) -> None:
    check_message(text="fallback", blocks=[block], attachments=None)


BAD = [
    pytest.param({"type": "hologram"}, "unsupported type: hologram", "/0/type", id="unknown block"),
    pytest.param({}, "missing required field: type", "/0", id="no type"),
    pytest.param(section("x" * 3001), "must be no more than 3000 characters", "/0/text/text", id="section text"),
    pytest.param(section(""), "must be at least 1 characters", "/0/text/text", id="empty text"),
    pytest.param({"type": "section"}, "text or fields is required", "/0", id="section says nothing"),
    pytest.param(
        {"type": "section", "fields": [mrkdwn("x")] * 11}, "no more than 10 items", "/0/fields", id="11 fields"
    ),
    pytest.param(
        {"type": "section", "fields": [mrkdwn("x" * 2001)]}, "2000 characters", "/0/fields/0/text", id="field text"
    ),
    pytest.param(section(color="red"), "invalid additional property: color", "/0", id="unknown key"),
    pytest.param(section(accessory={"type": "lever"}), "unsupported type: lever", "/0/accessory/type", id="accessory"),
    pytest.param({"type": "header", "text": plain("x" * 151)}, "150 characters", "/0/text/text", id="header text"),
    pytest.param(
        {"type": "header", "text": mrkdwn("x")}, "must be one of plain_text", "/0/text/type", id="mrkdwn header"
    ),
    pytest.param({"type": "context", "elements": [mrkdwn("x")] * 11}, "10 items", "/0/elements", id="11 in context"),
    pytest.param({"type": "context", "elements": []}, "at least 1 items", "/0/elements", id="empty context"),
    pytest.param(
        {"type": "context", "elements": [button()]}, "unsupported type: button", "/0/elements/0/type", id="button"
    ),
    pytest.param(
        actions(*(button(f"a{n}") for n in range(26))), "no more than 25 items", "/0/elements", id="26 elements"
    ),
    pytest.param(actions(), "at least 1 items", "/0/elements", id="empty actions"),
    pytest.param(actions(button(text="x" * 76)), "75 characters", "/0/elements/0/text/text", id="button text"),
    pytest.param(actions(button(value="x" * 2001)), "2000 characters", "/0/elements/0/value", id="button value"),
    pytest.param(actions(button("x" * 256)), "255 characters", "/0/elements/0/action_id", id="action_id"),
    pytest.param(actions(button(style="bold")), "primary or danger", "/0/elements/0/style", id="button style"),
    pytest.param(actions(button(url="x" * 10)), "pattern", "/0/elements/0/url", id="button url"),
    pytest.param(
        actions(button(confirm=confirm(title=plain("x" * 101)))),
        "100 characters",
        "/0/elements/0/confirm/title/text",
        id="confirm title",
    ),
    pytest.param(
        actions(button(confirm=confirm(text=mrkdwn("x" * 301)))),
        "300 characters",
        "/0/elements/0/confirm/text/text",
        id="confirm text",
    ),
    pytest.param(
        actions(button(confirm=confirm(deny=plain("x" * 31)))),
        "30 characters",
        "/0/elements/0/confirm/deny/text",
        id="confirm deny",
    ),
    pytest.param(
        actions(button(confirm={"title": plain("t"), "text": plain("t"), "confirm": plain("c")})),
        "missing required field: deny",
        "/0/elements/0/confirm",
        id="confirm without deny",
    ),
    pytest.param(
        actions(select("s", *(f"v{n}" for n in range(101)))), "100 items", "/0/elements/0/options", id="101 options"
    ),
    pytest.param(actions(select("s", "x" * 151)), "characters", "/0/elements/0/options/0", id="option value"),
    pytest.param(
        actions({"type": "static_select", "action_id": "s"}),
        "exactly one of options or option_groups",
        "/0/elements/0",
        id="select without options",
    ),
    pytest.param(
        actions(select("s", "a", initial_option=option("z"))),
        "among options",
        "/0/elements/0",
        id="foreign initial option",
    ),
    pytest.param(
        section(accessory={"type": "overflow", "action_id": "o", "options": [option(str(n)) for n in range(6)]}),
        "no more than 5 items",
        "/0/accessory/options",
        id="6 in overflow",
    ),
    pytest.param(
        section(accessory={"type": "datepicker", "action_id": "d", "initial_date": "20.11.2026"}),
        "pattern",
        "/0/accessory/initial_date",
        id="date format",
    ),
    pytest.param(image(alt_text="x" * 2001), "2000 characters", "/0/alt_text", id="alt text"),
    pytest.param(image(slack_file={"id": "F1"}), "exactly one of image_url or slack_file", "/0", id="two sources"),
    pytest.param(image(image_url="x" * 3001), "3000 characters", "/0/image_url", id="image url"),
    pytest.param(
        {"type": "input", "label": mrkdwn("x"), "element": {"type": "plain_text_input", "action_id": "a"}},
        "must be one of plain_text",
        "/0/label/type",
        id="mrkdwn label",
    ),
    pytest.param(
        text_input(element={"type": "button"}), "unsupported type: button", "/0/element/type", id="input element"
    ),
    pytest.param(text_input(block_id="x" * 256), "255 characters", "/0/block_id", id="block_id"),
    pytest.param({"type": "markdown", "text": "x" * 12_001}, "12000 characters", "/0/text", id="markdown text"),
    pytest.param(
        {"type": "alert", "level": "loud", "text": mrkdwn("x")}, "must be one of", "/0/level", id="alert level"
    ),
    pytest.param(table(*[[raw()]] * 101), "no more than 100 items", "/0/rows", id="101 rows"),
    pytest.param(table([raw()] * 21), "no more than 20 items", "/0/rows/0", id="21 cells"),
    pytest.param(table([raw("")]), "at least 1 characters", "/0/rows/0/0/text", id="empty cell"),
    pytest.param(table([mrkdwn("x")]), "unsupported type: mrkdwn", "/0/rows/0/0/type", id="mrkdwn cell"),
    pytest.param(
        table([raw()], column_settings=[{"align": "top"}]), "must be one of", "/0/column_settings/0/align", id="align"
    ),
    pytest.param(table([raw("x" * 10_001)]), "less than 10001 characters", "", id="table characters"),
    pytest.param(
        rich({"type": "text", "text": ""}), "at least 1", "/0/elements/0/elements/0/text", id="empty rich text"
    ),
    pytest.param({"type": "file", "external_id": "x", "source": "remote"}, "can not be posted", "/0", id="file block"),
]


@pytest.mark.parametrize(("block", "said", "place"), BAD)
def test_a_block_that_slack_refuses_is_refused_with_its_place(block: Json, said: str, place: str) -> None:
    with pytest.raises(SlackError) as error:
        check_message(text="fallback", blocks=[block], attachments=None)

    assert error.value.code == "invalid_blocks"
    messages = error.value.body()["response_metadata"]["messages"]
    assert any(said in message and f"[json-pointer:/blocks{place}" in message for message in messages), messages


@pytest.mark.parametrize(
    ("blocks", "code", "said"),
    [
        pytest.param([{"type": "divider"}] * 51, "invalid_blocks", "no more than 50 items", id="51 blocks"),
        pytest.param([section(block_id="a"), section(block_id="a")], "invalid_blocks", "block_id", id="block_id twice"),
        pytest.param(
            [actions(button("a"), button("a"))], "invalid_blocks", "action_id", id="action_id twice in a block"
        ),
        pytest.param([actions(button("a")), actions(button("a"))], "invalid_blocks", "action_id", id="in two blocks"),
        pytest.param(
            [section(accessory=button("a")), actions(button("a"))], "invalid_blocks", "action_id", id="in an accessory"
        ),
        pytest.param([table([raw()]), table([raw()])], "only_one_table_allowed", "one table", id="two tables"),
        pytest.param([section("x" * 2700)] * 5, "msg_blocks_too_long", "", id="more than 13.2k characters"),
        pytest.param("nonsense", "invalid_blocks_format", "", id="no list"),
    ],
)
def test_what_spans_blocks_is_checked_too(blocks: Any, code: str, said: str) -> None:
    with pytest.raises(SlackError) as error:
        check_message(text="fallback", blocks=blocks, attachments=None)

    assert error.value.code == code
    assert said in str(error.value.body())


def test_blocks_inside_an_attachment_are_checked_like_any() -> None:
    with pytest.raises(SlackError) as error:
        check_message(text="x", blocks=None, attachments=[{"color": "#ff0000", "blocks": [{"type": "hologram"}]}])

    assert error.value.code == "invalid_attachments"


@pytest.mark.parametrize(
    ("view", "said", "place"),
    [
        pytest.param(modal(), "at least 1 items", "/view/blocks", id="no blocks"),
        pytest.param(modal(*[{"type": "divider"}] * 101), "no more than 100 items", "/view/blocks", id="101 blocks"),
        pytest.param(modal(section(), title=plain("x" * 25)), "24 characters", "/view/title/text", id="title"),
        pytest.param(modal(section(), submit=plain("x" * 25)), "24 characters", "/view/submit/text", id="submit"),
        pytest.param(modal(section(), close=plain("x" * 25)), "24 characters", "/view/close/text", id="close"),
        pytest.param(modal(text_input(), submit=None), "required field: submit", "/view", id="input without submit"),
        pytest.param(
            modal(section(), private_metadata="x" * 3001), "3000 characters", "/view/private_metadata", id="metadata"
        ),
        pytest.param(modal(section(), callback_id="x" * 256), "255 characters", "/view/callback_id", id="callback_id"),
        pytest.param(modal(section(), colour="red"), "invalid additional property: colour", "/view", id="unknown key"),
        pytest.param(
            modal(table([raw()])), "unsupported type: table", "/view/blocks/0/type", id="no tables in a modal"
        ),
        pytest.param(
            modal(text_input("a", "t"), text_input("a", "u")),
            "block_id",
            "/view/blocks/1/block_id",
            id="block_id twice",
        ),
        pytest.param({"type": "tab", "blocks": [section()]}, "must be modal", "/view/type", id="unknown kind"),
        pytest.param("x", "must provide an object", "/view", id="no object"),
    ],
)
def test_a_view_that_slack_refuses_is_refused_with_its_place(view: Any, said: str, place: str) -> None:
    with pytest.raises(SlackError) as error:
        check_view(view, kinds=("modal", "home"))

    [message, *_] = error.value.body()["response_metadata"]["messages"]
    assert error.value.code == "invalid_arguments"
    assert said in message
    assert message.endswith(f"[json-pointer:{place}]")


def test_a_hundred_blocks_are_taken_in_a_view() -> None:
    check_view(modal(*[{"type": "divider"}] * 99, text_input()), kinds=("modal",))


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        pytest.param({"event_type": "x"}, "invalid_metadata_format", id="no payload"),
        pytest.param({"event_type": "", "event_payload": {}}, "invalid_metadata_format", id="no type"),
        pytest.param({"event_type": "x", "event_payload": [], "y": 1}, "invalid_metadata_format", id="unknown key"),
        pytest.param({"event_type": "x", "event_payload": {"a": "x" * 8001}}, "metadata_too_large", id="too large"),
    ],
)
def test_metadata_of_a_wrong_shape_is_refused(metadata: Json, code: str) -> None:
    with pytest.raises(SlackError) as error:
        check_metadata(metadata)

    assert error.value.code == code
