"""Codes held up to cameras and scanners: read, checked, and given to the vehicle that stands there."""

import asyncio
import contextlib
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gate.facts import CodeRead, Fact, TicketUse
from gate.judging.gatehouse import Gatehouse, Outcome
from gate.running.code_readers import RecordedCodes, read_scanner, watch_codes
from gate.site import parse_site
from gate.site.devices import Scanner
from gate.site.model import Site
from gate.tickets.code import code_png
from gate.tickets.scanner import ScannedLines
from tests.gate.fraud.scene import PLATE, SITE, at, ticket
from tests.gate.judging.test_gatehouse import HONEST, REGISTER, by_time, drive
from tests.gate.scale.test_mqtt_line import free_port
from vision.facts import DeviceState
from vision.source import Frame

TOKEN = "GW1:6BF0C4HX2QK"
SCANNED = f"{SITE}scanners: [{{id: gun, address: 'tcp:127.0.0.1:1', zone: deck}}]\n"


class Office:
    """Knows no ticket by plate; a code is as good as the signature it carries."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.asked: list[tuple[str, str]] = []

    def check_plate(self, _t_ms: int, _plate: str, _site: str) -> list[TicketUse]:
        return []

    def check(self, t_ms: int, plate: str, _site: str, token: str) -> TicketUse:
        self.asked.append((plate, token))
        return replace(ticket(), t_ms=t_ms)

    def use(self, name: str, _t_ms: int, _passage: str) -> None:
        self.used.append(name)


def where() -> Site:
    return parse_site(SCANNED)


def run(office: Office, codes: list[Fact], facts: list[Fact] = HONEST) -> set[str]:
    house = Gatehouse(where(), office, REGISTER)
    outcomes: list[Outcome] = [house.take(by_time([*facts, *codes])), house.tick(at(60)), house.finish(at(60))]
    last = {f.id: f for o in outcomes for f in o.findings}
    return {f.rule for f in last.values() if f.state != "withdrawn"}


@pytest.mark.parametrize("device", ["cam", "gun"])
def test_a_code_shown_on_the_scale_is_the_trucks_ticket_however_often_it_is_read(device: str) -> None:
    office = Office()
    assert run(office, [CodeRead(at(9 + i / 2), device, TOKEN) for i in range(6)]) == set()
    assert office.asked == [(PLATE, TOKEN)]
    assert office.used == ["T-1"]
    assert "no_ticket" in run(Office(), [])


def test_a_code_shown_before_its_truck_is_there_waits_for_it_and_an_old_one_does_not() -> None:
    office = Office()
    assert run(office, [CodeRead(at(1), "gun", TOKEN)]) == set()
    assert "no_ticket" in run(
        Office(), [CodeRead(at(1), "gun", TOKEN)], [replace(f, t_ms=f.t_ms + 90_000) for f in HONEST]
    )


def test_between_two_trucks_on_the_scale_no_code_is_given_away() -> None:
    office = Office()
    both = [f for f in by_time([*HONEST, *drive("cam:2", 2, stop_s=8, x_m=5.0)]) if f.t_ms < at(12)]
    run(office, [CodeRead(at(9), "gun", TOKEN)], both)
    assert office.asked == []


@given(st.lists(st.integers(1, 30), max_size=20), st.sampled_from([b"\r", b"\n", b"\r\n"]))
def test_a_scanner_is_read_at_any_chunking_and_other_codes_are_passed_over(cuts: list[int], end: bytes) -> None:
    stream = end.join([b"\x02" + TOKEN.encode() + b"\x03", b"4006381333931", b"", TOKEN.encode() + b"X", b""])
    lines, found, at_byte = ScannedLines(), list[str](), 0
    for size in cuts:
        found += lines.feed(stream[at_byte : at_byte + size])
        at_byte += size
    assert [*found, *lines.feed(stream[at_byte:])] == [TOKEN, f"{TOKEN}X"]


def test_noise_without_an_end_does_not_fill_the_memory() -> None:
    lines = ScannedLines()
    for _ in range(100):
        assert lines.feed(b"\xff" * 10_000) == []
    assert lines.feed(b"\n" + TOKEN.encode() + b"\n") == [TOKEN]


async def test_a_scanner_on_the_network_is_read_and_its_loss_told() -> None:
    port, facts = free_port(), list[Fact]()

    async def scan(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{TOKEN}\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(scan, "127.0.0.1", port)
    scanner = Scanner(id="gun", address=f"tcp:127.0.0.1:{port}", zone="deck")
    reading = asyncio.ensure_future(read_scanner(scanner, facts.append, lambda: 5))
    async with asyncio.timeout(10):
        while len(facts) < 3:
            await asyncio.sleep(0.01)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    server.close()
    assert facts[:2] == [DeviceState(5, "gun", "ok"), CodeRead(5, "gun", TOKEN)]
    assert isinstance(facts[2], DeviceState)
    assert facts[2].state == "lost"


def phone_held_up() -> NDArray[np.uint8]:
    """A grey picture with a ticket's code in it."""
    picture = np.full((720, 1280), 90, np.uint8)
    phone = cv2.imdecode(np.frombuffer(code_png(TOKEN, 5), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert phone is not None
    picture[300 : 300 + phone.shape[0], 500 : 500 + phone.shape[1]] = phone
    return picture


def test_recorded_pictures_are_looked_at_once_a_second_while_a_truck_waits() -> None:
    picture = cv2.cvtColor(phone_held_up(), cv2.COLOR_GRAY2BGR)
    codes = RecordedCodes("cam", lambda camera, t_ms: camera == "cam" and t_ms >= at(2))
    frames = [Frame.of_image(picture, at(i / 5), i) for i in range(20)]
    seen = [code for frame in frames for code in codes.look(frame)]
    assert seen == [CodeRead(at(2), "cam", TOKEN), CodeRead(at(3), "cam", TOKEN)]


async def test_a_code_on_a_phone_before_the_camera_is_read_while_a_truck_waits() -> None:
    picture = phone_held_up()
    jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    site = parse_site(SITE.replace("size: [1280, 720]", "size: [1280, 720]\n    read_codes: true"))
    facts: list[Fact] = []

    async def taken(_camera: str) -> bytes:
        return jpeg

    for wanted in (False, True):
        looking = asyncio.ensure_future(watch_codes(site, taken, lambda _: wanted, facts.append, lambda: 7))  # noqa: B023
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3 if wanted else 0.2):
                while not facts:
                    await asyncio.sleep(0.01)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        assert facts == ([CodeRead(7, "cam", TOKEN)] if wanted else [])
