"""Pictures sent in parts are seen as one, and a whole one never waits."""

import io
from fractions import Fraction
from itertools import pairwise

import av
from hypothesis import given
from hypothesis import strategies as st

from vision.source.sender import SenderClock
from vision.source.whole import Whole

STREAM = av.open(io.BytesIO(), "w", format="mp4").add_stream("libx264", rate=15)


def packet(stamp: int | None, data: bytes, *, keyframe: bool = False) -> av.Packet:
    made = av.Packet(data)
    made.pts = made.dts = stamp
    made.time_base = Fraction(1, 90_000)
    made.is_keyframe = keyframe
    made.stream = STREAM
    return made


def fed(whole: Whole, packets: list[av.Packet]) -> list[tuple[int | None, bytes, int]]:
    return [(p.pts, bytes(p), came) for i, part in enumerate(packets) for p, came in whole.add(part, i)]


def test_slices_are_joined_and_the_last_one_ends_the_picture() -> None:
    gop = [packet(0, b"a", keyframe=True), packet(0, b"b", keyframe=True), packet(1, b"c"), packet(2, b"d")]
    later = [packet(3, b"A", keyframe=True), packet(3, b"B", keyframe=True)]
    whole = Whole()
    fed(whole, [packet(-1, b"z", keyframe=True), *gop, packet(9, b"x")])
    given_on = [(p.pts, bytes(p), came) for part in later for p, came in whole.add(part, 50)]
    assert given_on == [(3, b"AB", 50)], "known as whole with its second part, without the next picture"


def test_a_camera_that_changes_its_slices_is_learnt_again() -> None:
    whole = Whole()
    stamps = [0, 1, 2, 3, 3, 4, 4, 5, 5]
    out = fed(whole, [packet(s, b"%d" % i) for i, s in enumerate(stamps)])
    assert out[-2:] == [(4, b"56", 5), (5, b"78", 7)]


def test_parts_without_a_stamp_stand_alone() -> None:
    whole = Whole()
    out = fed(whole, [packet(None, b"a"), packet(None, b"b"), packet(None, b"c")])
    assert [o[1] for o in out] == [b"a", b"b"], "the last one waits for the next"


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=2, max_size=40))
def test_no_byte_is_lost_or_moved(pictures: list[tuple[int, bool]]) -> None:
    """Whatever the numbers of slices: every byte comes out once, in order, and stamps never mix."""
    parts = [(stamp, bytes([stamp, part]), key) for stamp, (count, key) in enumerate(pictures) for part in range(count)]
    whole = Whole()
    out = fed(whole, [packet(s, data, keyframe=key) for s, data, key in parts] + [packet(99, b"end")])
    joined = b"".join(data for stamp, data, _ in out if stamp != 99)
    assert joined == b"".join(data for _, data, _ in parts)
    assert all({data[i] for i in range(0, len(data), 2)} == {stamp} for stamp, data, _ in out if stamp != 99)
    assert all(a[2] <= b[2] for a, b in pairwise(out))


def test_a_cameras_clock_is_known_by_its_fastest_packets() -> None:
    clock = SenderClock()
    for i in range(15):
        assert clock.offset_ms is None
        clock.note(1000.0 * i + 250.0, 1000.0 * i + 5 + i % 7)  # 250 ms ahead, 5 to 11 ms on its way
    assert clock.offset_ms == 245.0
