"""A site with evidence to seal: passages, a weighing, pictures and a short real clip."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from gate.evidence import (
    Attachment,
    BundleDraft,
    Clip,
    ClockOffset,
    EvidenceStore,
    Gap,
    KeyRing,
    ModelUse,
    PlateCrop,
    RuleUse,
)
from gate.facts import TicketUse, Weighing, WeightSample, WeightStep
from gate.records import Finding, Passage, Severity
from vision.facts import DeviceState, PlateColour, PlateReading, VehicleClass

SITE = "mine-1"
START_MS = 1_793_500_000_000
SECOND = 1000


def make_clip(path: Path, seconds: float = 2.0, size: tuple[int, int] = (320, 180), label: str = "") -> Path:
    """A short H.264 clip with a moving block and its frame number."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"preset": "ultrafast", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
        stream.time_base = Fraction(1, 10)
        for i in range(int(seconds * 10)):
            picture = np.full((size[1], size[0], 3), 70, np.uint8)
            x = int(i / (seconds * 10) * (size[0] - 60))
            cv2.rectangle(picture, (x, size[1] // 2), (x + 60, size[1] // 2 + 30), (40, 160, 230), -1)
            cv2.putText(picture, f"{label} {i}", (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def weighing(start_ms: int, kg: float = 48_620.0) -> Weighing:
    """A truck rolls on in three steps, stands, and rolls off, within ten seconds."""
    levels = [0.0] * 10 + [kg * 0.2] * 10 + [kg * 0.6] * 10 + [kg] * 50 + [kg * 0.5] * 10 + [0.0] * 10
    curve = tuple((start_ms + i * 100, level) for i, level in enumerate(levels))
    steps = tuple(
        WeightStep(curve[i][0], curve[i - 1][1], curve[i][1])
        for i in range(1, len(curve))
        if curve[i][1] != curve[i - 1][1]
    )
    return Weighing(start_ms + 9900, "scale-1", 7, start_ms, kg, start_ms + 6000, kg + 20, steps, curve)


def draft(number: int, clips: tuple[Clip, ...] = (), *, findings: bool = True) -> BundleDraft:
    """Everything known of passage `number`; the passages follow each other by a minute."""
    start_ms = START_MS + number * 60 * SECOND
    weighed = weighing(start_ms)
    passage = Passage(
        id=f"{SITE}-20261101T0000{number:02d}-{number}",
        site=SITE,
        start_ms=start_ms,
        end_ms=start_ms + 10 * SECOND,
        vehicles=("north:4",),
        kind=VehicleClass.TRUCK,
        plates=(PlateReading("晋Z0A8D4", PlateColour.YELLOW, 1, 0.98, (0.98,) * 7),),
        weighings=(weighed,),
        tickets=(TicketUse(start_ms, f"T{number:05d}", "晋Z0A8D4", SITE, "coal", 32.5, "valid"),),
        closed=True,
    )
    finding = Finding(
        id=f"{passage.id}/bridging",
        t_ms=start_ms + 3 * SECOND,
        site=SITE,
        rule="bridging",
        severity=Severity.SERIOUS,
        confidence=0.93,
        zh="车轮可能被垫板托起：扣留并复磅",
        en="The wheels may be carried over the deck: hold and weigh again",
        passage=passage.id,
        plate=passage.plate,
        numbers={"weight_kg": 120.0, "least_tare_kg": 9000.0},
        evidence=("north:4", "scale-1#7"),
        thresholds={"share": 0.5, "seconds": 3.0},
    )
    frames = tuple(WeightSample(t, "scale-1", kg, raw="022b30303135363030313903") for t, kg in weighed.curve)
    return BundleDraft(
        software="gatewarden 0.1.0",
        passage=passage,
        findings=(finding,) if findings else (),
        frames=frames,
        facts=(DeviceState(start_ms, "north", "ok"),),
        clips=clips,
        crops=(PlateCrop(_png(number), "north", start_ms + SECOND, "晋Z0A8D4"),),
        attachments=(Attachment("note.txt", b"seen by the operator"),),
        rules=(RuleUse("bridging", 1, {"share": 0.5}), RuleUse("bypass", 2)),
        models=(ModelUse("plates.onnx", "ab" * 32),),
        clock=ClockOffset("ntp", 1.5, 0.8, start_ms),
        gaps=(Gap("south", start_ms, start_ms + SECOND, "no picture"),),
        cameras=("north", "south"),
    )


def new_store(directory: Path) -> EvidenceStore:
    return EvidenceStore(directory / "evidence", KeyRing(directory / "keys"), SITE)


def clips_of(number: int, source: Path) -> tuple[Clip, ...]:
    """The same file as the original of one camera and as burned-in copy, with the times of passage `number`."""
    start_ms = START_MS + number * 60 * SECOND
    return (
        Clip(source, "north", start_ms, start_ms + 2 * SECOND),
        Clip(source, "north", start_ms, start_ms + 2 * SECOND, "burned"),
    )


def _png(number: int) -> bytes:
    picture = np.full((40, 130, 3), (0, 190, 240), np.uint8)
    cv2.putText(picture, f"Z0A8D{number}", (6, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
    ok, data = cv2.imencode(".png", picture)
    assert ok
    return data.tobytes()
