"""What goes into a bundle, before it is sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gate.errors import EvidenceError
from gate.facts import Fact, WeightSample
from gate.records import Finding, Passage


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of video in a file of its own. start_ms, end_ms: UTC of its first and last picture.

    kind: "original" is copied bit for bit as the camera sent it, "burned" has the weight drawn in.
    """

    path: Path
    camera: str
    start_ms: int
    end_ms: int
    kind: Literal["original", "burned"] = "original"


@dataclass(frozen=True, slots=True)
class PlateCrop:
    """The picture a plate was read from. png: the bytes of the PNG file; text: what was read."""

    png: bytes
    camera: str
    t_ms: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """Any further file. name: of the file alone, without folders; data: its bytes, or where they lie."""

    name: str
    data: bytes | Path


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule that judged this passage, whether it found something or not, with the thresholds it judged by."""

    rule: str
    version: int
    thresholds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model that took part. sha256: of its file, hex."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CameraClock:
    """How far a camera's own clock was from the site's (positive: ahead of it), less the way's delay.

    source: "rtcp", from the sender reports of its stream.
    """

    source: str
    offset_ms: float


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far the site's clock was from true time (positive: ahead of it), as measured at `measured_ms`.

    source: "synchronised" (the kernel's word: something keeps the clock, and this is its offset and greatest error),
    "unsynchronised" (nothing keeps it), "unknown" (the system does not say), "recording" (times are a recording's).
    offset_ms, uncertainty_ms: None where not known. cameras: by id, those whose streams tell their clock.
    """

    source: str
    offset_ms: float | None
    uncertainty_ms: float | None
    measured_ms: int
    cameras: Mapping[str, CameraClock] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which a camera or scale gave nothing, and why, as far as is known."""

    device: str
    start_ms: int
    end_ms: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time of which everything is sealed, whatever passed. id: names the bundle."""

    id: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class BundleDraft:
    """All that is known of one passage, one weighing slip, one finding without a passage, or one stretch of time.

    passage: None only for findings that have none (a covered camera, a cut line), for a slip or a stretch of time.
    frames: the indicator's readings with their raw frames. facts: tracks, movements, device states of the time.
    cameras: every camera that should have seen it: one without an original clip needs a gap that says why.
    slip: a weighing slip's own fields; the bundle is then the slip's and must hold its number as `number`.
    """

    software: str
    passage: Passage | None = None
    findings: tuple[Finding, ...] = ()
    frames: tuple[WeightSample, ...] = ()
    facts: tuple[Fact, ...] = ()
    clips: tuple[Clip, ...] = ()
    crops: tuple[PlateCrop, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    rules: tuple[RuleUse, ...] = ()
    models: tuple[ModelUse, ...] = ()
    clock: ClockOffset | None = None
    gaps: tuple[Gap, ...] = ()
    cameras: tuple[str, ...] = ()
    slip: Mapping[str, Any] | None = None
    stretch: Stretch | None = None

    def subject(self) -> dict[str, Any]:
        """What the bundle is about: kind, id, passage, plate, start_ms, end_ms.

        Raises EvidenceError for a draft about nothing.
        """
        passage_id: str | None
        if self.passage is not None:
            start_ms, end_ms = self.passage.start_ms, self.passage.end_ms
            plate, passage_id = self.passage.plate, self.passage.id
        elif self.findings:
            start_ms, end_ms = min(f.t_ms for f in self.findings), max(f.t_ms for f in self.findings)
            plate, passage_id = self.findings[0].plate, self.findings[0].passage
        elif self.slip is not None and "t_ms" in self.slip:
            start_ms = end_ms = int(self.slip["t_ms"])
            plate, passage_id = str(self.slip.get("plate", "")), None
        elif self.stretch is not None:
            start_ms, end_ms, plate, passage_id = self.stretch.start_ms, self.stretch.end_ms, "", None
        else:
            raise EvidenceError("a bundle needs a passage, a finding, a slip with its t_ms, or a stretch of time")
        if self.slip is not None:
            kind, name = "slip", str(self.slip["number"])
        elif self.passage is not None:
            kind, name = "passage", self.passage.id
        elif self.findings:
            kind, name = "finding", f"{self.findings[0].id}@{start_ms}"
        else:
            kind, name = "stretch", self.stretch.id if self.stretch else ""
        return {
            "kind": kind,
            "id": name,
            "passage": passage_id,
            "plate": plate,
            "start_ms": start_ms,
            "end_ms": end_ms,
        }
