"""A real clip, made once, and a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.gate.evidence.scene import make_clip
from tests.servers import server


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "north.mp4")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = server("chromium")
    if program is None:
        pytest.skip("needs Chromium: python -m tests.servers")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()
