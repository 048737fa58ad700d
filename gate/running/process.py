"""The site process: owns scale, passages, fact log, outbox and local API; cameras live in processes of their own.

cameras, scales ─► reorder buffer ─► gatehouse ─► fact log · outbox ─► hub
                                         └─► captions ─► live pictures
                                         └─► dossiers ─► sealing ─► evidence
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from gate.barrier.yard import Barriers
from gate.beams.reader import BeamReaders
from gate.errors import GatewardenError
from gate.evidence.upkeep import Upkeep
from gate.facts import Fact, Operation, WeightSample
from gate.judging.daylog import fact_log, passage_log, turn_log
from gate.judging.gatehouse import Gatehouse, Outcome
from gate.judging.memory import next_numbers, recall
from gate.judging.recorded_tracks import recorded_tracks
from gate.records import Passage
from gate.running.alert_pictures import AlertPictures
from gate.running.beginning import refuse_recordings, start_notes
from gate.running.captions import Captions
from gate.running.code_readers import read_scanner, watch_codes
from gate.running.dossiers import Dossiers
from gate.running.heartbeat import heartbeat
from gate.running.housekeeping import keep_house
from gate.running.live_api import Snapshots, live_api, serve
from gate.running.window import FactWindow
from gate.satellite.feed import LivePositions
from gate.scale.live import LiveScale
from gate.scale.stability import Stability
from gate.sealing.sealer import Workshop
from gate.site.cameras import camera_config, model_digests
from gate.site.devices import Scale
from gate.site.model import Site
from gate.tickets.registers import load_registers
from gate.uplink.hub_access import HubAccess
from gate.uplink.orders import RemoteOrder
from gate.uplink.outbox import Outbox
from gate.uplink.plan import placed, tell_plan
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


class SiteProcess:
    """One live site. Raises SiteError, TicketError, ModelError or ScaleError for what can never work.

    base: folder relative paths of the site file start from. site_text: the file as read, to tell when it changed.
    """

    def __init__(self, site: Site, base: Path, site_text: str = "") -> None:
        self.site, self._base = site, base
        self._clock = SystemClock()
        self._directory = base / site.store.directory
        refuse_recordings(site)
        self._registers = load_registers(site, base)
        self._facts, self._passages = fact_log(self._directory / "log"), passage_log(self._directory / "log")
        self._turns_log = turn_log(self._directory / "log")
        self.outbox = Outbox(self._directory / "outbox.db")
        footage = {c.id: self._directory / "footage" / c.id for c in site.cameras}
        self._slips = self._directory / "slips"
        self._workshop = Workshop(
            site, footage, self._directory / "evidence", self._directory / "keys", model_digests(), self._slips
        )
        self._window = FactWindow()
        self._dossiers = Dossiers(
            self._workshop,
            self._window,
            self.outbox,
            token=self._registers.tickets.token,
            health=self._camera_health,
            clock=self._clock.now_ms,
        )
        self.snapshots = Snapshots(lambda camera: self.workers.send(camera, TakeSnapshot()))
        pictures = self._directory / "pictures"
        self._pictures = AlertPictures([c.id for c in site.cameras], self.snapshots, pictures, self.outbox)
        self._captions = Captions(frozenset(s.deck for s in site.scales))
        self._pending: list[Fact] = []
        self._taken_ms = 0
        self._devices: dict[str, str] = {}
        self._stability = {s.id: Stability(s.e_kg) for s in site.scales}
        self._captioned: Caption | None = None
        self.barriers = Barriers(site, self._say, self._clock.now_ms, self._net_kg)
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
        self._pending += start_notes(self._directory, site_text, self._clock.now_ms())
        numbers = next_numbers(self._window.between(0, self._clock.now_ms()))
        configs = [
            camera_config(site, c, base, footage=footage[c.id], first_number=numbers.get(c.id, 1)) for c in site.cameras
        ]
        self.workers = CameraWorkers(configs, self._heard, clock=self._clock)

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
                group.create_task(self._dossiers.sealer.run())
                group.create_task(self._serve())
                group.create_task(
                    keep_house(
                        self.site,
                        self._base,
                        self._registers,
                        self.outbox,
                        upkeep=self._upkeep,
                        clock=self._clock.now_ms,
                    )
                )
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
            case Crops():
                self._dossiers.keep_crops(camera, message)
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
        self._dossiers.seal_due(until_ms)
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
            self._dossiers.keep_finding(finding)
            if finding.state == "raised" and not logged:
                self._pictures.take(finding)
        for passage in outcome.passages:
            self.outbox.put_record(passage)
            if passage.closed:
                if not logged:
                    self._passages.append([passage])
                self._dossiers.close(passage, logged=logged)
        self._captions.take(outcome.passages, self._clock.now_ms())

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
        await serve(
            live_api(self.streams, self.snapshots, self._health, self.barriers.release, self._tracks), self.site.api
        )

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
            "to_seal": self._dossiers.sealer.waiting,
            "failing_to_seal": self._dossiers.sealer.failing,
        }

    def _tracks(self, from_ms: int, to_ms: int) -> list[dict[str, Any]]:
        return recorded_tracks(self._directory / "log", from_ms, to_ms)

    def _heartbeat(self) -> dict[str, Any]:
        return heartbeat(self.site, self._clock.now_ms(), self._devices, self.barriers.state())

    def _camera_health(self) -> dict[str, dict[str, float]]:
        return self.workers.health()

    def _net_kg(self, passage: Passage, gross_kg: float) -> float | None:
        return self._gatehouse.net_kg(passage, gross_kg)


def in_time(facts: Sequence[Fact], taken_ms: int) -> list[Fact]:
    """Facts dated no earlier than what was judged already: one that comes too late is told when it came."""
    return [f if f.t_ms > taken_ms else replace(f, t_ms=taken_ms + 1) for f in facts]
