"""A real Chromium for tests, as a person at the local workspace's page."""

from collections.abc import Iterator
from contextlib import contextmanager
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
PATIENCE = 30_000  # milliseconds
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
