"""A site run on recorded inputs, as fast as the machine can, with the same outcome each time.

facts.jsonl      every fact, source and derived, in order of time
passages.jsonl   one line per closed passage
findings.jsonl   every finding, raised, upgraded or withdrawn
turns.jsonl      how the vehicles were followed, for judging the facts again
evidence/        one sealed folder per passage, and per finding without one
"""

import heapq
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import IO

from gate.beams.recorded import replay_beams
from gate.errors import GatewardenError, SiteError
from gate.evidence.clock import RECORDING
from gate.evidence.draft import ClockOffset, PlateCrop
from gate.evidence.keys import KeyRing
from gate.evidence.store import EvidenceStore
from gate.facts import Fact, canonical_json, fact_line, to_plain
from gate.judging.gatehouse import Gatehouse, Outcome
from gate.records import Finding, Passage
from gate.running.code_readers import RecordedCodes
from gate.running.window import FactWindow
from gate.satellite.feed import replay_positions
from gate.scale.replay import replay_scale
from gate.sealing.dossier import Dossier, seal, signed_tickets
from gate.sealing.occasions import POST_ROLL_MS, Occasions
from gate.site.cameras import camera_config, model_digests, recording_start_ms
from gate.site.model import Site
from gate.tickets.registers import load_registers
from vision.build import build_pipeline
from vision.eye import Eye
from vision.facts import Sighting
from vision.plates.crop import png
from vision.source import Frame

Progress = Callable[[int], None]
CROPS_LIMIT = 200  # vehicles whose plate pictures wait for their passage to close
MARKER = "replay.json"


@dataclass(slots=True)
class Report:
    """What a replay did. frames: pictures decoded, all cameras together."""

    facts: int = 0
    passages: int = 0
    findings: int = 0
    bundles: int = 0
    frames: int = 0
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class _Cameras:
    """The recorded cameras of a site, and the plate pictures they took.

    wants_code: whether a vehicle without a ticket is before a camera at an instant.
    """

    site: Site
    base: Path
    footage: dict[str, Path]
    wants_code: Callable[[str, int], bool]
    frames: int = 0
    crops: dict[str, list[PlateCrop]] = field(default_factory=dict)

    def facts(self, camera_id: str, progress: Progress) -> Iterator[Fact]:
        """One camera's facts in order of time."""
        camera = next(c for c in self.site.cameras if c.id == camera_id)
        config = camera_config(self.site, camera, self.base, footage=self.footage.get(camera_id))
        if config.live:
            raise SiteError(f"camera {camera_id!r}: replay needs file:…, got {camera.address!r}")
        eye = Eye(config, build_pipeline(config), _RecordedClock(config.start_ms))
        codes = RecordedCodes(camera_id, self.wants_code) if camera.read_codes else None
        try:
            for seen, facts in eye.run():
                if isinstance(seen, Frame):
                    self.frames += 1
                    progress(seen.t_ms)
                yield from self._told(eye, camera_id, facts)
                if codes is not None and isinstance(seen, Frame):
                    yield from codes.look(seen)
        finally:
            eye.close()

    def _told(self, eye: Eye, camera_id: str, facts: Sequence[Fact]) -> Iterator[Fact]:
        for fact in facts:
            if isinstance(fact, Sighting) and fact.final:
                taken = eye.pipeline.take_crops(fact.vehicle)
                self.crops[fact.vehicle] = [PlateCrop(png(c.picture), camera_id, c.t_ms, c.text) for c in taken]
                while len(self.crops) > CROPS_LIMIT:
                    del self.crops[next(iter(self.crops))]
            yield fact


@dataclass(frozen=True, slots=True)
class _RecordedClock:
    """The clock of a recording stands still: nothing in a replay waits or looks at the time."""

    start_ms: int

    def now_ms(self) -> int:
        return self.start_ms

    def sleep(self, seconds: float) -> None:
        """Time does not pass here."""


class Replay:
    """One run. Raises SiteError, SourceError, ScaleError or TicketError when an input cannot be used at all."""

    def __init__(self, site: Site, base: Path, out: Path, *, evidence: bool = True) -> None:
        self._site, self._base, self._out = site, base, out
        _make_room(out)
        registers = load_registers(site, base)
        self._tickets = registers.tickets
        self._gatehouse = Gatehouse(site, registers.tickets, registers.vehicles)
        self._window = FactWindow()
        self._sealed_ms = 0
        self._findings: dict[str, list[Finding]] = {}
        self._waiting: list[Passage] = []
        self._occasions = Occasions()
        footage = {c.id: out / "footage" / c.id for c in site.cameras} if evidence else {}
        self._cameras = _Cameras(site, base, footage, self._gatehouse.wants_code)
        self._store = EvidenceStore(out / "evidence", KeyRing(out / "keys"), site.id) if evidence else None
        self._models = model_digests()
        self.report = Report(faults=registers.faults)

    def run(self, progress: Progress = lambda _: None) -> Report:
        """Play everything to its end; progress is told the recording's own time."""
        last_ms = recording_start_ms(self._site)
        names = ("turns", "facts", "passages", "findings")
        files = {name: (self._out / f"{name}.jsonl").open("w", encoding="utf-8") for name in names}
        try:
            for t_ms, instant in groupby(self._merged(progress), key=lambda f: f.t_ms):
                last_ms = max(last_ms, t_ms)
                self._write(self._gatehouse.take(list(instant)), files, last_ms)
            self._write(self._gatehouse.finish(last_ms), files, last_ms)
            self._seal_due(last_ms + 2**40)
        finally:
            for file in files.values():
                file.close()
            shutil.rmtree(self._out / "footage", ignore_errors=True)
        self.report.frames = self._cameras.frames
        (self._out / MARKER).write_text(canonical_json({"site": self._site.id, **asdict(self.report)}) + "\n")
        return self.report

    def _merged(self, progress: Progress) -> Iterator[Fact]:
        """The source facts of every device, oldest first."""
        start_ms = recording_start_ms(self._site)
        streams: list[Iterator[Fact]] = [self._cameras.facts(c.id, progress) for c in self._site.cameras]
        for scale in self._site.scales:
            kind, _, path = scale.address.partition(":")
            if kind != "replay":
                raise SiteError(f"scale {scale.id!r}: replay needs replay:FILE.csv, got {scale.address!r}")
            streams.append(iter(replay_scale(scale, self._base / path, start_ms)))
        streams.append(replay_beams(self._site.beams, self._base, start_ms))
        if self._site.positions is not None:
            streams.append(iter(replay_positions(self._site.positions, self._base)))
        return heapq.merge(*(_in_order(s) for s in streams), key=lambda f: f.t_ms)

    def _write(self, outcome: Outcome, files: Mapping[str, IO[str]], now_ms: int) -> None:
        self._window.add(outcome.facts)
        for turn in outcome.turns:
            files["turns"].write(canonical_json(to_plain(turn)) + "\n")
        for fact in outcome.facts:
            files["facts"].write(fact_line(fact) + "\n")
        for finding in outcome.findings:
            files["findings"].write(canonical_json(to_plain(finding)) + "\n")
            self._occasions.take([finding])
            if finding.passage:
                self._findings.setdefault(finding.passage, []).append(finding)
        for passage in outcome.passages:
            if passage.closed:
                files["passages"].write(canonical_json(to_plain(passage)) + "\n")
                self._waiting.append(passage)
        self.report.facts += len(outcome.facts)
        self.report.findings += len(outcome.findings)
        self.report.passages += sum(p.closed for p in outcome.passages)
        self._seal_due(now_ms)

    def _seal_due(self, now_ms: int) -> None:
        """Seal what has its post-roll: passages in the order they closed, then findings without one."""
        while self._waiting and self._waiting[0].end_ms + POST_ROLL_MS < now_ms:
            passage = self._waiting.pop(0)
            findings = tuple(self._findings.pop(passage.id, ()))
            crops = tuple(c for v in passage.vehicles for c in self._cameras.crops.pop(v, ()))
            self._seal(Dossier(passage, findings, (), crops, tokens=signed_tickets(passage, self._tickets.token)))
        for finding in self._occasions.due(now_ms):
            self._seal(Dossier(None, (finding,), ()))

    def _seal(self, dossier: Dossier) -> None:
        if self._store is None:
            return
        start_ms, end_ms = dossier.span_ms
        self._sealed_ms = max(self._sealed_ms, end_ms)
        clock = ClockOffset(RECORDING, None, None, self._sealed_ms)
        seal(
            replace(dossier, facts=tuple(self._window.between(start_ms, end_ms)), clock=clock),
            self._site,
            footage=self._cameras.footage,
            models=self._models,
            store=self._store,
            sealed_ms=self._sealed_ms,
        )
        self.report.bundles += 1


def _in_order(stream: Iterator[Fact]) -> Iterator[Fact]:
    """A device's facts with times that never fall: what is told late is told with the time it was told."""
    last_ms = -(2**62)
    for fact in stream:
        last_ms = max(last_ms, fact.t_ms)
        yield fact if fact.t_ms == last_ms else replace(fact, t_ms=last_ms)


def _make_room(out: Path) -> None:
    """Clear away what an earlier replay wrote; anything else in the folder is somebody's, and is left alone.

    Raises GatewardenError when the folder holds something that no replay wrote.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARKER).exists():
        raise GatewardenError(f"{out}: is not empty and holds no earlier replay; name a new folder")
    for name in ("evidence", "keys", "footage"):
        shutil.rmtree(out / name, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).write_text("{}\n")
