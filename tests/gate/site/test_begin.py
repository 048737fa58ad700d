import json
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.cli.site import app
from gate.errors import SiteError
from gate.running.check import check_site
from gate.running.service import service_unit
from gate.site import load_site, parse_site
from gate.site.begin import begin_site


def test_a_new_site_is_sound_and_keeps_names_with_quotes(tmp_path: Path) -> None:
    file, schema = begin_site(tmp_path / "站", "北门-2", '北"门', "{North} gate: 2")
    site = load_site(file)
    assert (site.id, site.name.zh, site.name.en) == ("北门-2", '北"门', "{North} gate: 2")
    assert check_site(site, tmp_path, devices=False).passed
    assert set(json.loads(schema.read_text(encoding="utf-8"))["required"]) == {"id", "name", "cameras"}


def test_a_site_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    begin_site(tmp_path, "a", "甲", "A")
    with pytest.raises(SiteError, match="is there already"):
        begin_site(tmp_path, "b", "乙", "B")
    assert load_site(tmp_path / "site.yaml").id == "a"


def test_an_id_that_cannot_be_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="id"):
        begin_site(tmp_path / "new", "a b/c", "甲", "A")
    assert not (tmp_path / "new").exists()


def test_the_service_runs_the_site_by_its_full_path(tmp_path: Path) -> None:
    begin_site(tmp_path / "50% 站", "a", "甲", "A")
    file = tmp_path / "50% 站" / "site.yaml"
    result = CliRunner().invoke(app, ["service", str(file)])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    escaped = str(file.resolve()).replace("%", "%%")
    assert any(line.startswith("ExecStart=") and line.endswith(f"gatewarden run '{escaped}'") for line in lines)
    assert "Restart=always" in lines


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_systemd_takes_the_service(tmp_path: Path) -> None:
    begin_site(tmp_path / "50% 站", "a", "甲", "A")
    file = tmp_path / "50% 站" / "site.yaml"
    unit = tmp_path / "gatewarden-test.service"
    unit.write_text(service_unit(load_site(file), file), encoding="utf-8")
    checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (checked.returncode, unit.name in checked.stderr) == (0, False), checked.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: a\nname: {zh: 甲}\ncameras: []\nid: b\n", "site.yaml:4: id: said twice"),
        ("id: a\ncameras:\n  - id: x\n    size: [1, 1]\n    size: [2, 2]\n", "site.yaml:5: size: said twice"),
    ],
)
def test_what_is_said_twice_is_refused(text: str, message: str) -> None:
    with pytest.raises(SiteError, match=message):
        parse_site(text)
