"""A real hub for each test."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gate.hub.settings import HubSettings
from gate.hub.tokens import now_ms
from tests.gate.hub.kit import SILENCE_S, Rig, rig_with


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_with(HubSettings(data_dir=tmp_path / "hub", silence_s=SILENCE_S)) as made:
        yield made


@pytest.fixture
def move_clock(rig: Rig) -> Callable[[int], None]:
    """Moves the hub's clock forward by some milliseconds."""
    shift = 0

    def move(by_ms: int) -> None:
        nonlocal shift
        shift += by_ms

    rig.hub.clock = lambda: now_ms() + shift
    return move
