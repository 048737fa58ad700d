"""A scenario before a running site: what an RTSP viewer and the reader of a serial line get."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from calibration_rigs.cast import vehicle_of
from calibration_rigs.live import live_gate
from calibration_rigs.live_video import Coded, Coder, Packets, description, fragments, nal_units, parameter_sets
from calibration_rigs.office import write_registers
from calibration_rigs.rtsp import RtspServer
from calibration_rigs.scenario import load_scenario
from calibration_rigs.shelf import SHELF
from gate.facts import WeightSample
from gate.scale.live import LiveScale
from gate.site.load import load_site
from gate.tickets.registers import load_registers
from vision.facts import DeviceState
from vision.source import Frame, SystemClock
from vision.source.address import parse_address
from vision.source.live import LiveSource

SIZE = (320, 180)


@given(st.binary(min_size=2, max_size=5000), st.integers(10, 1400))
def test_fragments_put_together_are_the_unit(unit: bytes, most: int) -> None:
    parts = fragments(unit, most)
    assert all(len(p) <= most for p in parts)
    if len(parts) == 1:
        assert parts[0] == unit
        return
    kinds = [p[1] & 0xC0 for p in parts]
    assert kinds == [0x80, *[0] * (len(parts) - 2), 0x40]
    assert bytes([parts[0][0] & 0xE0 | parts[0][1] & 31]) + b"".join(p[2:] for p in parts) == unit


def test_packets_are_numbered_stamped_and_end_with_a_marker() -> None:
    packets = Packets(7)
    sent = packets.of(Coded(1_000, True, (b"\x65" + b"a" * 3_000, b"\x41b"))) + packets.of(
        Coded(1_040, False, (b"\x41c",))
    )
    assert [int.from_bytes(p[2:4], "big") for p in sent] == list(range(5))
    assert [p[1] >> 7 for p in sent] == [0, 0, 0, 1, 1]
    assert [int.from_bytes(p[4:8], "big") for p in sent] == [90_000] * 4 + [93_600]
    report = packets.report(1_040)
    assert len(report) == 28
    assert int.from_bytes(report[20:24], "big") == 5


def test_a_key_picture_carries_what_describes_the_stream() -> None:
    coder = Coder(SIZE, 10)
    pictures = [np.full((180, 320, 3), v, np.uint8) for v in (40, 80, 120)]
    coded = [coder.code(p, 1_000 + 100 * i, key=i == 2) for i, p in enumerate(pictures)]
    assert [c.key for c in coded] == [True, False, True]
    sets = parameter_sets(coded[0])
    assert sets is not None
    assert parameter_sets(coded[1]) is None
    assert "H264/90000" in description("exit", *sets)
    assert nal_units(b"\0\0\0\1ab\0\0\1c") == (b"ab", b"c")


@pytest.fixture
def stream() -> Iterator[RtspServer]:
    """A server whose one camera sends a picture each 50 ms."""
    ended = threading.Event()
    with RtspServer(["exit"]) as server:

        def feed() -> None:
            coder, rng = Coder(SIZE, 20), np.random.default_rng(1)
            while not ended.wait(0.05):
                picture = rng.integers(0, 255, (180, 320, 3)).astype(np.uint8)
                camera = server.streams["exit"]
                camera.send(coder.code(picture, time.time_ns() // 1_000_000, camera.wants_key))

        feeder = threading.Thread(target=feed)
        feeder.start()
        yield server
        ended.set()
        feeder.join()


def leave(source: LiveSource) -> None:
    """Stop a source and wait for its reading thread: only then may what it read from be released."""
    source.close()
    for thread in threading.enumerate():
        if thread.name == "source exit":
            thread.join(10)


def test_the_gates_own_source_watches_and_hears_the_cameras_clock(stream: RtspServer) -> None:
    source = LiveSource(parse_address(stream.address("exit")), "exit", SystemClock())
    frames, states = [], []
    items = iter(source)
    for item in items:
        if isinstance(item, Frame):
            frames.append(item)
        elif isinstance(item, DeviceState):
            states.append(item.state)
        if len(frames) == 20:
            break
    assert states == ["ok"]
    assert stream.streams["exit"].watched
    assert source.health.decode_errors == 0
    assert source.health.clock_offset_ms is not None
    assert abs(source.health.clock_offset_ms) < 2_000
    leave(source)
    assert not any(isinstance(item, DeviceState) for item in items)
    until = time.monotonic() + 5
    while stream.streams["exit"].watched and time.monotonic() < until:
        time.sleep(0.05)
    assert not stream.streams["exit"].watched


def asked(server: RtspServer, text: str) -> str:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
        line.sendall(text.encode())
        return line.recv(4096).decode("latin-1")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("OPTIONS rtsp://h/exit RTSP/1.0\r\nCSeq: 1\r\n\r\n", "200 OK"),
        ("DESCRIBE rtsp://h/nowhere RTSP/1.0\r\nCSeq: 2\r\n\r\n", "404"),
        ("SETUP rtsp://h/exit/track0 RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP;unicast\r\n\r\n", "461"),
        ("PLAY rtsp://h/exit RTSP/1.0\r\nCSeq: 4\r\n\r\n", "405"),
        ("RECORD rtsp://h/exit RTSP/1.0\r\nCSeq: 5\r\n\r\n", "405"),
    ],
)
def test_what_cannot_be_answered_is_told_by_its_status(stream: RtspServer, request_: str, status: str) -> None:
    answer = asked(stream, request_)
    assert answer.startswith(f"RTSP/1.0 {status}")
    assert f"CSeq: {request_.split('CSeq: ')[1][0]}" in answer


def test_a_port_that_is_taken_is_said_to_be(stream: RtspServer) -> None:
    taken = int(stream.address("exit").split(":")[2].split("/")[0])
    with pytest.raises(OSError, match="in use"):
        RtspServer(["exit"], port=taken)


def test_registers_hold_what_the_scenario_says(tmp_path: Path) -> None:
    for name, state in (
        ("near_no_ticket_valid", "valid"),
        ("no_ticket_expired", "expired"),
        ("no_ticket_void", "void"),
    ):
        scenario, site = load_scenario(SHELF / f"{name}.yaml")
        now_ms = time.time_ns() // 1_000_000
        issuer = write_registers(tmp_path, scenario, [vehicle_of(a) for a in scenario.actors], site.id, now_ms)
        registers = site.registers.model_copy(update={"issuers": (issuer,)})
        loaded = load_registers(site.model_copy(update={"registers": registers}), tmp_path)
        plate = scenario.actors[0].plates.front
        assert [u.state for u in loaded.tickets.check_plate(now_ms, plate, site.id)] == [state], name
        assert not loaded.faults
        assert loaded.vehicles.lists(plate)


async def test_a_site_reads_the_scale_while_the_scenario_plays(tmp_path: Path) -> None:
    raw = yaml.safe_load((SHELF / "near_no_ticket_valid.yaml").read_text("utf-8"))
    path = tmp_path / "short.yaml"
    tricks = [{"kind": "load", "from_s": 1.0, "kg": 4_000}]
    site_file = str(SHELF / "site.yaml")
    path.write_text(yaml.safe_dump(raw | {"seconds": 4, "actors": [], "tricks": tricks, "site": site_file}), "utf-8")
    with live_gate(path, tmp_path / "out", pictures=False) as gate:
        site = load_site(gate.offered.site_file)
        assert site.recording is None
        playing = threading.Thread(target=gate.play, args=(threading.Event(),))
        playing.start()
        weights = []
        async for fact in LiveScale(site.scales[0], SystemClock().now_ms).facts():
            if isinstance(fact, WeightSample):
                weights.append(fact.kg)
            if len(weights) > 32:
                break
        playing.join()
        assert weights[0] == 0
        assert abs(weights[-1] - 4_000) <= 20
        assert (tmp_path / "out" / "truth.jsonl").stat().st_size > 1_000


def test_cameras_are_drawn_sent_and_waited_for(tmp_path: Path) -> None:
    raw = yaml.safe_load((SHELF / "near_bypass_car.yaml").read_text("utf-8"))
    path = tmp_path / "short.yaml"
    path.write_text(yaml.safe_dump(raw | {"seconds": 2.5, "site": str(SHELF / "site.yaml")}), "utf-8")
    sizes: list[tuple[int, int]] = []

    def watch(address: str) -> None:
        with av.open(address, options={"rtsp_transport": "tcp"}) as watched:
            sizes.extend((f.width, f.height) for f in itertools.islice(watched.decode(video=0), 3))

    with live_gate(path, tmp_path / "out", floor_px=(512, 256)) as gate:
        watcher = threading.Thread(target=watch, args=(gate.offered.cameras["exit"],))
        assert not gate.watched
        watcher.start()
        gate.stand(lambda: gate.watched)
        account = gate.play(threading.Event())
        gate.stand(lambda: not watcher.is_alive())
    assert account.pictures["exit"] >= 4
    assert sizes == [(1280, 720)] * 3
