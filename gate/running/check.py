"""Whether a site file can be run: its shapes, registers and recordings, the rules it leaves blind, its devices."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.barrier.driver import open_driver
from gate.beams.board import open_boards
from gate.beams.recorded import replay_beams
from gate.errors import GatewardenError, VisionError
from gate.facts import WeightSample
from gate.fraud.area_watch import bound_areas
from gate.fraud.judge import blind_rules, unaided_rules
from gate.lines.line import Line
from gate.lines.opening import open_line
from gate.satellite.feed import position_line, replay_positions
from gate.scale.live import LiveScale
from gate.scale.replay import replay_scale
from gate.site.devices import Beam, Camera, Positions, Scale
from gate.site.model import Site
from gate.site.shapes import satellite_areas, site_planes, site_shapes
from gate.tickets.registers import load_registers
from vision.source import Frame, SystemClock, hide_credentials, open_source

ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class SiteCheck:
    """What was found, one line each. passed: the site can be run."""

    lines: tuple[str, ...]
    passed: bool


def check_site(site: Site, base: Path, *, devices: bool) -> SiteCheck:
    """Check a site whose file has been read. devices: also ask each camera and scale whether it answers."""
    lines: list[str] = []
    passed = True
    for good, line in (*_file(site, base), *_addresses(site, base), *(_devices(site, base) if devices else ())):
        lines.append(("ok     " if good else "FAULT  ") + line)
        passed = passed and good
    for rule, missing in blind_rules(site):
        names = ", ".join(sorted(s.name.lower() for s in missing))
        lines.append(f"blind  rule {rule.id}: needs {names}")
    for rule, missing in unaided_rules(site):
        lines.append(f"less   rule {rule.id}: would see more with {', '.join(sorted(s.name.lower() for s in missing))}")
    return SiteCheck(tuple(lines), passed)


def _file(site: Site, base: Path) -> Iterator[tuple[bool, str]]:
    try:
        shapes = site_shapes(site)
        site_planes(site)
        yield True, f"shapes: {len(shapes.zones)} zones, {len(shapes.boundaries)} boundaries, {len(shapes.lanes)} lanes"
    except GatewardenError as error:
        yield False, str(error)
    yield from _satellite(site, base)
    try:
        registers = load_registers(site, base)
        yield True, f"registers: {len(registers.tickets)} tickets, {len(registers.vehicles)} vehicles"
        for fault in registers.faults:
            yield False, f"register {fault}"
    except GatewardenError as error:
        yield False, f"registers: {error}"


def _satellite(site: Site, base: Path) -> Iterator[tuple[bool, str]]:
    """Satellite areas, whom they bind, and where positions come from."""
    if not site.satellite and site.positions is None:
        return
    if site.positions is None:
        yield False, "satellite: areas, but no positions: say where they come from"
        return
    try:
        areas = satellite_areas(site)
        register = load_registers(site, base).vehicles
        bound = sum(bool(bound_areas(site, register, v.plate)) for v in register.vehicles())
        yield bool(areas), f"satellite: {len(areas)} areas bind {bound} of the registered vehicles"
        if site.positions.address.startswith("replay:"):
            yield True, f"positions: {sum(1 for _ in replay_positions(site.positions, base))} recorded"
        else:
            position_line(site.positions)
    except GatewardenError as error:
        yield False, str(error)


def _addresses(site: Site, base: Path) -> Iterator[tuple[bool, str]]:
    """Whether the addresses of barriers, light barriers and scanners can work; nothing is sent to a barrier for it."""
    for barrier in site.barriers:
        try:
            open_driver(barrier)
            yield True, f"barrier {barrier.id}: {barrier.address}"
        except GatewardenError as error:
            yield False, str(error)
    for beam in site.beams:
        yield _beam(beam, base)
    for scanner in site.scanners:
        try:
            open_line(scanner.address)
            yield True, f"scanner {scanner.id}: {scanner.address}"
        except GatewardenError as error:
            yield False, f"scanner {scanner.id}: {error}"


def _beam(beam: Beam, base: Path) -> tuple[bool, str]:
    shown = f"light barrier {beam.id}: {beam.address or 'no address, nothing reads it'}"
    try:
        if beam.address.startswith("replay:"):
            return True, f"{shown}: {sum(1 for _ in replay_beams([beam], base, 0))} changes recorded"
        open_boards([beam])
    except GatewardenError as error:
        return False, str(error)
    return True, f"{shown}, input {beam.input}" if beam.address.startswith("modbus") else shown


def _devices(site: Site, base: Path) -> Iterator[tuple[bool, str]]:
    for camera in site.cameras:
        yield _camera(camera, base)
    for scale in site.scales:
        yield _scale(scale, base)
    for beam in site.beams:
        if beam.address and not beam.address.startswith("replay:"):
            yield _beam_now(beam)
    if site.positions is not None and not site.positions.address.startswith("replay:"):
        yield _positions(site.positions)


def _camera(camera: Camera, base: Path) -> tuple[bool, str]:
    """Whether a camera gives a picture of the size the site file says."""
    scheme, _, target = camera.address.partition(":")
    address = f"{scheme}:{base / target}" if scheme in ("file", "play") else camera.address
    shown = f"camera {camera.id}: {hide_credentials(camera.address)}"
    clock = SystemClock()
    try:
        source = open_source(address, device=camera.id, start_ms=clock.now_ms(), clock=clock, stall_s=ANSWER_S)
    except VisionError as error:
        return False, f"{shown}: {error}"
    deadline = time.monotonic() + ANSWER_S
    try:
        for item in source:
            if isinstance(item, Frame):
                if (item.width, item.height) != camera.size:
                    return False, f"{shown}: gives {item.width}x{item.height}, size says {list(camera.size)}"
                return True, f"{shown}: gives pictures of {item.width}x{item.height}"
            if time.monotonic() > deadline:
                break
    finally:
        source.close()
    return False, f"{shown}: gave no picture within {ANSWER_S:.0f} s"


def _scale(scale: Scale, base: Path) -> tuple[bool, str]:
    """Whether a scale gives a weight."""
    shown = f"scale {scale.id}: {scale.address}"
    kind, _, path = scale.address.partition(":")
    try:
        if kind == "replay":
            facts = replay_scale(scale, base / path, 0)
            found = next((f for f in facts if isinstance(f, WeightSample)), None)
        else:
            found = asyncio.run(_first_weight(scale))
    except GatewardenError as error:
        return False, f"{shown}: {error}"
    if found is None:
        return False, f"{shown}: gave no valid {scale.indicator} frame within {ANSWER_S:.0f} s"
    return True, f"{shown}: reads {found.kg:g} kg"


def _beam_now(beam: Beam) -> tuple[bool, str]:
    """Whether a light barrier answers; a topic may be silent for longer than anyone waits here."""
    shown = f"light barrier {beam.id}: {beam.address}"
    try:
        seen = asyncio.run(_look(beam))
    except (GatewardenError, TimeoutError) as error:
        return False, f"{shown}: {error or 'no answer'}"
    return True, f"{shown}: {'said nothing yet' if seen is None else 'broken' if seen else 'free'}"


async def _look(beam: Beam) -> bool | None:
    ((_, board),) = open_boards([beam])
    try:
        await asyncio.wait_for(board.open(), ANSWER_S)
        return (await asyncio.wait_for(board.look(), ANSWER_S))[beam.id]
    except TimeoutError:
        if not beam.address.startswith("mqtt"):
            raise
        return None
    finally:
        await board.close()


def _positions(positions: Positions) -> tuple[bool, str]:
    """Whether the line positions come over can be opened; vehicles may be silent for longer than anyone waits here."""
    shown = f"positions: {positions.address}"
    try:
        asyncio.run(_opens(position_line(positions)))
    except (GatewardenError, TimeoutError) as error:
        return False, f"{shown}: {error or 'no answer'}"
    return True, f"{shown}: open"


async def _opens(line: Line) -> None:
    try:
        await asyncio.wait_for(line.open(), ANSWER_S)
    finally:
        await line.close()


async def _first_weight(scale: Scale) -> WeightSample | None:
    clock = SystemClock()

    async def first() -> WeightSample | None:
        async for fact in LiveScale(scale, clock.now_ms).facts():
            if isinstance(fact, WeightSample):
                return fact
        return None

    try:
        return await asyncio.wait_for(first(), ANSWER_S)
    except TimeoutError:
        return None
