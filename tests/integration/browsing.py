"""A real browser with a report open in it, and what can be wrong with one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the Chromium of this machine without a window; without one, skip, or fail where CI is set."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        message = (
            "no Chromium: install one (Debian: apt-get install chromium) to test the report in a browser"
        )
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Reader:
    """A page with a report, and whatever it complained of or asked for.

    Attributes
    ----------
    page
        The browser's page.
    complaints
        Lines of the console, errors of scripts, and dialogs that were opened.
    requests
        Addresses asked for besides the report itself.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, browser: Browser, report: Path, *, width: int = 1440, place: str = "") -> "Reader":
        """Open a report and wait until all charts that are to be seen are drawn."""
        reader = cls(browser.new_page(viewport={"width": width, "height": 900}))
        page, address = reader.page, report.as_uri()
        page.on("console", lambda line: reader.complaints.append(line.text))
        page.on("pageerror", lambda error: reader.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (reader.complaints.append(dialog.message), dialog.dismiss()))
        page.on(
            "request",
            lambda request: (
                reader.requests.append(request.url)
                if request.url.split("#")[0] != address and not request.url.startswith(("data:", "blob:"))
                else None
            ),
        )
        page.goto(f"{address}#{place}" if place else address)
        reader.settle()
        return reader

    @property
    def article(self) -> str:
        """Id of the article that is open: retailer and language."""
        return str(self.page.evaluate("document.querySelector('article:not([hidden])').id"))

    def settle(self) -> None:
        """Wait until every chart of the open article is drawn."""
        self.page.wait_for_selector("article:not([hidden])[data-drawn]", timeout=60_000)

    def text(self, selector: str) -> str:
        """What is written in the open article's part."""
        return self.page.locator(f"#{self.article} {selector}").first.inner_text()

    def undrawn(self) -> list[str]:
        """Ids of the open article's charts without a single mark."""
        return list(
            self.page.evaluate("""
                [...document.querySelectorAll("article:not([hidden]) main > section[data-section] .chart")]
                    .filter(chart => !chart.querySelector(
                        ["rect", "symbol", "line", "rule", "text", "area"]
                            .map(mark => `.mark-${mark}.role-mark :is(path, line, text)`).join(",")))
                    .map(chart => chart.id)
            """)
        )

    def charts(self) -> int:
        """How many charts the open article has."""
        return self.page.locator(f"#{self.article} main > section[data-section] .chart").count()

    def switch(self, to: str) -> None:
        """Follow a switch of the open article to another retailer or language."""
        self.page.locator(f"#{self.article} .switches").get_by_role("link", name=to, exact=True).click()
        self.settle()

    def look_up(self, customer_id: str) -> str:
        """Look a customer up with the keyboard, and return what the card says."""
        field = self.page.locator(f"#{self.article} form.lookup input")
        field.fill(customer_id)
        field.press("Enter")
        self.page.wait_for_selector(f"#{self.article} .customer[data-shows]:not([data-shows=''])")
        return self.text(".customer")

    def problems(self) -> list[str]:
        """Whatever is wrong: complaints, requests, charts without marks, a page that is too wide."""
        too_wide = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return [
            *self.complaints,
            *(f"asked for {address}" for address in self.requests),
            *(f"{chart} has no marks" for chart in self.undrawn()),
            *(["wider than the page"] if too_wide else []),
        ]
