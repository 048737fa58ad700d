"""Footage: bit-exact, cut without decoding, recovered after a crash, and let go in the right order."""

import os
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.errors import SourceError
from vision.record import Recorder, Retention, cut, keep, segments, sweep
from vision.source import Frame, Packet, RecordedSource

START = 1_800_000_000_000
FOREVER = Retention(10**15, 10**15, 0)


def payloads(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(video=0) if p.size]


def record(clip: Path, directory: Path, *, segment_ms: int = 2000, start_ms: int = START) -> None:
    recorder = Recorder(directory, "gate", FOREVER, segment_ms=segment_ms)
    for item in RecordedSource(str(clip), "gate", start_ms):
        if isinstance(item, Packet):
            list(recorder.write(item))
    recorder.close()


@pytest.fixture(scope="module")
def reordered(tmp_path_factory: pytest.TempPathFactory, street: Path) -> Path:
    """The street with B-frames, whose packets are not in order of time."""
    path = tmp_path_factory.mktemp("film") / "reordered.mp4"
    with av.open(str(street)) as film, av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=15, options={"bf": "3", "g": "20", "threads": "1"})
        stream.width, stream.height = 640, 360
        for picture in film.decode(video=0):
            picture.pict_type = 0
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("kind", ["street", "reordered"])
def test_packets_are_stored_bit_exact_and_keep_their_times(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    clip: Path = request.getfixturevalue(kind)
    record(clip, tmp_path / "gate")
    stored = segments(tmp_path / "gate")
    assert len(stored) >= 2
    assert [p for s in stored for p in payloads(s.path)] == payloads(clip)
    true = [i.t_ms for i in RecordedSource(str(clip), "gate", START) if isinstance(i, Frame)]
    kept = [i.t_ms for s in stored for i in RecordedSource(str(s.path), "x", s.first_ms) if isinstance(i, Frame)]
    assert kept == true


@pytest.mark.parametrize("kind", ["street", "reordered"])
def test_a_clip_is_cut_from_the_key_frame_before_without_decoding(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    clip: Path = request.getfixturevalue(kind)
    record(clip, tmp_path / "gate")
    made = cut(tmp_path / "gate", START + 1900, START + 4500, tmp_path, "clip")
    assert made.start_ms <= START + 1900
    source = payloads(clip)
    cut_out = payloads(made.path)
    first = source.index(cut_out[0])
    assert cut_out == source[first : first + len(cut_out)]
    true = {i.t_ms for i in RecordedSource(str(clip), "gate", START) if isinstance(i, Frame)}
    shown = [i.t_ms for i in RecordedSource(str(made.path), "gate", made.start_ms) if isinstance(i, Frame)]
    assert set(shown) <= true
    assert shown[0] == made.start_ms
    assert {t for t in true if START + 1900 <= t <= START + 4500} <= set(shown)


def test_footage_that_mp4_does_not_hold_is_cut_into_matroska(tmp_path: Path) -> None:
    clip = tmp_path / "old.mkv"
    with av.open(str(clip), "w") as out:
        stream = out.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.gop_size = 160, 96, 10
        for number in range(40):
            picture = np.full((96, 160, 3), number * 5, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    record(clip, tmp_path / "gate")
    made = cut(tmp_path / "gate", START + 1500, START + 2500, tmp_path, "clip")
    assert made.path == tmp_path / "clip.mkv"
    source, cut_out = payloads(clip), payloads(made.path)
    first = source.index(cut_out[0])
    assert cut_out == source[first : first + len(cut_out)]


def test_time_without_footage_is_a_gap_in_the_clip(street: Path, tmp_path: Path) -> None:
    directory = tmp_path / "gate"
    record(street, directory, segment_ms=60_000)
    record(street, directory, segment_ms=60_000, start_ms=START + 16_000)
    made = cut(directory, START, START + 22_000, tmp_path, "clip")
    assert made.gaps == ((START + 5933, START + 16_000),)
    with pytest.raises(SourceError, match="no footage between"):
        cut(directory, START + 8000, START + 9000, tmp_path, "none")
    assert not (tmp_path / "none.mp4").exists()


def test_a_killed_recorder_loses_at_most_its_last_second(street: Path, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "gate", "gate", FOREVER)
    last = 0
    for item in RecordedSource(str(street), "gate", START):
        if isinstance(item, Packet) and item.t_ms < START + 5000:
            list(recorder.write(item))
            last = item.t_ms
    (part,) = segments(tmp_path / "gate")
    assert part.last_ms is None
    shutil.copytree(tmp_path / "gate", tmp_path / "after")  # what the disk held when the power went
    Recorder(tmp_path / "after", "gate", FOREVER)
    (found,) = segments(tmp_path / "after")
    assert found.last_ms is not None
    assert last - found.last_ms <= 1100
    recorder.close()


def test_footage_still_being_written_can_be_cut(street: Path, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "gate", "gate", FOREVER)
    for item in RecordedSource(str(street), "gate", START):
        if isinstance(item, Packet):
            list(recorder.write(item))
    made = cut(tmp_path / "gate", START + 1000, START + 3000, tmp_path, "clip")
    assert made.end_ms >= START + 2900
    recorder.close()


def _fill(root: Path, times: list[int], kept: set[int], size: int = 1000) -> None:
    for number, first in enumerate(times):
        directory = root / f"cam{number % 2}"
        directory.mkdir(parents=True, exist_ok=True)
        mark = ".keep" if first in kept else ""
        (directory / f"{first}-{first + 10}{mark}.mp4").write_bytes(bytes(size))


@given(
    times=st.lists(st.integers(0, 10_000), unique=True, max_size=20),
    kept_share=st.integers(1, 5),
    most=st.integers(0, 20_000),
    age=st.integers(0, 10_000),
)
def test_oldest_ordinary_footage_goes_first_and_evidence_never(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], kept_share: int, most: int, age: int
) -> None:
    root = tmp_path_factory.mktemp("footage")
    kept = {t for t in times if t % kept_share == 0}
    _fill(root, times, kept)
    swept = sweep(root, 10_010, Retention(age, most, 0), free=lambda _: 10**15)
    left = [s for d in root.iterdir() for s in segments(d)]
    assert kept == {s.first_ms for s in left if s.kept}
    ordinary = sorted(set(times) - kept)
    remaining = sorted(s.first_ms for s in left if not s.kept)
    assert remaining == ordinary[len(ordinary) - len(remaining) :]
    assert all(10_010 - (t + 10) <= age for t in remaining)
    total = sum(s.size for s in left)
    assert total == swept.left_bytes
    assert total <= most or not remaining
    assert swept.short_bytes == max(0, total - most)


def test_keeping_marks_the_segments_a_time_touches(tmp_path: Path) -> None:
    _fill(tmp_path, [0, 100, 200, 300], set())
    marked = keep(tmp_path / "cam1", 105, 302)
    assert [s.first_ms for s in marked] == [100, 300]
    sweep(tmp_path, 10**9, Retention(1, 0, 0))
    assert [s.first_ms for s in segments(tmp_path / "cam1")] == [100, 300]
    assert segments(tmp_path / "cam0") == []


def test_files_that_are_no_segments_are_left_alone(tmp_path: Path) -> None:
    for name in ("notes.mp4", "12-x.mp4", "12.mp4", "5-9.part.mp4", ".5-9.mp4"):
        (tmp_path / name).write_bytes(b"x")
    assert segments(tmp_path) == []


def test_a_full_disk_lets_the_oldest_footage_go_and_says_so(street: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs to mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=600k tmpfs {disk}") != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        directory = disk / "gate"
        directory.mkdir()
        (directory / "5-9.keep.mp4").write_bytes(bytes(100_000))
        recorder = Recorder(directory, "gate", FOREVER, segment_ms=1000)
        said = []
        for round_ in range(12):
            for item in RecordedSource(str(street), "gate", START + round_ * 6000):
                if isinstance(item, Packet):
                    said += list(recorder.write(item))
        recorder.close()
        full = [s for s in said if s.state == "storage_full"]
        assert full
        assert full[0].numbers["deleted"] > 0
        stored = segments(directory)
        assert any(s.kept for s in stored)
        assert stored[-1].first_ms >= START + 11 * 6000
    finally:
        os.system(f"umount {disk}")
