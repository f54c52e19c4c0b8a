from __future__ import annotations

from pathlib import Path

import pytest

from tests.parts import toy_driver


@pytest.fixture
def toys(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Drivers of somebody else's, found as an installed distribution's are."""
    folder = tmp_path_factory.mktemp("site-packages")
    toy_driver.install(folder, monkeypatch)
    return folder
