"""Weight logs: what an indicator sent, as the gate's `replay:` address reads it (columns at_ms, raw)."""

from pathlib import Path

from calibration_rigs.indicator import Shown
from gate.site.model import Site


class WeightLogs:
    """One file per scale: weights.csv where there is one, weights_<scale>.csv where there are more."""

    def __init__(self, folder: Path, scales: list[str]) -> None:
        one = len(scales) == 1
        self._files = {
            s: (folder / ("weights.csv" if one else f"weights_{s}.csv")).open("w", encoding="ascii", newline="\n")
            for s in scales
        }
        for file in self._files.values():
            file.write("at_ms,raw\n")

    def add(self, shown: dict[str, tuple[Shown, ...]]) -> None:
        for scale, readings in shown.items():
            self._files[scale].writelines(f"{r.at_ms},{r.raw}\n" for r in readings)

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def start_of(site: Site) -> int:
    """The instant a site's recorded inputs begin at, UTC milliseconds; 2026-11-01 00:00 UTC where it names none."""
    return round(site.recording.start.timestamp() * 1000) if site.recording else 1_793_491_200_000
