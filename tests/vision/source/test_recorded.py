"""Recorded clips: times, ends, damage."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vision.errors import SourceError
from vision.facts import DeviceState
from vision.source import Frame, Packet, SystemClock, Tick, hide_credentials, open_source, parse_address

START = 1_800_000_000_000


def items(path: Path) -> list[Packet | Frame | DeviceState | Tick]:
    return list(open_source(f"file:{path}", device="gate", start_ms=START, clock=SystemClock()))


def states(seen: list[Packet | Frame | DeviceState | Tick]) -> list[DeviceState]:
    return [i for i in seen if isinstance(i, DeviceState)]


def times(seen: list[Packet | Frame | DeviceState | Tick]) -> list[int]:
    return [i.t_ms for i in seen if isinstance(i, Frame)]


def test_a_clip_begins_at_its_start_and_ends_saying_so(street: Path) -> None:
    seen = items(street)
    assert times(seen)[:3] == [START, START + 66, START + 133]
    assert [s.state for s in states(seen)] == ["ok", "ended"]
    assert states(seen)[-1].numbers == {"frames": 90.0, "damaged": 0.0}
    assert sum(isinstance(i, Packet) for i in seen) == 90


def test_packets_carry_the_time_of_the_picture_they_hold(street: Path) -> None:
    seen = items(street)
    assert sorted(i.t_ms for i in seen if isinstance(i, Packet)) == times(seen)


def test_a_clip_cut_short_is_read_as_far_as_it_goes(street: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    short.write_bytes(street.read_bytes()[: street.stat().st_size * 2 // 3])
    seen = items(short)
    assert 10 < len(times(seen)) < 90
    assert states(seen)[-1].state == "ended"


def test_a_clip_without_its_beginning_is_an_error_that_names_it(street: Path, tmp_path: Path) -> None:
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(street.read_bytes()[4000:])
    with pytest.raises(SourceError, match=r"headless\.mp4: cannot be opened as video"):
        items(headless)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file"),
        (b"", "cannot be opened"),
        (b"not a film at all" * 100, "cannot be opened"),
    ],
)
def test_what_is_no_clip_is_an_error(tmp_path: Path, content: bytes | None, expected: str) -> None:
    path = tmp_path / "none.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=expected):
        items(path)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_overturned_bytes_never_crash_and_times_always_rise(street: Path, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(street.read_bytes())
    for _ in range(60):
        data[rng.randrange(3000, len(data))] ^= rng.randrange(1, 256)
    path = tmp_path / "hurt.mp4"
    path.write_bytes(data)
    seen = items(path)
    shown = times(seen)
    assert all(a < b for a, b in pairwise(shown))
    assert states(seen)[-1].state == "ended"


@pytest.mark.parametrize("address", ["", "rtsp:", "rtsp://", "file:", "usb:front", "ftp://x", "http://u:secret@h/x"])
def test_an_address_of_no_known_kind_says_what_is_expected(address: str) -> None:
    with pytest.raises(SourceError, match="expected rtsp://") as caught:
        parse_address(address)
    assert "secret" not in str(caught.value)


@given(st.text(st.characters(exclude_characters="/@ \n\t\r", exclude_categories=["Z", "C"]), min_size=1))
def test_no_credentials_in_shown_addresses(secret: str) -> None:
    assert secret + "@" not in hide_credentials(f"rtsp://{secret}@10.0.0.7/live")
    assert parse_address(f"rtsp://{secret}@10.0.0.7/live").shown == "rtsp://10.0.0.7/live"


def test_scaled_pictures_and_brightness_agree_with_the_full_one(street: Path) -> None:
    frame = next(i for i in items(street) if isinstance(i, Frame))
    assert frame.image.shape == (360, 640, 3)
    assert frame.at(320).shape == (180, 320, 3)
    assert frame.at(9000).shape == (360, 640, 3)
    luma = frame.luma(4)
    assert luma.shape == (90, 160)
    assert abs(float(frame.image[:, :20].mean()) - 1.164 * (float(luma[:, :5].mean()) - 16)) < 4
