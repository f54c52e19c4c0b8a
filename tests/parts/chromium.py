"""The real browser of the tests: Debian's Chromium, driven by Playwright, kept off the network."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

from tests.parts.process import program

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser until the block ends."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program("chromium"), args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
