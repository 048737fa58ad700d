"""Every format against noise: no exception, no accepted frame the format could refuse, no intact frame lost."""

import random
from collections.abc import Iterator

import pytest

from gate.scale.indicators.registry import indicator
from gate.scale.reading import Indicator, Reading
from tests.gate.scale.frames import WIRES, Wire


def fed(parser: Indicator, stream: bytes, rng: random.Random) -> Iterator[Reading]:
    at = 0
    while at < len(stream):
        size = rng.choice([1, 2, 3, 7, 12, 64, 4096, 4096, 4096])
        yield from parser.feed(stream[at : at + size])
        at += size
    yield from parser.finish()


def damaged(frame: bytes, rng: random.Random) -> bytes:
    out = bytearray(frame)
    at = rng.randrange(len(out))
    match rng.randrange(6):
        case 0:
            out[at] ^= 1 << rng.randrange(8)
        case 1:
            out[at] = rng.randrange(256)
        case 2:
            del out[at]
        case 3:
            out.insert(at, rng.randrange(256))
        case 4:
            del out[at:]
        case _:
            return rng.randbytes(rng.randrange(1, 40))
    return bytes(out)


def stream_of(wire: Wire, size: int, rng: random.Random) -> tuple[bytes, list[tuple[bytes, float | None]]]:
    """A stream of some size, and the frames that lie intact in it with an intact frame behind them."""
    pieces: list[tuple[bytes, float | None, bool]] = []
    total = 0
    while total < size:
        frame, kg = wire.make(rng)
        intact = rng.random() < 0.7
        piece = frame if intact else damaged(frame, rng)
        pieces.append((piece, kg, intact))
        total += len(piece) + len(wire.between)
    stream = wire.between.join(p for p, _, _ in pieces)
    sound = [True, *(intact for _, _, intact in pieces), True]
    # A reversed text ends only where the next begins; a cut Modbus TCP frame has no checksum to say where it was cut.
    needs_next, needs_last = wire.name == "yaohua-reversed", wire.name == "modbus-tcp"
    intact_frames = [
        (piece, kg)
        for (piece, kg, intact), before, after in zip(pieces, sound, sound[2:], strict=False)
        if intact and (after or not needs_next) and (before or not needs_last)
    ]
    return stream, intact_frames


def check(wire: Wire, size: int, seed: int) -> None:
    rng = random.Random(seed)
    stream, intact = stream_of(wire, size, rng)
    parser = indicator(wire.name, wire.settings)
    readings = list(fed(parser, stream, rng))
    wrong = [r.raw for r in readings if not wire.valid(r.raw)]
    assert wrong == []
    left = iter(readings)
    for frame, kg in intact:
        found = next((r for r in left if r.raw.removesuffix(b"\r").endswith(frame.removesuffix(b"\r"))), None)
        assert found is not None, f"lost {frame!r}"
        if found.raw.startswith(frame):
            assert found.kg == kg
    assert parser.rejected > 0


@pytest.mark.parametrize("wire", WIRES, ids=str)
def test_damage_costs_only_what_it_hit(wire: Wire) -> None:
    for seed in range(3):
        check(wire, 20_000, seed)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("wire", WIRES, ids=str)
def test_ten_million_bytes(wire: Wire) -> None:
    check(wire, 6_000_000, 1)
    noise = random.Random(2)
    parser = indicator(wire.name, wire.settings)
    accepted = [r for _ in range(100) for r in parser.feed(noise.randbytes(40_000))]
    assert [r.raw for r in accepted if not wire.valid(r.raw)] == []


@pytest.mark.parametrize("wire", WIRES, ids=str)
def test_chunks_make_no_difference(wire: Wire) -> None:
    rng = random.Random(7)
    stream, _ = stream_of(wire, 3_000, rng)
    whole = indicator(wire.name, wire.settings)
    expected = [*whole.feed(stream), *whole.finish()]
    single = indicator(wire.name, wire.settings)
    got = [r for i in range(len(stream)) for r in single.feed(stream[i : i + 1])]
    got += single.finish()
    assert got == expected
    assert single.rejected == whole.rejected
