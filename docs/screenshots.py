"""Take the README's pictures of the report that was written last, as a desktop and as a phone show it."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from palette.warehouse import target_folder

REPORT = target_folder() / "report" / "index.html"
PICTURES = {"report.png": (1440, 1130), "report-phone.png": (390, 844)}

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    for name, (width, height) in PICTURES.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(REPORT.as_uri())
        page.wait_for_selector("article[data-drawn]")
        page.screenshot(path=Path(__file__).with_name(name))
        print(f"docs/{name}: {width} x {height}")
    browser.close()
