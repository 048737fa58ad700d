"""The scenarios the house ships, and finding one by name or path."""

from collections.abc import Iterator
from pathlib import Path

from calibration_rigs.errors import ScenarioError
from calibration_rigs.scenario import SUFFIX

SHELF = Path(__file__).parent / "scenarios"
DEMO = Path(__file__).parent / "demo" / "demo.yaml"


def scenario_path(asked: Path) -> Path:
    """The file of a scenario given by path or by a shipped name. Raises ScenarioError."""
    if asked.is_file():
        return asked
    for path in shelved():
        if asked.name in (path.stem, path.name):
            return path
    raise ScenarioError(f"no scenario {str(asked)!r}: neither a file nor a shipped name (see `gatewarden rig list`)")


def shelved(folders: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Every scenario file of the folders, or of the house where none is given, by name."""
    for folder in folders or (DEMO.parent, SHELF):
        for path in sorted([folder] if folder.is_file() else folder.rglob(f"*{SUFFIX}")):
            if not path.stem.startswith("site"):
                yield path
