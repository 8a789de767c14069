"""A real Chromium for tests, as a person at the local workspace's page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

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
PATIENCE = 60_000  # milliseconds
expect.set_options(timeout=PATIENCE)


@contextmanager
def page_of(url: str, *, width: int = 1440, height: int = 900) -> Iterator[Page]:
    """The page at this address, in light colours, in English and UTC."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(
            viewport={"width": width, "height": height}, timezone_id="UTC", locale="en-GB", color_scheme="light"
        )
        page.set_default_timeout(PATIENCE)
        page.goto(url)
        yield page
        browser.close()


@contextmanager
def seats(url: str, *names: str) -> Iterator[tuple["Seat", ...]]:
    """A browser of their own for each of these people, as on machines of their own, all at this address."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        taken = []
        for name in names:
            page = browser.new_context(
                viewport={"width": 1440, "height": 900}, timezone_id="UTC", locale="en-GB", color_scheme="light"
            ).new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(url)
            become(page, name)
            taken.append(Seat(page=page))
        yield tuple(taken)
        browser.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """One person before their own browser."""

    page: Page

    def break_something(self, label: str) -> None:
        """Press a button of the panel that breaks things."""
        self.page.locator(".breaker", has_text=label).first.click()

    def root(self, words: str) -> Locator:
        """The incident whose first message says this, once there is one."""
        found = self.page.locator("#timeline .message", has_text=words).first
        expect(found).to_be_visible(timeout=2 * PATIENCE)
        return found

    def thread(self, words: str) -> Locator:
        """The thread of that incident, opened."""
        self.root(words).get_by_role("button", name=re.compile("repl(y|ies)")).click()
        return thread_of(self.page)

    def ask(self, words: str, action: str, *, reason: str | None = None) -> Locator:
        """Ask for an action of that incident, with a reason where a form asks for one; the thread."""
        thread = self.thread(words)
        self.root(words).get_by_role("button", name=action).click()
        if reason is not None:
            form = self.page.get_by_role("dialog")
            form.get_by_label("Why should this be done?").fill(reason)
            form.get_by_role("button", name="Ask for it").click()
        expect(thread).to_contain_text("waiting for approval")
        return thread

    def press_approve(self, words: str) -> Locator:
        """Press Approve on what waits in that incident's thread, whether or not it counts; the thread."""
        thread = self.thread(words)
        agree(self.page, thread.get_by_role("button", name="Approve").last, "Approve")
        return thread

    def approve(self, words: str, *, name: str) -> Locator:
        """Countersign what waits in that incident's thread; the thread."""
        thread = self.press_approve(words)
        expect(thread).to_contain_text(f"Approved by @{name}")
        return thread


def become(page: Page, name: str) -> None:
    """Switch to another person."""
    page.locator(".switcher").click()
    page.get_by_role("menuitem", name=name).first.click()


def thread_of(page: Page) -> Locator:
    """The thread beside the channel."""
    return page.get_by_role("complementary", name="Thread")


def agree(page: Page, button: Locator, yes: str) -> None:
    """Press a button that asks once more, and say yes."""
    button.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=yes).click()
    expect(dialog).to_be_hidden()
