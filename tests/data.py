"""Where the real data lies that some tests measure on; they skip, saying so, where it is absent."""

import os
from pathlib import Path

import pytest


def data_folder() -> Path:
    """GATEWARDEN_DATA, or `shared/data` beside the repository."""
    named = os.environ.get("GATEWARDEN_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is absent (set GATEWARDEN_DATA)")
    return folder
