"""The evidence of one passage, or of a finding without one: what is gathered while the facts are at hand, and sealed
when the footage is there.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import structlog

from gate.errors import EvidenceError
from gate.evidence.draft import Attachment, BundleDraft, Clip, ClockOffset, Gap, ModelUse, PlateCrop, RuleUse
from gate.evidence.store import EvidenceStore, SealedBundle
from gate.facts import Fact, WeightSample
from gate.fraud.judge import active_rules
from gate.records import Finding, Passage
from gate.sealing.burned_marks import with_marks
from gate.sealing.burned_words import BurnedWords
from gate.sealing.occasions import POST_ROLL_MS, occasion
from gate.sealing.slips import slip_of, slip_record
from gate.site.model import Site
from vision.errors import SourceError
from vision.facts import DeviceState
from vision.overlay import Overlay
from vision.record import burn_in, cut

_log = structlog.get_logger(__name__)
PRE_ROLL_MS = 3_000
BEFORE_FINDING_MS = 20_000  # what a finding without a passage is about began before it was sure
_SILENT = frozenset({"lost", "stalled", "fault"})  # states in which a device gives nothing
SOFTWARE = f"gatewarden {version('gatewarden')}"


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything about one closed passage but its footage. Travels to the process that seals it.

    passage: None for a finding that has none, which then is the only one of `findings`. facts: of its time with pre-
    and post-roll. crops: pictures of its plates, PNG. clock: how right the site's clock was when the passage closed.
    tokens: its tickets as they were signed, by id.
    """

    passage: Passage | None
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    crops: tuple[PlateCrop, ...] = ()
    clock: ClockOffset | None = None
    tokens: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """What the bundle will be of: the passage, or one occasion of the finding."""
        return self.passage.id if self.passage else occasion(self.findings[0])

    @property
    def span_ms(self) -> tuple[int, int]:
        """From and to, with pre- and post-roll."""
        if self.passage is None:
            return self.findings[0].t_ms - BEFORE_FINDING_MS, self.findings[0].t_ms + POST_ROLL_MS
        return self.passage.start_ms - PRE_ROLL_MS, self.passage.end_ms + POST_ROLL_MS


def seal(
    dossier: Dossier,
    site: Site,
    *,
    footage: Mapping[str, Path],
    models: Mapping[str, str],
    store: EvidenceStore,
    sealed_ms: int,
) -> SealedBundle:
    """Cut the clips, burn the weight into a copy of each, and seal all of it.

    A passage that was weighed gross and tare is sealed with its weighing slip, and the bundle is then the slip's.
    footage: where each camera's packets are recorded. models: SHA-256 by name. A camera without footage of the time
    becomes a gap that says why. Raises EvidenceError when the store cannot take the bundle.
    """
    with tempfile.TemporaryDirectory(prefix="gatewarden-") as folder:
        clips, gaps = _clips(dossier, site, footage, Path(folder))
        if site.store.c2pa:
            clips = [_certified(clip, store, sealed_ms) for clip in clips]
        slip = slip_of(dossier.passage) if dossier.passage else None
        draft = BundleDraft(
            software=SOFTWARE,
            passage=dossier.passage,
            findings=dossier.findings,
            frames=tuple(f for f in dossier.facts if isinstance(f, WeightSample)),
            facts=tuple(f for f in dossier.facts if not isinstance(f, WeightSample)),
            clips=tuple(clips),
            crops=dossier.crops,
            attachments=tuple(
                Attachment(f"ticket-{number:02d}-{name}.txt", token.encode())
                for number, (name, token) in enumerate(dossier.tokens, 1)
            ),
            rules=tuple(RuleUse(a.rule.id, a.rule.version, a.thresholds) for a in active_rules(site)),
            models=tuple(ModelUse(name, digest) for name, digest in sorted(models.items())),
            clock=dossier.clock,
            gaps=(*gaps, *device_gaps(dossier.facts, dossier.span_ms)),
            cameras=_cameras(dossier, site),
            slip=slip_record(slip) if slip else None,
        )
        return store.seal(draft, sealed_ms)


def _cameras(dossier: Dossier, site: Site) -> tuple[str, ...]:
    """The cameras that saw the vehicle; for a finding without one those it rests on, else all."""
    if dossier.passage is not None:
        return tuple(sorted({v.rsplit(":", 1)[0] for v in dossier.passage.vehicles}))
    cameras = tuple(c.id for c in site.cameras)
    named = {e.rsplit(":", 1)[0] for e in dossier.findings[0].evidence}
    return tuple(c for c in cameras if c in named) or cameras


def _clips(dossier: Dossier, site: Site, footage: Mapping[str, Path], folder: Path) -> tuple[list[Clip], list[Gap]]:
    clips: list[Clip] = []
    gaps: list[Gap] = []
    start_ms, end_ms = dossier.span_ms
    for camera in _cameras(dossier, site):
        try:
            original = cut(footage[camera], start_ms, end_ms, folder, camera)
        except (SourceError, KeyError) as error:
            gaps.append(Gap(camera, start_ms, end_ms, f"no footage: {error}"))
            continue
        burned = folder / f"{camera}-burned.mp4"
        overlay = Overlay(site.language, site.timezone)
        words = with_marks(BurnedWords(dossier.passage, dossier.facts, site, camera), dossier.facts, site, camera)
        burn_in(original.path, original.start_ms, burned, overlay, words)
        clips.append(Clip(original.path, camera, original.start_ms, original.end_ms))
        clips.append(Clip(burned, camera, original.start_ms, original.end_ms, "burned"))
        gaps += [Gap(camera, a, b, "no footage in between") for a, b in original.gaps]
    return clips, gaps


def _certified(clip: Clip, store: EvidenceStore, at_ms: int) -> Clip:
    """A burned-in clip with its C2PA manifest; as it was where it cannot have one, which is logged."""
    if clip.kind != "burned":
        return clip
    path = clip.path.with_name(f"{clip.path.stem}-c2pa{clip.path.suffix}")
    try:
        store.certify(clip.path, path, SOFTWARE, at_ms)
    except EvidenceError as error:
        _log.warning("burned-in video without C2PA manifest", why=str(error))
        return clip
    return replace(clip, path=path)


def device_gaps(facts: Sequence[Fact], span_ms: tuple[int, int]) -> list[Gap]:
    """Stretches in which a device said that it gave nothing: from its fault to its next "ok", within the span."""
    begun: dict[str, DeviceState] = {}
    gaps: list[Gap] = []
    for fact in facts:
        if not isinstance(fact, DeviceState) or fact.device.endswith("/footage"):
            continue
        if fact.state in _SILENT:
            begun.setdefault(fact.device, fact)
        elif fact.device in begun:
            gaps.append(_gap(begun.pop(fact.device), span_ms[0], fact.t_ms))
        elif gap_ms := fact.numbers.get("gap_ms"):
            start_ms = max(span_ms[0], fact.t_ms - round(gap_ms))
            gaps.append(Gap(fact.device, start_ms, fact.t_ms, f"{fact.state}: {fact.detail}".strip(": ")))
    return gaps + [_gap(fault, *span_ms) for fault in begun.values()]


def _gap(fault: DeviceState, from_ms: int, end_ms: int) -> Gap:
    """The gap a fault tells of; it began before it was told where its numbers say so."""
    start_ms = max(from_ms, fault.t_ms - round(fault.numbers.get("gap_ms", 0.0)))
    return Gap(fault.device, start_ms, end_ms, f"{fault.state}: {fault.detail}".strip(": "))


def signed_tickets(passage: Passage, token: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """The passage's tickets as they were signed, those of which `token` knows it."""
    names = dict.fromkeys(t.ticket for t in passage.tickets)
    return tuple((name, signed) for name in names if (signed := token(name)))
