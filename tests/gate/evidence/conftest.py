"""A real clip, made once."""

from pathlib import Path

import pytest

from tests.gate.evidence.scene import make_clip


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "north.mp4")
