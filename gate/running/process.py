"""The site process: owns scale, passages, fact log, outbox and local API; cameras live in processes of their own.

cameras, scales ─► reorder buffer ─► gatehouse ─► fact log · outbox ─► hub
                                         └─► captions ─► live pictures
                                         └─► dossiers ─► sealing ─► evidence
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from gate.barrier.yard import Barriers
from gate.beams.reader import BeamReaders
from gate.errors import GatewardenError, SiteError
from gate.evidence.clock import camera_clocks, clock_offset
from gate.evidence.draft import PlateCrop
from gate.evidence.store import SealedBundle
from gate.evidence.upkeep import Upkeep
from gate.facts import Fact, Operation, WeightSample
from gate.judging.daylog import fact_log, passage_log, turn_log
from gate.judging.gatehouse import Gatehouse, Outcome
from gate.judging.memory import next_numbers, recall
from gate.judging.recorded_tracks import recorded_tracks
from gate.records import Finding, Passage
from gate.running.captions import Captions
from gate.running.code_readers import read_scanner, watch_codes
from gate.running.live_api import Snapshots, live_api
from gate.running.window import FactWindow
from gate.satellite.feed import LivePositions
from gate.scale.live import LiveScale
from gate.scale.stability import Stability
from gate.sealing.dossier import Dossier, signed_tickets
from gate.sealing.occasions import Occasions
from gate.sealing.sealer import Sealer, Workshop
from gate.site.cameras import camera_config, model_digests
from gate.site.model import Scale, Site
from gate.tickets.registers import TicketFeed, load_registers
from gate.uplink.hub_access import HubAccess
from gate.uplink.orders import RemoteOrder
from gate.uplink.outbox import Outbox
from gate.uplink.plan import bundle_files, placed, tell_plan, tell_registers
from vision.facts import DeviceState
from vision.live import Fanout
from vision.messages import (
    Caption,
    Crops,
    Facts,
    FromWorker,
    LiveBegin,
    LiveEnd,
    LiveFragment,
    Snapshot,
    TakeSnapshot,
    Watch,
    Weights,
)
from vision.overlay import WeightAt
from vision.source import SystemClock
from vision.supervise import CameraWorkers

_log = structlog.get_logger(__name__)
REORDER_MS = 600  # a camera's facts may come this much later than a scale's
TURN_S = 0.1
PLACE_MS = 60_000  # a vehicle seen longer ago is somewhere else by now
CROPS_LIMIT = 500
UPKEEP_EVERY_MS = 120_000
TELL_EVERY_MS = 10_000


class SiteProcess:
    """One live site. Raises SiteError, TicketError, ModelError or ScaleError for what can never work.

    base: folder relative paths of the site file start from. site_text: the file as read, to tell when it changed.
    """

    def __init__(self, site: Site, base: Path, site_text: str = "") -> None:
        self.site, self._base = site, base
        self._clock = SystemClock()
        self._directory = base / site.store.directory
        _refuse_recordings(site)
        self._registers = load_registers(site, base)
        self._facts, self._passages = fact_log(self._directory / "log"), passage_log(self._directory / "log")
        self._turns_log = turn_log(self._directory / "log")
        self.outbox = Outbox(self._directory / "outbox.db")
        footage = {c.id: self._directory / "footage" / c.id for c in site.cameras}
        self._slips = self._directory / "slips"
        self._workshop = Workshop(
            site, footage, self._directory / "evidence", self._directory / "keys", model_digests(), self._slips
        )
        self._sealer = Sealer(self._workshop, self._clock.now_ms, self._sealed)
        self._window = FactWindow()
        self._findings: dict[str, list[Finding]] = {}
        self._occasions = Occasions()
        self._crops: dict[str, tuple[PlateCrop, ...]] = {}
        self._captions = Captions(frozenset(s.deck for s in site.scales))
        self._pending: list[Fact] = []
        self._taken_ms = 0
        self._devices: dict[str, str] = {}
        self._stability = {s.id: Stability(s.e_kg) for s in site.scales}
        self._captioned: Caption | None = None
        self.barriers = Barriers(site, self._say, self._clock.now_ms, lambda p, kg: self._gatehouse.net_kg(p, kg))
        self._beams = BeamReaders(site.beams, self._say, self._clock.now_ms)
        self.streams = {c.id: Fanout() for c in site.cameras}
        self._watching: dict[str, bool] = {}
        hub = HubAccess(site, site.hub, base) if site.hub else None
        self._sender = hub.sender(self.outbox, self._heartbeat) if hub else None
        self._orders = hub.orders(self.outbox, self._carry_out, self._clock.now_ms) if hub else None
        client = hub.client() if hub else None
        self._upkeep = Upkeep(self._workshop.store(), site.store.evidence_days, client, site.store.time_server)
        self._gatehouse = Gatehouse(site, self._registers.tickets, self._registers.vehicles)
        self._remember()
        self._note_start(site_text)
        numbers = next_numbers(self._window.between(0, self._clock.now_ms()))
        configs = [
            camera_config(site, c, base, footage=footage[c.id], first_number=numbers.get(c.id, 1)) for c in site.cameras
        ]
        self.workers = CameraWorkers(configs, self._heard, clock=self._clock)
        self.snapshots = Snapshots(lambda camera: self.workers.send(camera, TakeSnapshot()))

    @property
    def fingerprint(self) -> str:
        """Of the key that signs this site's evidence, for the record on paper."""
        return self._upkeep.store.fingerprint

    async def run(self) -> None:
        """Run until cancelled; then what is open is finished and written."""
        if self.site.hub:
            tell_plan(self.outbox, self.site)
        for fault in self._registers.faults:
            _log.warning("register entry left out", why=fault)
        await self.workers.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._turns())
                group.create_task(self._sealer.run())
                group.create_task(self._serve())
                group.create_task(self._housekeeping())
                group.create_task(self.barriers.run())
                group.create_task(self._beams.run())
                group.create_task(
                    watch_codes(self.site, self.snapshots.take, self._wants_code, self._say, self._clock.now_ms)
                )
                for scanner in self.site.scanners:
                    group.create_task(read_scanner(scanner, self._say, self._clock.now_ms))
                if self._sender:
                    group.create_task(self._sender.run())
                if self._orders:
                    group.create_task(self._orders.run())
                for scale in self.site.scales:
                    group.create_task(self._read(scale))
                if self.site.positions is not None:
                    group.create_task(self._follow(LivePositions(self.site.positions, self._clock.now_ms)))
        finally:
            await self.workers.stop()
            self._turn(self._clock.now_ms() + REORDER_MS)
            self._turns_log.close()
            self._facts.close()
            self._passages.close()

    def _remember(self) -> None:
        """Take up where a stopped or killed process left off."""
        outcome = recall(self._gatehouse, self._facts, self._passages, self._clock.now_ms())
        self._window.add(outcome.facts)
        self._conclude(outcome, logged=True)
        self._taken_ms = max((f.t_ms for f in outcome.facts), default=0)

    def _note_start(self, site_text: str) -> None:
        """Say that the site was started, and whether its file was changed meanwhile."""
        now_ms = self._clock.now_ms()
        self._pending.append(Operation(now_ms, "system", "started"))
        digest_file = self._directory / "site.sha256"
        digest = hashlib.sha256(site_text.encode()).hexdigest()
        before = digest_file.read_text() if digest_file.exists() else digest
        if before != digest:
            detail = f"{before[:12]} -> {digest[:12]}"
            self._pending.append(Operation(now_ms, "system", "configuration_changed", "site.yaml", detail))
        digest_file.write_text(digest)

    async def _read(self, scale: Scale) -> None:
        async for fact in LiveScale(scale, self._clock.now_ms).facts():
            self._pending.append(fact)
            if isinstance(fact, WeightSample):
                may = fact.stable is not False and not fact.overload
                stable = self._stability[scale.id].update(fact.t_ms, fact.kg, may_be_stable=may) is not None
                self.workers.broadcast(Weights((WeightAt(fact.t_ms, fact.kg, stable),)))
                if self._sender:
                    self._sender.show(replace(fact, stable=stable))
            else:
                self._devices[fact.device] = fact.state

    def _say(self, fact: Fact) -> None:
        """The site itself did or noticed something."""
        self._pending.append(fact)
        if self._orders:
            self._orders.heard(fact)
        if isinstance(fact, DeviceState):
            self._devices[fact.device] = fact.state

    def _carry_out(self, order: RemoteOrder) -> None:
        """What somebody ordered on the hub's pages. Raises GatewardenError where it cannot be done."""
        if order.command == "release":
            self.barriers.release(order.barrier, order.who, order.reason)
        elif order.command in ("hold", "reweigh"):
            self.barriers.hold(order.barrier, order.who, order.reason)
        else:
            raise GatewardenError(f"no order {order.command!r} is known here")
        if order.command == "reweigh":
            now_ms = self._clock.now_ms()
            self._say(Operation(now_ms, order.who, "reweigh_asked", order.barrier, order.reason))

    async def _follow(self, positions: LivePositions) -> None:
        async for fact in positions.facts():
            self._pending.append(fact)
            if isinstance(fact, DeviceState):
                self._devices[fact.device] = fact.state

    def _wants_code(self, camera: str) -> bool:
        """Whether a vehicle whose ticket is not known is before a camera."""
        return self._gatehouse.wants_code(camera, self._clock.now_ms())

    def _heard(self, camera: str, message: FromWorker) -> None:
        """A camera's worker said something."""
        match message:
            case Facts(facts):
                self._pending += facts
                self._devices |= {f.device: f.state for f in facts if isinstance(f, DeviceState)}
            case Crops(vehicle, plates):
                self._crops[vehicle] = tuple(PlateCrop(data, camera, t_ms, text) for text, t_ms, data in plates)
                while len(self._crops) > CROPS_LIMIT:
                    del self._crops[next(iter(self._crops))]
            case LiveBegin(mime, init):
                self.streams[camera].begin(mime, init)
            case LiveFragment(fragment):
                self.streams[camera].push(fragment)
            case LiveEnd():
                self.streams[camera].end()
            case Snapshot(_, jpeg):
                self.snapshots.came(camera, jpeg)

    async def _turns(self) -> None:
        while True:
            self._turn(self._clock.now_ms())
            self._caption()
            self._watch()
            await asyncio.sleep(TURN_S)

    async def _housekeeping(self) -> None:
        """Learn new tickets as they are registered; have evidence counter-signed, and deleted when its time is over."""
        tickets = self.site.registers.tickets
        feed = TicketFeed(self._base / tickets, self._registers.tickets) if tickets else None
        next_upkeep_ms = next_telling_ms = told = 0
        while True:
            for fault in feed.look() if feed else ():
                _log.warning("ticket left out", why=fault)
            now_ms, known = self._clock.now_ms(), self._registers.tickets.learnt + 1
            if self.site.hub and known != told and now_ms >= next_telling_ms:
                told, next_telling_ms = known, now_ms + TELL_EVERY_MS
                await asyncio.to_thread(tell_registers, self.outbox, self._registers)
            if now_ms >= next_upkeep_ms:
                next_upkeep_ms = now_ms + UPKEEP_EVERY_MS
                await asyncio.to_thread(self._upkeep.run, now_ms)
            await asyncio.sleep(1.0)

    def _turn(self, now_ms: int) -> None:
        """Judge the facts that are old enough for nothing earlier to come."""
        until_ms = now_ms - REORDER_MS
        due = [f for f in self._pending if f.t_ms <= until_ms]
        self._pending = [f for f in self._pending if f.t_ms > until_ms]
        outcome = self._gatehouse.take(in_time(due, self._taken_ms))
        self._taken_ms = max(self._taken_ms, until_ms)
        silent = self._gatehouse.tick(until_ms)
        for part in (outcome, silent):
            self._window.add(part.facts)
            self._conclude(part)
        for finding in self._occasions.due(until_ms):
            self._seal(Dossier(None, (finding,), ()))
        self.barriers.turn((outcome, silent), self._gatehouse.scales)

    def _conclude(self, outcome: Outcome, *, logged: bool = False) -> None:
        """Keep, send and show what the gatehouse said. logged: its facts are in the log already."""
        self._turns_log.append(outcome.turns)
        if not logged and outcome.facts:
            self._facts.append(outcome.facts)
        for fact in outcome.facts:
            if isinstance(fact, DeviceState):
                self.outbox.put_record(fact)
        for finding in outcome.findings:
            recent = self._window.between(finding.t_ms - PLACE_MS, finding.t_ms)
            self.outbox.put_record(placed(finding, recent))
            self._occasions.take([finding])
            if finding.passage:
                self._findings.setdefault(finding.passage, []).append(finding)
            if finding.state == "raised" and not logged:
                self._picture(finding)
        for passage in outcome.passages:
            self.outbox.put_record(passage)
            if passage.closed:
                self._close(passage, logged=logged)
        self._captions.take(outcome.passages, self._clock.now_ms())

    def _close(self, passage: Passage, *, logged: bool) -> None:
        if not logged:
            self._passages.append([passage])
        findings = tuple(self._findings.pop(passage.id, ()))
        crops = tuple(c for v in passage.vehicles for c in self._crops.pop(v, ()))
        tokens = signed_tickets(passage, self._registers.tickets.token)
        self._seal(Dossier(passage, findings, (), crops, tokens=tokens), logged=logged)

    def _seal(self, dossier: Dossier, *, logged: bool = False) -> None:
        """Have it sealed with the facts of its time and how right the clock is now."""
        facts = tuple(self._window.between(*dossier.span_ms))
        cameras = {} if logged else camera_clocks(self.workers.health())
        self._sealer.put(replace(dossier, facts=facts, clock=clock_offset(self._clock.now_ms(), cameras)))

    def _sealed(self, dossier: Dossier, bundle: SealedBundle) -> None:
        """The bundle is on disk: its files follow the alerts to the hub, the pictures first, original clips last."""
        hub = self.site.hub
        for name, path in bundle_files(bundle.path, originals=hub is None or hub.originals):
            if dossier.passage:
                self.outbox.put_file(dossier.passage.id, name, path)
            else:
                finding = dossier.findings[0]
                self.outbox.put_file(finding.id, f"{finding.t_ms}-{name}", path)

    def _picture(self, finding: Finding) -> None:
        """A picture of the moment for the alert, of the camera that saw the vehicle, else of the first."""
        cameras = [e.rsplit(":", 1)[0] for e in finding.evidence]
        camera = next((c for c in cameras if c in self.streams), next(iter(self.streams)))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        task = loop.create_task(self._keep_picture(finding, camera))
        task.add_done_callback(_log_failure)

    async def _keep_picture(self, finding: Finding, camera: str) -> None:
        jpeg = await self.snapshots.take(camera)
        folder = self._directory / "pictures"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{hashlib.sha256(finding.id.encode()).hexdigest()[:24]}-{finding.t_ms}.jpg"
        path.write_bytes(jpeg)
        self.outbox.put_file(finding.id, f"alert-{finding.t_ms}.jpg", path)

    def _caption(self) -> None:
        scale = next(iter(self._gatehouse.scales.values()), None)
        caption = self._captions.caption(scale)
        if caption != self._captioned:
            self._captioned = caption
            self.workers.broadcast(caption)
            if self._sender:
                self._sender.show_vehicle(caption.plate, caption.ticket)

    def _watch(self) -> None:
        """Encode a camera's live stream only while somebody watches it."""
        for camera, stream in self.streams.items():
            wanted = stream.viewers > 0
            if wanted != self._watching.get(camera, False):
                self._watching[camera] = wanted
                self.workers.send(camera, Watch(wanted))

    async def _serve(self) -> None:
        app = live_api(self.streams, self.snapshots, self._health, self.barriers.release, self._tracks)
        api = self.site.api
        config = uvicorn.Config(
            app, host=api.host, port=api.port, log_level="warning", access_log=False, lifespan="off"
        )
        await _ApiServer(config).serve()

    def _health(self) -> dict[str, Any]:
        return {
            "site": self.site.id,
            "t_ms": self._clock.now_ms(),
            "cameras": self.workers.health(),
            "devices": self._devices,
            "scales": {
                name: {"kg": state.kg, "stable_kg": state.stable_kg, "phase": state.phase.value}
                for name, state in self._gatehouse.scales.items()
            },
            "barriers": self.barriers.state(),
            "to_send": self.outbox.waiting(),
            "to_seal": self._sealer.waiting,
            "failing_to_seal": self._sealer.failing,
        }

    def _tracks(self, from_ms: int, to_ms: int) -> list[dict[str, Any]]:
        return recorded_tracks(self._directory / "log", from_ms, to_ms)

    def _heartbeat(self) -> dict[str, Any]:
        site = self.site
        return {
            "t_ms": self._clock.now_ms(),
            "name": {"zh": site.name.zh, "en": site.name.en},
            "api": f"http://{site.api.host}:{site.api.port}",
            "cameras": [
                {"id": c.id, "name": c.name.model_dump(), "state": self._devices.get(c.id, "ok")} for c in site.cameras
            ],
            "scales": [{"id": s.id, "capacity_kg": s.capacity_kg, "e_kg": s.e_kg} for s in site.scales],
            "devices": self._devices,
            "barriers": self.barriers.state(),
            "mine": site.mine,
        }


class _ApiServer(uvicorn.Server):
    """A server that leaves signals to the process it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def in_time(facts: Sequence[Fact], taken_ms: int) -> list[Fact]:
    """Facts dated no earlier than what was judged already: one that comes too late is told when it came."""
    return [f if f.t_ms > taken_ms else replace(f, t_ms=taken_ms + 1) for f in facts]


def _refuse_recordings(site: Site) -> None:
    addresses = {c.id: c.address for c in site.cameras} | {s.id: s.address for s in site.scales}
    addresses |= {b.id: b.address for b in site.beams}
    addresses |= {"positions": site.positions.address} if site.positions else {}
    for device, address in addresses.items():
        if address.startswith(("file:", "replay:")):
            raise SiteError(f"{device}: {address} is a recording; `gatewarden replay` plays it")


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.warning("no picture for an alert", why=str(task.exception()) or type(task.exception()).__name__)
