"""`gatewarden evidence` as a person runs it: output and exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.cli.evidence import app
from tests.gate.evidence.scene import START_MS, clips_of, draft, new_store


@pytest.fixture
def evidence(tmp_path: Path, clip: Path) -> Path:
    store = new_store(tmp_path)
    for number in range(2):
        store.seal(draft(number, clips_of(number, clip)), START_MS + number)
    return tmp_path / "evidence"


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    return done.exit_code, done.stdout


def test_verify_says_it_by_exit_status(evidence: Path) -> None:
    fingerprint = new_store(evidence.parent).fingerprint
    assert run("verify", evidence, "--fingerprint", fingerprint)[0] == 0
    code, out = run("verify", evidence, "--json")
    assert (code, json.loads(out)["standing"], json.loads(out)["bundles"]) == (0, "valid", 2)
    bundle = next((evidence / "bundles").iterdir())
    assert run("verify", bundle, "--fingerprint", f" {fingerprint.upper()[:32]} {fingerprint[32:]}")[0] == 0
    assert run("verify", bundle, "--fingerprint", "ab" * 32)[0] == 1
    assert run("verify", bundle, "--fingerprint", "ab")[0] == 2
    assert run("verify", evidence / "nothing")[0] == 2
    assert run("verify", evidence.parent / "keys")[0] == 2
    missing = next((bundle / "clips").iterdir())
    missing.unlink()
    code, out = run("verify", evidence, "--language", "zh")
    assert code == 3
    assert "有效但不完整" in out
    assert missing.name in out
    (bundle / "record" / "passage.json").write_text("{}")
    code, out = run("verify", evidence)
    assert code == 1
    assert "record/passage.json" in out


def test_verify_stands_alone(evidence: Path, tmp_path: Path) -> None:
    """Without a network, without the keys, without the right to write."""
    for file in (evidence.parent / "keys").iterdir():
        file.unlink()
    before = sorted(evidence.rglob("*"))
    program = (
        "import sys; sys.argv = sys.argv[1:]; from gate.cli import main\n"
        "def no_network(event, _):\n    assert not event.startswith('socket.'), event\n"
        "sys.addaudithook(no_network); main()"
    )
    command = [sys.executable, "-c", program, "gatewarden", "evidence", "verify", str(evidence), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HOME": "/nowhere"}, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["standing"] == "valid"
    assert sorted(evidence.rglob("*")) == before


def test_a_case_from_lock_to_retention(evidence: Path) -> None:
    listed = [json.loads(line) for line in run("list", evidence)[1].splitlines()]
    first, second = (b["id"] for b in listed)
    assert run("lock", evidence, "--case", "c-1", "--who", "officer", "--passage", first)[0] == 0
    archive = evidence.parent / "case.zip"
    why = ("--case", "c-1", "--who", "officer", "--purpose", "court")
    code, out = run("export", evidence, "--out", archive, *why, "--passage", first, "--passage", "2")
    assert (code, json.loads(out)["bundles"]) == (0, [1, 2])
    assert run("verify", archive)[0] == 0
    assert run("export", evidence, "--out", archive, *why, "--passage", "no-such")[0] == 2
    gone = [json.loads(line)["id"] for line in run("retain", evidence, "--days", 0)[1].splitlines()]
    assert gone in ([second], [])  # the scene's passages lie in the future of some clocks
    assert run("unlock", evidence, "--case", "c-1", "--who", "officer", "--reason", "closed")[0] == 0
    assert run("verify", evidence)[0] == 0


def test_keys_are_shown_rotated_and_revoked(evidence: Path) -> None:
    first = json.loads(run("keys", "show", evidence)[1])["fingerprint"]
    second = json.loads(run("keys", "rotate", evidence)[1])["fingerprint"]
    assert first != second
    assert run("keys", "revoke", evidence, "--key", first, "--reason", "lost")[0] == 0
    assert json.loads(run("keys", "show", evidence)[1])["fingerprint"] == second
    assert run("verify", evidence, "--fingerprint", first)[0] == 0
