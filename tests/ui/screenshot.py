"""docs/console.png anew: ``python -m tests.ui.screenshot`` runs the demo and looks at its page.

The picture is taken when several faults stand at once, of the district the demo always shows.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.parts.process import free_port, running

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "console.png"
BROWSER = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
ENOUGH = 3


def main() -> None:
    """Run the demo until enough alarms are active, and take the picture."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        words = ("-m", "gateway", "demo", "--port", str(port), "--dir", f"{name}/demo")
        with running([sys.executable, *words], log=Path(name) / "log", port=port):
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
            page = browser.new_page(viewport={"width": 1440, "height": 1100})
            page.goto(f"http://127.0.0.1:{port}/")
            active = "parseInt(document.body.innerText.match(/(\\d+) active/)?.[1] ?? 0)"
            page.wait_for_function(f"() => {active} >= {ENOUGH}", timeout=60_000)
            page.wait_for_timeout(1500)
            page.screenshot(path=PICTURE)
            browser.close()


if __name__ == "__main__":
    main()
