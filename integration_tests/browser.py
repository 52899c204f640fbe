"""A browser for the tests of the page, and what they do with every page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from harness.paths import CACHE

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SCREENSHOTS = CACHE / "logs" / "page"
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
PATIENCE = 30_000  # milliseconds
SERIOUS = ("serious", "critical")


@contextmanager
def started() -> Iterator[Browser]:
    """Start the browser that this machine has; skip the test if it has none, and fail it where CI is set."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        reason = "no Chromium is installed (.ci/browser.sh installs Debian's)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # Chromium's own sandbox cannot be used by root; the page is ours.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@contextmanager
def tab(browser: Browser) -> Iterator[Page]:
    """A tab. Whatever is not from this machine, or an error in the console, fails the test."""
    context = browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A request that failed because LocalStack died is no defect of the page.
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith("http://127.0.0.1:") else errors.append(sent.url))
    yield page
    context.close()
    assert errors == []


def accessibility_problems(page: Page) -> list[str]:
    """Return the serious findings of axe-core on a page, each with the elements concerned."""
    return [
        f"{found['id']}: {[node['html'][:120] for node in found['nodes']]}"
        for found in Axe().run(page).response["violations"]
        if found["impact"] in SERIOUS
    ]


def screenshot(page: Page, name: str) -> Path:
    """Keep a picture of the visible part of a page."""
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path)
    return path
