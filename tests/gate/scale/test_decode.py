import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.cli.scale import app
from gate.errors import ScaleError
from gate.scale.indicators.registry import find_format
from tests.gate.scale.frames import WIRES, Wire, toledo, yaohua

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def run(*args: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from gate.cli import main; main()", "scale", *args]
    return subprocess.run(command, input=data, capture_output=True, env=ENVIRONMENT, timeout=60, check=False)


def test_each_frame_is_a_line_and_the_rejected_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "bytes.bin"
    path.write_bytes(yaohua(0) + yaohua(48620) + b"\x02garbage.." + yaohua(-20))
    done = run("decode", "--indicator", "yaohua", str(path), "--json")
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert [json.loads(line)["kg"] for line in lines] == [0, 48620, -20]
    assert json.loads(lines[0]) == dict.fromkeys(["net", "stable", "motion", "overload", "status"], None) | {"kg": 0}
    assert done.stderr.decode().strip() == "3 frames, 1 rejected"


def test_standard_input_and_settings_are_taken() -> None:
    bare = toledo(12340, check=False)
    without = CliRunner().invoke(app, ["decode", "-i", "toledo", "-", "--set", "checksum=false"], input=bare)
    assert json.loads(without.stdout)["kg"] == 12340
    checked = CliRunner().invoke(app, ["decode", "-i", "toledo", "-", "--set", "checksum=true"], input=bare)
    assert checked.stdout == ""


def test_hex_digits_are_taken_as_terminals_show_them() -> None:
    shown = f"{yaohua(48620).hex(' ').upper()}\n{yaohua(-20).hex()}\n"
    done = CliRunner().invoke(app, ["decode", "-i", "yaohua", "-", "--hex"], input=shown)
    assert [json.loads(line)["kg"] for line in done.stdout.splitlines()] == [48620, -20]
    wrong = CliRunner().invoke(app, ["decode", "-i", "yaohua", "-", "--hex"], input=shown + "02 2\n")
    assert "line 3: expected bytes as hex digits" in str(wrong.exception)


def test_bytes_of_another_format_give_status_one_and_say_what_to_do_next() -> None:
    done = CliRunner().invoke(app, ["decode", "-i", "toledo", "-"], input=yaohua(48620))
    assert done.exit_code == 1
    assert "scale sniff" in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["decode", "-i", "abacus", "-"], "expected one of: yaohua"),
        (["decode", "-i", "yaohua", "/nowhere"], "/nowhere"),
        (["decode", "-i", "yaohua", "-", "--set", "x"], "name=value"),
    ],
)
def test_wrong_input_is_refused_with_a_reason(args: list[str], message: str) -> None:
    done = CliRunner().invoke(app, args)
    assert isinstance(done.exception, ScaleError)
    assert message in str(done.exception)


def test_a_failure_gives_status_one_and_its_reason() -> None:
    done = run("decode", "-i", "abacus", "-")
    assert done.returncode == 1
    assert b"expected one of: yaohua" in done.stderr


def test_wrong_use_gives_status_two() -> None:
    assert CliRunner().invoke(app, ["decode"]).exit_code == 2


@pytest.mark.parametrize("wire", [w for w in WIRES if not w.settings], ids=str)
def test_every_format_is_listed_by_its_name(wire: Wire) -> None:
    assert find_format(wire.name.upper().replace("-", "_")).name == wire.name
