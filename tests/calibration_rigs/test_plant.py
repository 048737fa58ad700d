"""Barriers and scales before a running site: the gate's own drivers and readers at the rig's devices."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from calibration_rigs.indicator_bytes import speech_of
from calibration_rigs.layout import Layout, layout_of
from calibration_rigs.live_scale import live_indicator
from calibration_rigs.plant import Plant, arms_of
from calibration_rigs.scenario import Scenario, load_scenario
from calibration_rigs.shelf import SHELF
from calibration_rigs.simulation import Simulation, Tick
from calibration_rigs.topics import broker_program
from gate.barrier.driver import open_driver
from gate.barrier.order import Command
from gate.beams.reader import BeamReaders
from gate.facts import BeamState, Fact, WeightSample
from gate.scale.line import poll_ms, scale_line
from gate.scale.live import LiveScale
from gate.site.devices import Barrier, Beam, Scale

ARMS = {"way_out.1": 0.0, "way_out.2": 0.0, "way_in": 0.0}
FREE = {"beam_exit": False, "beam_approach": False}
BARRIER = {"id": "way_out", "address": "modbus-tcp:10.0.0.30:502", "zone": "deck", "pulse_s": 0.1}


def gated(*barriers: dict[str, Any], **changes: Any) -> Layout:
    _, site = load_scenario(SHELF / "near_no_ticket_valid.yaml")
    made = tuple(Barrier.model_validate(BARRIER | b) for b in barriers)
    return layout_of(site.model_copy(update={"barriers": made} | changes))


@pytest.fixture
def plant() -> Iterator[Plant]:
    with closing(Plant(gated({"inputs": {"opened": 6, "closed": 7}, "unit_id": 3}))) as made:
        made.show(ARMS, FREE)
        yield made


def test_a_barrier_moves_the_arms_of_its_own_name_or_of_the_nearest_gate() -> None:
    assert arms_of(gated({})) == {"way_out": ("way_out.1", "way_out.2")}
    named = gated({"id": "north"}, {"id": "way_in", "zone": "yard"})
    assert arms_of(named) == {"north": ("way_out.1", "way_out.2"), "way_in": ("way_in",)}


async def test_the_gates_driver_opens_an_arm_and_is_told_where_it_is(plant: Plant) -> None:
    fields = {"inputs": {"opened": 6, "closed": 7}, "unit_id": 3} | plant.wiring["way_out"]
    driver = open_driver(Barrier.model_validate(BARRIER | fields))
    assert plant.ordered() == {"way_out.1": False, "way_out.2": False}
    opening = asyncio.ensure_future(driver.apply(Command.OPEN))
    await asyncio.sleep(0.5)
    assert plant.ordered() == {"way_out.1": True, "way_out.2": True}
    assert not opening.done()
    await asyncio.to_thread(plant.show, ARMS | {"way_out.1": 1.0, "way_out.2": 1.0}, FREE)
    assert await opening == "confirmed: opened"
    closing_ = asyncio.ensure_future(driver.apply(Command.CLOSE))
    await asyncio.sleep(0.3)
    assert plant.ordered() == {"way_out.1": False, "way_out.2": False}
    await asyncio.to_thread(plant.show, ARMS, FREE)
    assert await closing_ == "confirmed: closed"
    await driver.close()


async def test_the_gate_reads_the_light_barriers(plant: Plant) -> None:
    await reads_light_barriers(plant)


@pytest.mark.skipif(broker_program() is None, reason="no Mosquitto on this machine")
async def test_the_gate_reads_light_barriers_that_publish() -> None:
    addresses = {"beam_exit": "mqtts:10.0.0.9:8883/yard/exit?user=gate", "beam_approach": "modbus-tcp:10.0.0.30:502"}
    published = {"broken_when": "off"}
    _, site = load_scenario(SHELF / "near_no_ticket_valid.yaml")
    beams = tuple(b.model_copy(update=published | {"address": addresses[b.id]}) for b in site.beams)
    with closing(Plant(gated(beams=beams))) as plant:
        assert plant.wiring["beam_exit"]["address"].endswith("/yard/exit")
        assert plant.wiring["beam_approach"]["address"].startswith("modbus-tcp:")
        plant.show(ARMS, FREE)
        await reads_light_barriers(plant, published)


async def reads_light_barriers(plant: Plant, told: dict[str, str] | None = None) -> None:
    _, site = load_scenario(SHELF / "near_no_ticket_valid.yaml")
    wired = [Beam.model_validate(b.model_dump(by_alias=True) | (told or {}) | plant.wiring[b.id]) for b in site.beams]
    facts: list[Fact] = []
    running = asyncio.ensure_future(BeamReaders(wired, facts.append, lambda: 0).run())
    async with asyncio.timeout(10):
        while len(facts) < 4:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(plant.show, ARMS, FREE | {"beam_exit": True})
        while len(facts) < 5:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert facts[4] == BeamState(0, "beam_exit", broken=True)
    assert [f.broken for f in facts[:4] if isinstance(f, BeamState)] == [False, False]


def leaving(ordered: dict[str, bool], seconds: float) -> Iterator[Tick]:
    base, site = load_scenario(SHELF / "near_no_ticket_valid.yaml")
    actor = {"id": "t", "model": "dumper_2", "path": [[-2.2, 40], [-2.2, -24]], "moves": [{"to": "end", "kmh": 15}]}
    scenario = Scenario.model_validate(base.model_dump(mode="json") | {"seconds": seconds, "actors": [actor]})
    return Simulation(scenario, layout_of(site), ordered=lambda: ordered).ticks(0.1)


def test_a_driver_waits_before_an_arm_that_is_not_opened_and_goes_on_when_it_is() -> None:
    ordered = {"way_out.1": False, "way_out.2": False}
    fronts: list[float] = []
    for tick in leaving(ordered, 30):
        if not tick.vehicles:
            continue
        ordered["way_out.1"] = tick.t_s > 16
        fronts.append(tick.vehicles[0].y - 1.46)
        if 14 < tick.t_s < 16:
            assert tick.vehicles[0].speed_m_s == 0
            assert 12.2 < fronts[-1] < 13.2  # the fence is at 11.5
    assert fronts[-1] < 0


def test_an_arm_does_not_come_down_on_who_stands_under_it() -> None:
    ordered = {"way_out.1": True}
    for tick in leaving(ordered, 20):
        front = tick.vehicles[0].y - 1.46 if tick.vehicles else -99.0
        if front < 10:
            ordered["way_out.1"] = False
        if front < 10 and tick.vehicles and tick.vehicles[0].y + 5.6 > 11.5:
            assert tick.arms["way_out.1"] > 0.9
    assert tick.arms["way_out.1"] == 0


@pytest.mark.parametrize(
    ("indicator", "settings", "address"),
    [
        ("yaohua", {}, "serial:/dev/ttyUSB0"),
        ("toledo", {"parity": "even"}, "tcp:10.0.0.5:4001"),
        ("mt-sics", {}, "serial:/dev/ttyUSB0"),
        ("yaohua-command", {}, "serial:/dev/ttyUSB0"),
        ("modbus", {"stable_register": 9}, "modbus-tcp:10.0.0.5:502"),
        ("modbus", {}, "modbus-rtu:/dev/ttyUSB0?baud=9600"),
        ("modbus-tcp", {"type": "float32", "table": "input"}, "tcp:10.0.0.5:502"),
    ],
)
async def test_a_running_site_reads_what_the_indicator_says(
    indicator: str, settings: dict[str, Any], address: str
) -> None:
    scale = Scale(id="s", deck="d", address=address, indicator=indicator, settings=settings)
    frame = speech_of(scale).frame
    with closing(live_indicator(scale)) as line:
        live = scale.model_copy(update={"address": line.address})
        shown_kg = iter([0.0] * 4 + [48_620.0] * 40)
        kinds: set[str] = set()
        weights: list[WeightSample] = []

        async def speak() -> None:
            for kg in shown_kg:
                await asyncio.to_thread(line.say, frame(kg, True))
                await asyncio.sleep(0.05)

        speaking = asyncio.ensure_future(speak())
        async with asyncio.timeout(20):
            async for fact in LiveScale(live, lambda: 0).facts():
                kinds.add(type(fact).__name__)
                if isinstance(fact, WeightSample):
                    weights.append(fact)
                    if fact.kg > 0:
                        break
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    assert weights[-1].kg == 48_620
    assert weights[-1].stable is (True if indicator in ("toledo", "mt-sics") or "stable_register" in settings else None)


@pytest.mark.parametrize(
    ("indicator", "address"),
    [
        ("mt-sics", "serial:/dev/ttyUSB0?baud=4800&poll_ms=350"),
        ("yaohua", "tcp:10.0.0.5:4001?poll_ms=350"),
        ("modbus", "modbus-tcp:10.0.0.5:502?poll_ms=350"),
    ],
)
def test_a_scale_is_asked_as_often_as_its_own_address_says(indicator: str, address: str) -> None:
    scale = Scale(id="s", deck="d", address=address, indicator=indicator)
    with closing(live_indicator(scale)) as line:
        assert poll_ms(line.address) == 350
        scale_line(scale.model_copy(update={"address": line.address}))


async def test_a_transmitter_that_is_unplugged_answers_nothing_of_weight() -> None:
    scale = Scale(id="s", deck="d", address="modbus-tcp:10.0.0.5:502", indicator="modbus")
    with closing(live_indicator(scale)) as line:
        line.say(speech_of(scale).frame(1_000.0, True))
        line.hush()
        facts: list[Any] = []
        async with asyncio.timeout(10):
            async for fact in LiveScale(scale.model_copy(update={"address": line.address}), lambda: 0).facts():
                facts.append(fact)
                if len(facts) >= 1:
                    break
    assert not any(isinstance(f, WeightSample) for f in facts)
