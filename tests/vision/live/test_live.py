"""The live stream: playable from any key frame, the same for all viewers, slow ones left behind."""

import asyncio
import itertools
import json
from contextlib import aclosing
from pathlib import Path

import av
import numpy as np
import pytest

from vision.live import Fanout, Fragment, HlsStream, HlsWindow, LiveEncoder, snapshot


def pictures(count: int, width: int = 320, height: int = 180) -> list[np.ndarray]:  # type: ignore[type-arg]
    return [np.full((height, width, 3), 40 + i, np.uint8) for i in range(count)]


def encode(count: int, *, gap_ms: int = 66) -> tuple[LiveEncoder, list[Fragment]]:
    encoder = LiveEncoder(320, 180)
    made = [f for i, p in enumerate(pictures(count)) for f in encoder.encode(p, 1_800_000_000_000 + i * gap_ms)]
    return encoder, made + encoder.close()


def decoded(path: Path, data: bytes) -> list[av.VideoFrame]:
    path.write_bytes(data)
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def test_every_picture_is_a_fragment_and_a_key_frame_comes_each_second() -> None:
    _, made = encode(60)
    assert len(made) == 60
    keys = [f.t_ms for f in made if f.keyframe]
    assert all(1000 <= b - a <= 1066 for a, b in itertools.pairwise(keys))
    assert all(f.data[4:8] == b"moof" for f in made)


def test_a_picture_is_delayed_by_one_at_most() -> None:
    encoder = LiveEncoder(320, 180)
    got = [len(encoder.encode(p, i * 66)) for i, p in enumerate(pictures(10))]
    assert got == [0] + [1] * 9
    encoder.close()


def test_it_plays_from_any_key_frame_and_keeps_its_times(tmp_path: Path) -> None:
    encoder, made = encode(50)
    for start in (i for i, f in enumerate(made) if f.keyframe):
        seen = decoded(tmp_path / "x.mp4", encoder.init + b"".join(f.data for f in made[start:]))
        assert len(seen) == 50 - start
        shown = [round(float(f.pts * f.time_base) * 1000) for f in seen]
        assert np.abs(np.diff(shown) - 66).max() <= 1


def test_its_type_names_the_codec_that_is_in_it(tmp_path: Path) -> None:
    encoder, made = encode(3)
    configuration = encoder.init.index(b"avcC") + 5  # ISO/IEC 14496-15: version, then profile, constraints, level
    assert encoder.mime == f'video/mp4; codecs="avc1.{encoder.init[configuration : configuration + 3].hex()}"'
    (tmp_path / "x.mp4").write_bytes(encoder.init + b"".join(f.data for f in made))
    with av.open(str(tmp_path / "x.mp4")) as container:
        assert container.streams.video[0].codec_context.profile == "Constrained Baseline"


@pytest.mark.parametrize("size", [(321, 181), (1920, 1080), (64, 64)])
def test_any_size_can_be_encoded(size: tuple[int, int]) -> None:
    encoder = LiveEncoder(*size)
    encoder.encode(pictures(1, *size)[0], 1)
    assert len(encoder.close()) == 1


def test_a_picture_of_the_past_is_passed_over() -> None:
    encoder = LiveEncoder(320, 180)
    encoder.encode(pictures(1)[0], 1000)
    assert encoder.encode(pictures(1)[0], 1000) == []
    assert len(encoder.close()) == 1


async def collect(fanout: Fanout, count: int, *, wait_s: float = 0.0) -> list[str | bytes]:
    got: list[str | bytes] = []
    async with aclosing(fanout.watch()) as parts:
        async for part in parts:
            got.append(part)
            await asyncio.sleep(wait_s)
            if len(got) == count:
                break
    return got


def fragment(number: int, *, key: bool = False) -> Fragment:
    return Fragment(str(number).encode(), key, number)


async def test_a_viewer_gets_type_then_head_then_fragments_from_a_key_frame() -> None:
    fanout = Fanout()
    fanout.begin("video/x", b"head")
    for number in range(7):
        fanout.push(fragment(number, key=number in (0, 4)))
    got = await collect(fanout, 5)
    assert json.loads(got[0]) == {"mime": "video/x"}
    assert got[1:] == [b"head", b"4", b"5", b"6"]
    assert fanout.viewers == 0


async def test_a_slow_viewer_skips_to_a_key_frame_and_delays_nobody() -> None:
    fanout = Fanout()
    fanout.begin("video/x", b"head")
    slow = asyncio.create_task(collect(fanout, 12, wait_s=0.01))
    quick = asyncio.create_task(collect(fanout, 402))
    await asyncio.sleep(0)
    for number in range(400):
        fanout.push(fragment(number, key=number % 10 == 0))
        await asyncio.sleep(0)
    assert (await quick)[2:] == [str(n).encode() for n in range(400)]
    seen = [int(p) for p in (await slow)[2:]]
    assert seen[-1] > 300
    jumps = [b for a, b in itertools.pairwise(seen) if b != a + 1]
    assert all(j % 10 == 0 for j in jumps)


async def test_a_new_encoder_begins_with_its_own_head() -> None:
    fanout = Fanout()
    fanout.begin("video/x", b"one")
    fanout.push(fragment(0, key=True))
    viewer = fanout.watch()
    assert [await anext(viewer) for _ in range(3)][1:] == [b"one", b"0"]
    fanout.end()
    fanout.begin("video/y", b"two")
    fanout.push(fragment(1))
    fanout.push(fragment(2, key=True))
    assert [await anext(viewer) for _ in range(3)] == ['{"mime": "video/y"}', b"two", b"2"]
    await viewer.aclose()


def test_phones_get_a_playlist_of_whole_segments(tmp_path: Path) -> None:
    encoder, made = encode(100)
    window = HlsWindow(encoder.init, segments=3)
    assert window.playlist() is None
    for part in made:
        window.push(part)
    text = window.playlist()
    assert text is not None
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert '#EXT-X-MAP:URI="init-0.mp4"' in lines
    assert window.part("init-0.mp4") == encoder.init
    numbers = [int(line[:-4]) for line in lines if line.endswith(".m4s")]
    assert len(numbers) == 3
    assert f"#EXT-X-MEDIA-SEQUENCE:{numbers[0]}" in lines
    assert window.part(f"{numbers[0] - 1}.m4s") is None
    for number in numbers:
        data = window.part(f"{number}.m4s")
        assert data is not None
        seen = decoded(tmp_path / "s.mp4", encoder.init + data)
        assert len(seen) == 16
        assert seen[0].key_frame


def test_numbers_go_on_when_the_encoder_begins_anew() -> None:
    encoder, made = encode(60)
    first = HlsWindow(encoder.init)
    for part in made:
        first.push(part)
    second = HlsWindow(b"other", after=first)
    for part in made:
        second.push(part)
    before, text = first.playlist(), second.playlist()
    assert before is not None
    assert text is not None
    assert '#EXT-X-MAP:URI="init-1.mp4"' in text
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:1" in text
    last = [int(line[:-4]) for line in before.splitlines() if line.endswith(".m4s")][-1]
    assert f"#EXT-X-MEDIA-SEQUENCE:{last + 1}" in text
    assert second.part("init-0.mp4") is None


async def test_the_stream_is_followed_while_phones_ask() -> None:
    fanout = Fanout()
    phones = HlsStream(fanout)
    encoder, made = encode(60)
    asking = asyncio.create_task(phones.playlist())
    while not fanout.viewers:
        await asyncio.sleep(0.01)
    fanout.begin(encoder.mime, encoder.init)
    for part in made:
        fanout.push(part)
    assert "0.m4s" in (await asking or "")
    assert phones.part("init-0.mp4") == encoder.init
    assert phones.part("99.m4s") is None
    assert fanout.viewers == 1, "one for all phones"
    await phones.close()
    assert fanout.viewers == 0


def test_a_snapshot_is_a_jpeg() -> None:
    assert snapshot(pictures(1)[0])[:2] == b"\xff\xd8"
