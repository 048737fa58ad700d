import asyncio
import json
import os
import random
import tty
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.cli.scale import app
from gate.scale.sniff import SURE, address_of, best_of, guess_format, sniff_port
from tests.gate.scale.frames import WIRES, Wire, yaohua


@pytest.mark.parametrize("wire", WIRES, ids=str)
def test_each_format_is_told_from_the_others(wire: Wire) -> None:
    rng = random.Random(3)
    heard = wire.between.join(wire.make(rng)[0] for _ in range(20))[5:-4]
    if not wire.between:
        heard = heard.rstrip(b"\r")
    best = guess_format(heard)[0]
    assert best.indicator == wire.name
    assert best.explained > SURE
    assert best.settings.get("format", 1) == wire.settings.get("format", 1)


def test_noise_and_silence_are_no_format() -> None:
    assert guess_format(random.Random(4).randbytes(4_000)) == ()
    assert guess_format(b"") == ()


def test_what_two_readings_explain_alike_is_not_sure() -> None:
    guesses = guess_format(b"".join(yaohua(kg) for kg in range(0, 400, 20)))
    assert [g.settings for g in guesses[:2]] == [{}, {"last_digit": "tenths"}]
    assert guesses[0].sure < SURE


async def test_a_port_is_found_by_listening() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    path = Path(os.ttyname(slave))

    async def send() -> None:
        while True:
            os.write(master, b"ST,GS,+0012.34kg\r\n")
            await asyncio.sleep(0.05)

    sending = asyncio.ensure_future(send())
    try:
        found = [f async for f in sniff_port(path, 0.5)]
    finally:
        sending.cancel()
        os.close(master)
        os.close(slave)
    best = best_of(found)
    assert best is not None
    assert best.best is not None
    assert best.best.indicator == "and"
    assert best.best.example_kg == 12.34
    assert address_of(best, path) == f"serial:{path}?baud=9600&bytesize=8&parity=N"


def test_a_file_of_bytes_is_sniffed_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "bytes.bin"
    path.write_bytes(b"".join(b" G + %6d kg\r\n" % kg for kg in range(0, 400, 20)))
    done = CliRunner().invoke(app, ["sniff", str(path)])
    assert json.loads(done.stdout.splitlines()[0])["indicator"] == "avery"
    assert done.exit_code == 0
    path.write_bytes(b"\x00" * 100)
    assert CliRunner().invoke(app, ["sniff", str(path)]).exit_code == 1
