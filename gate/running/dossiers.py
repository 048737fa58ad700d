"""What is gathered of every visit until it is sealed: findings, plate pictures, facts, tickets, clocks."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from gate.evidence.clock import camera_clocks, clock_offset
from gate.evidence.draft import PlateCrop
from gate.evidence.store import SealedBundle
from gate.records import Finding, Passage
from gate.running.window import FactWindow
from gate.sealing.dossier import Dossier, signed_tickets
from gate.sealing.occasions import Occasions
from gate.sealing.sealer import Sealer, Workshop
from gate.uplink.outbox import Outbox
from gate.uplink.plan import bundle_files
from vision.messages import Crops

CROPS_LIMIT = 500  # vehicles whose plate pictures wait for their passage to close
CameraHealth = Callable[[], Mapping[str, Mapping[str, float]]]


class Dossiers:
    """Hands closed passages, and findings without one, to the sealer, and what was sealed to the hub.

    token: a ticket as it was signed, "" where unknown. health: what each camera says of itself.
    """

    def __init__(
        self,
        workshop: Workshop,
        window: FactWindow,
        outbox: Outbox,
        *,
        token: Callable[[str], str],
        health: CameraHealth,
        clock: Callable[[], int],
    ) -> None:
        hub = workshop.site.hub
        self._originals = hub is None or hub.originals
        self._window, self._outbox = window, outbox
        self._token, self._health, self._clock = token, health, clock
        self._findings: dict[str, list[Finding]] = {}
        self._crops: dict[str, tuple[PlateCrop, ...]] = {}
        self._occasions = Occasions()
        self.sealer = Sealer(workshop, clock, self._sealed)

    def keep_finding(self, finding: Finding) -> None:
        """A finding was raised, upgraded or withdrawn."""
        self._occasions.take([finding])
        if finding.passage:
            self._findings.setdefault(finding.passage, []).append(finding)

    def keep_crops(self, camera: str, crops: Crops) -> None:
        """A camera's pictures of a vehicle's plates."""
        self._crops[crops.vehicle] = tuple(PlateCrop(data, camera, t_ms, text) for text, t_ms, data in crops.plates)
        while len(self._crops) > CROPS_LIMIT:
            del self._crops[next(iter(self._crops))]

    def close(self, passage: Passage, *, logged: bool) -> None:
        """A passage is over. logged: long ago, when nothing is known any more of the cameras' clocks."""
        findings = tuple(self._findings.pop(passage.id, ()))
        crops = tuple(c for v in passage.vehicles for c in self._crops.pop(v, ()))
        tokens = signed_tickets(passage, self._token)
        self._seal(Dossier(passage, findings, (), crops, tokens=tokens), logged=logged)

    def seal_due(self, until_ms: int) -> None:
        """Have the findings sealed that have no passage and whose post-roll is over."""
        for finding in self._occasions.due(until_ms):
            self._seal(Dossier(None, (finding,), ()), logged=False)

    def _seal(self, dossier: Dossier, *, logged: bool) -> None:
        """Have it sealed with the facts of its time and how right the clock is now."""
        facts = tuple(self._window.between(*dossier.span_ms))
        cameras = {} if logged else camera_clocks(self._health())
        self.sealer.put(replace(dossier, facts=facts, clock=clock_offset(self._clock(), cameras)))

    def _sealed(self, dossier: Dossier, bundle: SealedBundle) -> None:
        """The bundle is on disk: its files follow the alerts to the hub, the pictures first, original clips last."""
        for name, path in bundle_files(bundle.path, originals=self._originals):
            if dossier.passage:
                self._outbox.put_file(dossier.passage.id, name, path)
            else:
                finding = dossier.findings[0]
                self._outbox.put_file(finding.id, f"{finding.t_ms}-{name}", path)
