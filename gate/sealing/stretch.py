"""A stretch of time sealed as a whole: the original video of every camera, the weights, and all that was noted."""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from gate.errors import EvidenceError, FactError
from gate.evidence.clock import clock_offset
from gate.evidence.draft import BundleDraft, Clip, Gap, ModelUse, Stretch
from gate.evidence.store import EvidenceStore, SealedBundle
from gate.facts import Fact, WeightSample
from gate.judging.daylog import fact_log, read_facts
from gate.sealing.dossier import SOFTWARE, device_gaps
from gate.site.cameras import model_digests
from gate.site.model import Site
from vision.errors import SourceError
from vision.record import cut

LONGEST_MS = 3_600_000


def seal_stretch(
    site: Site, directory: Path, store: EvidenceStore, span_ms: tuple[int, int], sealed_ms: int
) -> SealedBundle:
    """Seal what all cameras recorded between two instants.

    directory: where the site keeps its footage and logs. The clock is measured now: `sealed_ms` is UTC now. Raises
    EvidenceError for a span that is empty or over an hour, or of which no camera has footage.
    """
    start_ms, end_ms = span_ms
    if not 0 < end_ms - start_ms <= LONGEST_MS:
        raise EvidenceError("expected a beginning, and an end after it by an hour at most")
    facts = list(_facts(directory, start_ms, end_ms))
    with tempfile.TemporaryDirectory(prefix="gatewarden-") as folder:
        clips, gaps = _clips({c.id: directory / "footage" / c.id for c in site.cameras}, span_ms, Path(folder))
        if not clips:
            raise EvidenceError(f"no camera has footage of that time: {gaps[0].why}")
        instant = datetime.fromtimestamp(start_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S")
        draft = BundleDraft(
            software=SOFTWARE,
            frames=tuple(f for f in facts if isinstance(f, WeightSample)),
            facts=tuple(f for f in facts if not isinstance(f, WeightSample)),
            clips=tuple(clips),
            models=tuple(ModelUse(name, digest) for name, digest in sorted(model_digests().items())),
            clock=clock_offset(sealed_ms),
            gaps=(*gaps, *device_gaps(facts, span_ms)),
            cameras=tuple(c.id for c in site.cameras),
            stretch=Stretch(f"{site.id}-{instant}-all", start_ms, end_ms),
        )
        return store.seal(draft, sealed_ms)


def _facts(directory: Path, start_ms: int, end_ms: int) -> Iterator[Fact]:
    """The logged facts of a span; a damaged line ends its day."""
    log = fact_log(directory / "log")
    for path in log.files(start_ms):
        try:
            yield from (f for f in read_facts(path) if start_ms <= f.t_ms <= end_ms)
        except FactError:
            continue


def _clips(footage: Mapping[str, Path], span_ms: tuple[int, int], folder: Path) -> tuple[list[Clip], list[Gap]]:
    clips: list[Clip] = []
    gaps: list[Gap] = []
    for camera, directory in footage.items():
        try:
            original = cut(directory, *span_ms, folder, camera)
        except SourceError as error:
            gaps.append(Gap(camera, *span_ms, f"no footage: {error}"))
            continue
        clips.append(Clip(original.path, camera, original.start_ms, original.end_ms))
        gaps += [Gap(camera, a, b, "no footage in between") for a, b in original.gaps]
    return clips, gaps
