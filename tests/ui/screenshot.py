"""docs/console.png anew: ``python -m tests.ui.screenshot`` runs the demo and looks at its page.

The picture is taken when a feeder without supply explains other alarms, of the district the demo
always shows.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.parts.chromium import chromium
from tests.parts.process import free_port, running

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "console.png"


def main() -> None:
    """Run the demo until an alarm explains another, and take the picture."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        words = ("-m", "gateway", "demo", "--port", str(port), "--dir", f"{name}/demo")
        with running([sys.executable, *words], log=Path(name) / "log", port=port):
            page = browser.new_page(viewport={"width": 1440, "height": 1100})
            page.goto(f"http://127.0.0.1:{port}/")
            page.get_by_label("Operator").fill("ana")
            page.locator("#alarms .fold").first.wait_for(timeout=120_000)
            page.wait_for_timeout(1500)
            page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
