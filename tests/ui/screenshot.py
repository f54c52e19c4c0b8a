"""docs/console.png anew: ``python -m tests.ui.screenshot`` runs the demo and looks at its page.

The picture is taken when several faults stand at once, of the district the demo always shows.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.parts.chromium import chromium
from tests.parts.process import free_port, running

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "console.png"
ENOUGH = 3


def main() -> None:
    """Run the demo until enough alarms are active, and take the picture."""
    port = free_port()
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        words = ("-m", "gateway", "demo", "--port", str(port), "--dir", f"{name}/demo")
        with running([sys.executable, *words], log=Path(name) / "log", port=port):
            page = browser.new_page(viewport={"width": 1440, "height": 1100})
            page.goto(f"http://127.0.0.1:{port}/")
            active = "parseInt(document.body.innerText.match(/(\\d+) active/)?.[1] ?? 0)"
            page.wait_for_function(f"() => {active} >= {ENOUGH}", timeout=60_000)
            page.wait_for_timeout(1500)
            page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
