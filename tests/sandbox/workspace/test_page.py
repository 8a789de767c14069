"""The page in a real Chromium: what a person sees and does."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from slack_bolt import Ack, App
from slack_sdk import WebClient
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

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
from tests.sandbox.workspace.bolt import Pair, over_http

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=30_000)
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium (Debian package chromium)")


def png(width: int = 60, height: int = 30) -> bytes:
    """A grey picture, made by hand so that no drawing library is needed."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x99" * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def listeners(app: App) -> None:
    """A small bot: asks in a form, takes a second person's yes, is slow on demand."""

    @app.action("ask")
    def ask(ack: Ack, body: Json, client: WebClient) -> None:
        view = modal(
            section("Nothing runs until a *second person* agrees."),
            text_input(),
            {"type": "input", "block_id": "since", "label": plain("Since"), "element": select("span", "1 h", "6 h")},
            callback_id="form",
            private_metadata=body["message"]["ts"],
        )
        client.views_open(trigger_id=body["trigger_id"], view=view)
        ack()

    @app.view("form")
    def form(ack: Ack, body: Json, view: Json, client: WebClient) -> None:
        values = view["state"]["values"]
        reason = values["reason"]["text"]["value"]
        if len(reason) < 8:
            ack({"response_action": "errors", "errors": {"reason": "Say more."}})
            return
        ack()
        span = values["since"]["span"]["selected_option"]["value"]
        client.chat_postMessage(
            channel="C0ONCALL",
            thread_ts=view["private_metadata"],
            text="request",
            blocks=[
                section(f"<@{body['user']['id']}> asks: {reason} ({span})"),
                actions(button("approve", "Approve", style="primary", confirm=confirm())),
            ],
        )

    @app.action("approve")
    def approve(ack: Ack, body: Json, client: WebClient) -> None:
        ack()
        client.chat_update(
            channel="C0ONCALL",
            ts=body["message"]["ts"],
            text="done",
            blocks=[section(f"Approved by <@{body['user']['id']}>")],
        )

    @app.action("pick")
    def pick(ack: Ack, body: Json, client: WebClient) -> None:
        ack()
        chosen = body["actions"][0]["selected_option"]["value"]
        client.chat_postEphemeral(channel="C0ONCALL", user=body["user"]["id"], text=f"You chose {chosen}")

    @app.command("/billing")
    def billing(ack: Ack, command: Json) -> None:
        ack(f"You asked for {command['text']}")

    @app.event("app_mention")
    def mentioned(event: Json, client: WebClient) -> None:
        client.chat_postMessage(channel=event["channel"], thread_ts=event.get("thread_ts"), text="Here I am.")

    @app.event("app_home_opened")
    def home(event: Json, client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Your requests: none")]})


class OneScenario:
    """Stands in for the simulated systems: one thing to break."""

    def __init__(self) -> None:
        self.running = False
        self.routes = [
            Route("/world/scenarios", self.show, methods=["GET"]),
            Route("/world/scenarios/{id}", self.begin, methods=["POST"]),
        ]

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""

    async def show(self, _: Request) -> JSONResponse:
        entry = {"id": "drift", "title": "Make usage drift", "system": "stripemeter", "about": "By 2 %."}
        return JSONResponse([entry | {"running": self.running}])

    async def begin(self, _: Request) -> JSONResponse:
        self.running = True
        return JSONResponse({"id": "drift", "details": {}})


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with over_http(listeners, world=OneScenario()) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(pair: Pair, browser: Browser) -> Iterator[Page]:
    """Ana looks at an empty #billing-oncall; an error in the page fails the test."""
    pair.workspace.control.reset()
    page = browser.new_page(viewport={"width": 1440, "height": 900}, timezone_id="UTC", locale="en-GB")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(f"{request.url} {request.failure}"))
    page.set_default_timeout(30_000)
    page.goto(pair.workspace.url)
    expect(page.get_by_role("heading", name="#billing-oncall")).to_be_visible()
    expect(page.locator("body[data-hears]")).to_be_attached()  # of changes, from now on
    yield page
    errors = [error for error in errors if "/control/stream" not in error]  # cut when the page is closed
    page.close()
    assert errors == []


def post(pair: Pair, *blocks: Json, **more: Any) -> str:
    posted = pair.app.client.chat_postMessage(channel="C0ONCALL", text="card", blocks=list(blocks) or None, **more)
    return str(posted["ts"])


def become(page: Page, name: str) -> None:
    page.locator(".switcher").click()
    page.get_by_role("menuitem", name=name).first.click()


def thread(page: Page) -> Any:
    return page.get_by_role("complementary", name="Thread")


def test_from_a_button_to_a_second_persons_yes(pair: Pair, page: Page) -> None:
    post(pair, section("Three webhooks gave up"), actions(button("ask", "Replay…", style="primary")))

    page.get_by_role("button", name="Replay…").click()
    form = page.get_by_role("dialog")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_text("Please complete this required field.")).to_have_count(2)
    form.get_by_label("Reason").fill("short")
    form.get_by_label("Since").select_option("6 h")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_text("Say more.")).to_be_visible()
    form.get_by_label("Reason").fill("the ledger was down")
    form.get_by_role("button", name="Send").click()
    expect(form).to_be_hidden()

    become(page, "Chi")
    page.get_by_role("button", name="1 reply").click()
    expect(thread(page)).to_contain_text("@Ana asks: the ledger was down (6 h)")
    thread(page).get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(thread(page).get_by_role("button", name="Approve")).to_be_visible()
    thread(page).get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Replay").click()

    expect(thread(page)).to_contain_text("Approved by @Chi")
    expect(thread(page)).to_contain_text("(edited)")
    assert page.locator(".mention.is-me", has_text="@Chi").count() == 1


def test_a_message_that_changes_while_a_button_is_held_down_does_not_swallow_the_click(pair: Pair, page: Page) -> None:
    row = actions(button("ask", "Replay…"), block_id="row")
    ts = post(pair, section("One webhook gave up"), row)
    page.get_by_role("button", name="Replay…").hover()
    page.mouse.down()
    with page.expect_response("**/control/messages?*"):
        pair.app.client.chat_update(channel="C0ONCALL", ts=ts, text="card", blocks=[section("Two gave up"), row])
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")  # it is drawn

    page.mouse.up()

    expect(page.get_by_role("dialog").get_by_label("Reason")).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text("Two gave up")


def test_a_chart_is_seen_in_its_thread(pair: Pair, page: Page) -> None:
    root = post(pair, section("root"))
    pair.app.client.files_upload_v2(
        channel="C0ONCALL", thread_ts=root, filename="rate.png", content=png(), title="Rate", alt_txt="It rises"
    )

    page.get_by_role("button", name="1 reply").click()

    picture = thread(page).get_by_role("img", name="It rises")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 60


def test_text_of_others_is_never_markup(pair: Pair, page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)> &lt;b&gt;bold&lt;/b&gt; <javascript:alert(1)|click> *strong* `co*de*`"
    pair.app.client.chat_postMessage(channel="C0ONCALL", text=hostile)

    message = page.locator("#timeline .message")

    expect(message).to_contain_text("<b>bold</b>")
    assert message.locator("b, script, a, .message-body img").count() == 0
    expect(message.locator("strong", has_text="strong")).to_have_count(1)
    expect(message.locator("code")).to_have_text("co*de*")


def test_mentions_links_and_dates_are_drawn_in_the_readers_words(pair: Pair, page: Page) -> None:
    text = (
        "<@U0CHI> in <#C0LEADS> for <!subteam^S0ONCALL>: <https://example.com/a|runbook>, <!date^0^{date_num} {time}|x>"
    )
    pair.app.client.chat_postMessage(channel="C0ONCALL", text=text)

    message = page.locator("#timeline .message")

    expect(message).to_contain_text("@Chi in #billing-leads for @billing-oncall: runbook, 1970-01-01 00:00")
    link = message.get_by_role("link", name="runbook")
    expect(link).to_have_attribute("href", "https://example.com/a")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_every_kind_of_block_is_drawn(pair: Pair, page: Page) -> None:
    def cell(text: str) -> Json:
        return {"type": "raw_text", "text": text}

    post(
        pair,
        {"type": "header", "text": plain("A header")},
        {"type": "section", "fields": [mrkdwn("*Severity*\nwarning"), mrkdwn("*State*\nfiring")]},
        {"type": "table", "rows": [[cell("queue"), cell("dead")], [cell("stripe"), cell("3")]]},
        {"type": "alert", "level": "error", "text": mrkdwn("An alert")},
        {"type": "markdown", "text": "# Title\n\n- **one**\n- two"},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [
                        {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0ANA"}]},
                    ],
                }
            ],
        },
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("small print")]},
        section("menu", accessory={"type": "overflow", "action_id": "more", "options": [option("a", "Silence")]}),
    )

    message = page.locator("#timeline .message")
    expect(message.get_by_role("heading", name="A header")).to_be_visible()
    expect(message.get_by_role("columnheader", name="queue")).to_be_visible()
    expect(message.get_by_role("cell", name="3")).to_be_visible()
    expect(message.locator(".alert-error")).to_have_text("An alert")
    expect(message.locator(".markdown li strong")).to_have_text("one")
    expect(message.locator(".rich-text li")).to_have_text("@Ana")
    expect(message.locator("hr")).to_have_count(1)
    message.get_by_role("button", name="More actions").click()
    expect(message.get_by_role("menuitem", name="Silence")).to_be_visible()
    assert message.locator(".unknown").count() == 0


def test_choosing_in_a_menu_is_answered_to_that_person_only(pair: Pair, page: Page) -> None:
    post(pair, actions(select("pick", "fast", "slow")))

    page.locator("#timeline select").select_option("slow")
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    expect(page.get_by_text("You chose slow")).to_be_visible()
    become(page, "Chi")

    expect(page.get_by_role("heading", name="#billing-oncall")).to_be_visible()
    expect(page.get_by_text("You chose slow")).to_have_count(0)


def test_a_command_and_a_mention_are_written_in_the_box(pair: Pair, page: Page) -> None:
    root = post(pair, section("root"))
    box = page.locator("#composer textarea")

    box.fill("/bil")
    box.press("Tab")
    expect(box).to_have_value("/billing ")
    box.press_sequentially("status")
    box.press("Enter")
    expect(page.get_by_text("You asked for status")).to_be_visible()

    page.goto(f"{pair.workspace.url}/#/C0ONCALL/{root}")
    reply = page.locator("#thread-composer textarea")
    reply.fill("@Countersign are you there? <b>")
    reply.press("Enter")
    expect(thread(page)).to_contain_text("Here I am.")
    [said, _] = pair.workspace.control.thread("C0ONCALL", root)
    assert said["text"] == "<@U0BOT> are you there? &lt;b&gt;"


def test_a_slash_command_in_a_thread_is_explained_instead_of_sent(pair: Pair, page: Page) -> None:
    root = post(pair, section("root"))
    page.goto(f"{pair.workspace.url}/#/C0ONCALL/{root}")

    page.locator("#thread-composer textarea").fill("/billing status")
    page.locator("#thread-composer textarea").press("Enter")

    expect(page.get_by_text("Slash commands do not work in threads")).to_be_visible()
    assert pair.workspace.control.deliveries() == []


def test_a_bot_that_does_not_answer_is_shown_with_a_warning(pair: Pair, page: Page) -> None:
    post(pair, actions(button("nobody", "Unheard")))

    page.get_by_role("button", name="Unheard").click()

    expect(page.get_by_text("could not be reached, or answered with an error")).to_be_visible()
    expect(page.locator(".went-wrong .warning-mark")).to_be_visible()


def test_people_see_only_the_channels_they_are_in(pair: Pair, page: Page) -> None:
    channels = page.locator("#channels")
    expect(channels).to_contain_text("billing-leads")

    become(page, "Chi")

    expect(channels).not_to_contain_text("billing-leads")
    page.locator(".switcher").click()
    expect(page.get_by_role("menuitem", name="Gone")).to_be_disabled()


def test_news_in_another_channel_is_counted(pair: Pair, page: Page) -> None:
    pair.workspace.control.say("U0LEAD1", "C0LEADS", "month end")

    expect(page.locator("#channels .badge")).to_have_text("1")
    page.get_by_role("link", name="billing-leads").click()
    expect(page.get_by_text("month end")).to_be_visible()
    expect(page.locator("#channels .badge")).to_have_count(0)


def test_the_home_of_the_app_is_shown(pair: Pair, page: Page) -> None:
    page.locator("#apps").get_by_role("link").first.click()

    expect(page.get_by_text("Your requests: none")).to_be_visible()


def test_something_can_be_broken_from_the_page(pair: Pair, page: Page) -> None:
    page.get_by_role("button", name="Make usage drift").click()
    expect(page.get_by_role("button", name="Make usage drift happening now")).to_be_visible()

    page.get_by_role("button", name="Take Slack away").click()
    expect(page.get_by_text("Slack is away", exact=True)).to_be_visible()
    page.get_by_role("button", name="Bring Slack back").click()
    expect(page.get_by_text("Slack is away", exact=True)).to_be_hidden()


def test_what_can_be_broken_is_filtered_by_word_and_system(pair: Pair, page: Page) -> None:
    drift = page.get_by_role("button", name="Make usage drift")

    page.get_by_label("Filter what can be broken").fill("stripemeter usage")
    expect(drift).to_be_visible()
    expect(page.get_by_role("button", name="Take Slack away")).to_be_hidden()
    page.get_by_label("Filter what can be broken").fill("limits")
    expect(drift).to_be_hidden()
    expect(page.get_by_role("button", name="Enforce Slack's rate limits")).to_be_visible()
    page.get_by_label("Filter what can be broken").fill("")
    expect(drift).to_be_visible()


def test_the_panel_to_break_things_stays_away_where_there_is_no_world(browser: Browser) -> None:
    with over_http(lambda app: None) as alone:
        page = browser.new_page()
        page.goto(alone.workspace.url)
        expect(page.get_by_role("heading", name="#billing-oncall")).to_be_visible()

        expect(page.get_by_role("heading", name="Break something")).to_be_hidden()
        page.close()


def test_the_page_is_usable_on_a_phone_and_by_keyboard(pair: Pair, page: Page) -> None:
    post(pair, section("x" * 400), actions(button("ask", "Replay…")))
    page.set_viewport_size({"width": 380, "height": 720})

    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.get_by_role("button", name="Show channels").click()
    expect(page.get_by_role("navigation", name="Workspace")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Workspace")).to_be_hidden()
    page.get_by_role("button", name="Replay…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

    assert overflow == 0
    assert pair.workspace.control.modals("U0ANA") == []


def test_the_page_asks_nobody_but_the_workspace(pair: Pair, browser: Browser) -> None:
    seen = SimpleNamespace(hosts=set())
    page = browser.new_page()
    page.on("request", lambda request: seen.hosts.add(request.url.split("/")[2]))

    page.goto(pair.workspace.url)
    expect(page.get_by_role("heading", name="#billing-oncall")).to_be_visible()
    page.close()

    assert seen.hosts == {pair.workspace.url.removeprefix("http://")}
