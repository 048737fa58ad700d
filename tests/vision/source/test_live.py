"""Network cameras against a real RTSP server: connecting, losing, stalling, damage."""

import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import av
import pytest

from tests.vision.conftest import RtspServer
from vision.facts import DeviceState
from vision.record import Recorder, Retention, segments
from vision.source import Frame, Packet, Source, SystemClock, Tick, open_source

Start = Callable[..., RtspServer]


def watch(source: Source, seconds: float = 25) -> Iterator[Packet | Frame | DeviceState | Tick]:
    """What a source yields, for so long at most."""
    end = time.monotonic() + seconds
    for item in source:
        yield item
        if time.monotonic() > end:
            break
    source.close()


def camera(address: str, **more: float) -> Source:
    return open_source(address, device="gate", start_ms=0, clock=SystemClock(), **more)  # type: ignore[arg-type]


def until(source: Iterator[Packet | Frame | DeviceState | Tick], state: str) -> DeviceState:
    return next(i for i in source if isinstance(i, DeviceState) and i.state == state)


@pytest.mark.parametrize("scheme", ["rtsp", "rtsp+udp"])
def test_pictures_come_with_times_of_now(rtsp: Start, scheme: str) -> None:
    server = rtsp("--user", "viewer", "--password", "s3cret")
    address = f"{scheme}://viewer:s3cret@127.0.0.1:{server.port}/0"
    frames = []
    for item in watch(camera(address), 20):
        if isinstance(item, Frame):
            frames.append(item)
            assert abs(SystemClock().now_ms() - item.t_ms) < 2500
        if len(frames) == 30:
            break
    times = [f.t_ms for f in frames]
    assert all(a < b for a, b in pairwise(times))


@pytest.mark.parametrize("pictures", [0, 1, 8])
def test_closing_in_the_middle_of_a_stream_ends_its_thread_in_good_order(rtsp: Start, pictures: int) -> None:
    """The reading thread waits for a packet when whoever looks at the pictures has had enough: none may crash."""
    address = rtsp().address
    for _ in range(4):
        source = camera(address, stall_s=2.0)
        seen = iter(source)
        for _ in islice((i for i in seen if isinstance(i, Frame)), pictures):
            pass
        next(seen)
        source.close()
        assert len(list(seen)) <= 3, "what one packet had given already"
        deadline = time.monotonic() + 8
        while (left := [t for t in threading.enumerate() if t.name == "source gate"]) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not left


def sliced(street: Path, clip: Path, slices: int) -> Path:
    """The street as a camera sends it that cuts each picture into slices."""
    with av.open(str(street)) as film, av.open(str(clip), "w") as out:
        options = {"preset": "ultrafast", "x264-params": f"slices={slices}:sliced-threads=0:keyint=15:bframes=0"}
        stream = out.add_stream("libx264", rate=15, options=options)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for index, picture in zip(range(60), film.decode(video=0), strict=False):
            picture.pts, picture.time_base = index, Fraction(1, 15)
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
    return clip


def test_key_frames_in_slices_with_parameter_sets_before_each_are_whole(
    rtsp: Start, street: Path, tmp_path: Path
) -> None:
    """GStreamer's payloader puts SPS and PPS before every IDR slice; FFmpeg then hands over each slice by itself."""
    clip = sliced(street, tmp_path / "sliced.mp4", 4)
    source = camera(rtsp(clips=[clip]).address)
    recorder = Recorder(tmp_path / "footage", "gate", Retention(10**12, 10**9, 0))
    states, frames, keys = [], 0, 0
    for item in watch(source, 6):
        if isinstance(item, DeviceState):
            states.append(item.state)
        elif isinstance(item, Packet):
            keys += item.keyframe
            list(recorder.write(item))
        elif isinstance(item, Frame):
            frames += 1
            if frames == 60:
                break
    recorder.close()
    assert states == ["ok"]
    assert (source.health.decode_errors, frames) == (0, 60)
    assert 4 <= keys <= 6, "one key frame a second, not one for each slice"
    (segment,) = segments(tmp_path / "footage")
    with av.open(str(segment.path)) as footage:
        pictures = list(footage.decode(video=0))
    assert len(pictures) >= 58
    assert not any(p.is_corrupt for p in pictures)


def test_the_cameras_own_clock_is_heard(rtsp: Start) -> None:
    """GStreamer's server tells the machine's time in its sender reports: the offset is the way's delay, nearly 0."""
    source = camera(rtsp().address, camera_time=True)
    for item in watch(source, 15):
        if isinstance(item, Frame) and source.health.clock_offset_ms is not None:
            assert abs(SystemClock().now_ms() - item.t_ms) < 700
            break
    offset = source.health.numbers(0)["clock_offset_ms"]
    assert -200 < offset < 20


def test_known_latency_is_taken_off(rtsp: Start) -> None:
    server = rtsp()
    ages = []
    for latency in (0, 400):
        source = camera(server.address, latency_ms=latency)
        frames = [i for i in islice(watch(source, 8), 60) if isinstance(i, Frame)]
        source.close()
        ages.append(min(f.arrival_ms + latency - f.t_ms for f in frames))
    assert 300 < ages[1] - ages[0] < 500


def test_h265_is_seen_too(rtsp: Start, street: Path, tmp_path: Path) -> None:
    clip = tmp_path / "street265.mp4"
    with av.open(str(street)) as film, av.open(str(clip), "w") as out:
        options = {"preset": "ultrafast", "x265-params": "keyint=15:bframes=0:log-level=none:pools=1"}
        stream = out.add_stream("libx265", rate=15, options=options)
        stream.width, stream.height = 640, 360
        for index, picture in zip(range(45), film.decode(video=0), strict=False):
            picture.pts, picture.time_base = index, Fraction(1, 15)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    seen = watch(camera(rtsp(clips=[clip]).address), 20)
    frame = next(i for i in seen if isinstance(i, Frame))
    assert (frame.width, frame.height) == (640, 360)


def test_a_server_that_dies_and_comes_back_is_a_gap_not_an_end(rtsp: Start) -> None:
    server = rtsp()
    source = camera(server.address, stall_s=2.0)
    seen = watch(source)
    until(seen, "ok")
    port = server.port
    server.kill()
    lost = until(seen, "lost")
    server.start(port)
    back = until(seen, "ok")
    assert back.numbers["gap_ms"] == back.t_ms - lost.t_ms
    assert next(i for i in seen if isinstance(i, Packet)).connection >= 2
    assert source.health.numbers(SystemClock().now_ms())["reconnects_hour"] == 1.0


def test_the_end_of_a_live_stream_is_a_disconnection(rtsp: Start) -> None:
    server = rtsp()
    seen = watch(camera(server.address))
    until(seen, "ok")
    server.mode("end")
    assert "the stream ended" in until(seen, "lost").detail
    until(seen, "ok")


def test_a_silent_stream_is_stalled_and_resumes(rtsp: Start) -> None:
    server = rtsp()
    seen = watch(camera(server.address, stall_s=1.0))
    until(seen, "ok")
    server.mode("stall")
    stalled = until(seen, "stalled")
    assert "silent for 1 s" in stalled.detail
    server.mode("go")
    assert until(seen, "ok").t_ms > stalled.t_ms


def test_damaged_pictures_are_a_state_and_never_shown(rtsp: Start) -> None:
    server = rtsp()
    source = camera(server.address)
    seen = watch(source)
    until(seen, "ok")
    server.mode("damage")
    until(seen, "damaged")
    assert source.health.decode_errors > 0


def test_a_camera_that_refuses_is_lost_without_telling_the_password(rtsp: Start) -> None:
    server = rtsp("--user", "viewer", "--password", "s3cret")
    address = f"rtsp://viewer:wr0ng@127.0.0.1:{server.port}/0"
    lost = until(watch(camera(address)), "lost")
    assert "wr0ng" not in lost.detail
    assert "127.0.0.1" in lost.detail


def test_a_usb_camera_that_is_not_there_is_lost_and_looked_for_again() -> None:
    if Path("/dev/video87").exists():
        pytest.skip("there is a camera of this number")
    states = [i for i in watch(camera("usb:87"), 3) if isinstance(i, DeviceState)]
    assert [s.state for s in states] == ["lost"]
    assert "usb:" in states[0].detail


def test_a_usb_camera_gives_pictures() -> None:
    devices = sorted(Path("/dev").glob("video*"))
    if not devices:
        pytest.skip("this machine has no USB camera")
    address = f"usb:{devices[0].name.removeprefix('video')}"
    assert next((i for i in watch(camera(address), 10) if isinstance(i, Frame)), None) is not None
