"""What the viewer of an exported case shows, read out of its bundles."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gate.evidence.bundle import MANIFEST_FILE


def case_data(bundles: Sequence[Path]) -> list[dict[str, Any]]:
    """One plain record per bundle folder, oldest passage first. Paths are those inside the archive."""
    return sorted((_bundle(path) for path in bundles), key=lambda b: (b["subject"]["start_ms"], b["name"]))


def _bundle(path: Path) -> dict[str, Any]:
    manifest = json.loads((path / MANIFEST_FILE).read_bytes())
    under = f"bundles/{path.name}/"
    passage = _optional(path / "record/passage.json") or {}
    files = manifest["files"]
    return {
        "name": path.name,
        "subject": manifest["subject"],
        "sealed_ms": manifest["sealed_ms"],
        "software": manifest["software"],
        "models": manifest["models"],
        "clock": manifest["clock"],
        "gaps": manifest["gaps"],
        "kind": passage.get("kind", ""),
        "plates": passage.get("plates", []),
        "tickets": passage.get("tickets", []),
        "weighings": passage.get("weighings", []),
        "slip": _optional(path / "record/slip.json"),
        "findings": _lines(path / "record/findings.jsonl"),
        "clips": [_placed(f, under) for f in files if f["role"] in {"original", "burned"}],
        "crops": [_placed(f, under) for f in files if f["role"] == "plate"],
        "files": [_placed(f, under) for f in files],
    }


def _placed(file: Mapping[str, Any], under: str) -> dict[str, Any]:
    return {**file, "path": under + file["path"]}


def _optional(path: Path) -> Any:
    return json.loads(path.read_bytes()) if path.exists() else None


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
