"""The evidence of one passage: what is gathered while the facts are at hand, and sealed when the footage is there."""

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
from gate.scale.stability import Stability
from gate.sealing.slips import slip_of, slip_record
from gate.site.model import Scale, Site
from vision.errors import SourceError
from vision.facts import DeviceState, PlateColour, Sighting
from vision.overlay import Overlay, OverlayState, WeightAt, WeightTimeline
from vision.record import burn_in, cut
from vision.source import Frame

_log = structlog.get_logger(__name__)
PRE_ROLL_MS = 3_000
POST_ROLL_MS = 3_000
_SILENT = frozenset({"lost", "stalled", "fault"})  # states in which a device gives nothing
SOFTWARE = f"gatewarden {version('gatewarden')}"


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything about one closed passage but its footage. Travels to the process that seals it.

    facts: of the passage's time with pre- and post-roll. crops: pictures of its plates, PNG. clock: how right the
    site's clock was when the passage closed. tokens: its tickets as they were signed, by id.
    """

    passage: Passage
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    crops: tuple[PlateCrop, ...] = ()
    clock: ClockOffset | None = None
    tokens: tuple[tuple[str, str], ...] = ()

    @property
    def span_ms(self) -> tuple[int, int]:
        """From and to, with pre- and post-roll."""
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
        slip = slip_of(dossier.passage)
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
            cameras=_cameras(dossier),
            slip=slip_record(slip) if slip else None,
        )
        return store.seal(draft, sealed_ms)


def _cameras(dossier: Dossier) -> tuple[str, ...]:
    """The cameras that saw the vehicle."""
    return tuple(sorted({v.rsplit(":", 1)[0] for v in dossier.passage.vehicles}))


def _clips(dossier: Dossier, site: Site, footage: Mapping[str, Path], folder: Path) -> tuple[list[Clip], list[Gap]]:
    clips: list[Clip] = []
    gaps: list[Gap] = []
    start_ms, end_ms = dossier.span_ms
    for camera in _cameras(dossier):
        try:
            original = cut(footage[camera], start_ms, end_ms, folder, camera)
        except (SourceError, KeyError) as error:
            gaps.append(Gap(camera, start_ms, end_ms, f"no footage: {error}"))
            continue
        burned = folder / f"{camera}-burned.mp4"
        overlay = Overlay(site.language, site.timezone)
        burn_in(original.path, original.start_ms, burned, overlay, _Captions(dossier, site, camera))
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


class _Captions:
    """What is written into each picture of one camera's clip: the weight of the picture's own instant."""

    def __init__(self, dossier: Dossier, site: Site, camera: str) -> None:
        passage = dossier.passage
        scale = _scale_shown(site, passage)
        self._passage = passage
        self._site = site.name.in_language(site.language)
        self._camera = next(c.name.in_language(site.language) for c in site.cameras if c.id == camera)
        self._weights = timeline(dossier.facts, scale) if scale else WeightTimeline()
        self._taken_ms = next((w.stable_ms for w in reversed(passage.weighings) if w.stable_ms is not None), None)
        self._ticket = next((t for t in passage.tickets if t.state == "valid"), None)
        mine = (f for f in dossier.facts if isinstance(f, Sighting) and f.vehicle in passage.vehicles and f.plates)
        self._read_ms = next((f.t_ms for f in mine), passage.end_ms)

    def __call__(self, frame: Frame) -> OverlayState:
        """The state of one frame: nothing is shown before it was known."""
        t_ms, passage = frame.t_ms, self._passage
        weight = self._weights.at(t_ms)
        plate = passage.plates[0] if passage.plates and t_ms >= self._read_ms else None
        taken = passage.weights if self._taken_ms is not None and t_ms >= self._taken_ms else None
        return OverlayState(
            t_ms=t_ms,
            site=self._site,
            camera=self._camera,
            plate=plate.text if plate else "",
            plate_colour=plate.colour if plate else PlateColour.YELLOW,
            ticket=self._ticket.ticket if self._ticket and t_ms >= self._ticket.t_ms else "",
            weight_kg=weight.kg if weight else None,
            stable=weight.stable if weight else None,
            gross_kg=taken.gross_kg if taken else None,
            tare_kg=taken.tare_kg if taken else None,
            net_kg=taken.net_kg if taken else None,
        )


def timeline(facts: Sequence[Fact], scale: Scale) -> WeightTimeline:
    """One scale's readings by time, each with whether the weight was stable then."""
    weights, stability = WeightTimeline(), Stability(scale.e_kg)
    for fact in facts:
        if isinstance(fact, WeightSample) and fact.scale == scale.id:
            may = fact.stable is not False and not fact.overload
            weights.add(
                WeightAt(fact.t_ms, fact.kg, stability.update(fact.t_ms, fact.kg, may_be_stable=may) is not None)
            )
    return weights


def _scale_shown(site: Site, passage: Passage) -> Scale | None:
    """The scale the vehicle was weighed on, else the site's first."""
    used = {w.scale for w in passage.weighings}
    return next((s for s in site.scales if s.id in used), site.scales[0] if site.scales else None)
