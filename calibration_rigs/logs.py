"""What a run's devices sent, as the gate's `replay:` addresses read it: weights and light barriers."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from calibration_rigs.equipment import BeamChange, BeamOutputs
from calibration_rigs.indicator import Shown
from calibration_rigs.layout import Layout
from gate.site.model import Site

BEAMS = "beams.csv"


class RunLogs:
    """One file per scale: weights.csv where there is one, weights_<scale>.csv where there are more (at_ms, raw).

    beams.csv (at_ms, beam, broken) where the site has light barriers: how each is at the start, then every change.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        scales = [deck.scale for deck in layout.decks]
        names = {s: "weights.csv" if len(scales) == 1 else f"weights_{s}.csv" for s in scales}
        self._weights = {s: (folder / name).open("w", encoding="ascii", newline="\n") for s, name in names.items()}
        for file in self._weights.values():
            file.write("at_ms,raw\n")
        lights = [light.id for light in layout.lights]
        self._beams = (folder / BEAMS).open("w", encoding="utf-8", newline="\n") if lights else None
        self._outputs = BeamOutputs()
        if self._beams:
            self._beams.write("at_ms,beam,broken\n" + "".join(f"0,{light},0\n" for light in lights))

    def add(self, shown: Mapping[str, Sequence[Shown]], changes: Iterable[BeamChange]) -> None:
        """What was sent since the last call, by scale, and what changed at the light barriers."""
        for scale, readings in shown.items():
            self._weights[scale].writelines(f"{r.at_ms},{r.raw}\n" for r in readings)
        for at_s, beam, broken in self._outputs.of(changes):
            if self._beams:
                self._beams.write(f"{round(at_s * 1000)},{beam},{int(broken)}\n")

    def close(self) -> None:
        """Write what is left."""
        for file in (*self._weights.values(), *([self._beams] if self._beams else [])):
            file.close()


def start_of(site: Site) -> int:
    """The instant a site's recorded inputs begin at, UTC milliseconds; 2026-11-01 00:00 UTC where it names none."""
    return round(site.recording.start.timestamp() * 1000) if site.recording else 1_793_491_200_000
