"""All cameras of one time, sealed by hand and exported with a case."""

import hashlib
import json
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import av
import pytest
from typer.testing import CliRunner

from gate.cli.evidence import app
from gate.errors import EvidenceError
from gate.evidence import EvidenceStore, KeyRing
from gate.evidence.report import Standing
from gate.evidence.verify import verify
from gate.facts import WeightSample
from gate.judging.daylog import fact_log
from gate.sealing.stretch import seal_stretch
from gate.site import load_site
from gate.tickets.orders import parse_time
from tests.gate.evidence.scene import make_clip
from tests.gate.fraud.scene import SITE

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN_MS = parse_time("2026-11-02 08:00:00", ZONE)
SECOND_CAMERA = """  - {id: yard, name: {zh: 场内}, address: "play:clip.mp4", size: [320, 180]}
  - {id: dark, name: {zh: 后门}, address: "play:clip.mp4", size: [320, 180]}
zones:
"""


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    """A site that has run: two of its three cameras have footage of six seconds, and its scale was read."""
    clip = make_clip(tmp_path / "clip.mp4", 6.0)
    directory = tmp_path / "var"
    for camera in ("cam", "yard"):
        folder = directory / "footage" / camera
        folder.mkdir(parents=True)
        shutil.copy(clip, folder / f"{BEGIN_MS}-{BEGIN_MS + 5900}.mp4")
    KeyRing(directory / "keys")
    log = fact_log(directory / "log")
    log.append(WeightSample(BEGIN_MS + 100 * i, "s1", 20.0 * i, raw="0203") for i in range(60))
    log.close()
    path = tmp_path / "site.yaml"
    path.write_text(SITE.replace("zones:\n", SECOND_CAMERA, 1), encoding="utf-8")
    return path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    return done.exit_code, done.stdout


def test_all_cameras_of_one_time_are_sealed_looked_at_and_exported(site_file: Path) -> None:
    why = ("--who", "li", "--purpose", "case 7")
    times = ("--from", "2026-11-02 08:00:02", "--to", "2026-11-02 08:00:04")
    code, out = run("take", site_file, *times, *why)
    assert code == 0, out
    taken = json.loads(out)
    assert taken["id"] == "east-20261102T000002-all"
    manifest = json.loads((Path(taken["path"]) / "manifest.json").read_bytes())
    assert manifest["subject"]["kind"] == "stretch"
    assert {f["camera"] for f in manifest["files"] if f["role"] == "original"} == {"cam", "yard"}
    assert [g["device"] for g in manifest["gaps"]] == ["dark"]
    rows = (Path(taken["path"]) / "weight" / "s1.frames.csv").read_text().splitlines()
    assert len(rows) == 1 + 21, "the readings of those two seconds"
    store = site_file.parent / "var" / "evidence"
    code, out = run("look", store, taken["id"], *why)
    assert (code, json.loads(out)["subject"]["kind"]) == (0, "stretch")
    archive = site_file.parent / "case.zip"
    assert run("export", store, "--out", archive, "--case", "7", *why, "--passage", taken["id"])[0] == 0
    assert verify(archive).standing is Standing.VALID
    entries = [e.body for e in EvidenceStore(store, KeyRing(site_file.parent / "var" / "keys"), "east").entries()]
    assert [e["kind"] for e in entries] == ["key", "bundle", "access", "access", "export"]
    assert run("slip", store, taken["id"], "--out", site_file.parent / "slip.pdf", "--who", "li")[0] == 1


def test_the_pictures_are_those_the_camera_sent(site_file: Path) -> None:
    store = EvidenceStore(site_file.parent / "e", KeyRing(site_file.parent / "k"), "east")
    span = (BEGIN_MS, BEGIN_MS + 5900)
    sealed = seal_stretch(load_site(site_file), site_file.parent / "var", store, span, BEGIN_MS + 10_000)
    assert packets(site_file.parent / "clip.mp4") == packets(next((sealed.path / "clips").glob("cam-*")))


def packets(path: Path) -> list[str]:
    with av.open(str(path)) as container:
        return [hashlib.sha256(bytes(p)).hexdigest() for p in container.demux(video=0) if p.size]


@pytest.mark.parametrize("span", [(5, 5), (6, 5), (0, 3_600_001)])
def test_a_span_is_an_hour_at_most(site_file: Path, span: tuple[int, int]) -> None:
    store = EvidenceStore(site_file.parent / "e", KeyRing(site_file.parent / "k"), "east")
    with pytest.raises(EvidenceError, match="an hour at most"):
        seal_stretch(load_site(site_file), site_file.parent / "var", store, span, BEGIN_MS)
    with pytest.raises(EvidenceError, match="no camera has footage"):
        seal_stretch(load_site(site_file), site_file.parent / "var", store, (BEGIN_MS - 9000, BEGIN_MS - 1), BEGIN_MS)


def test_a_site_that_never_ran_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    times = ("--from", "2026-11-02 08:00:02", "--to", "2026-11-02 08:00:04")
    assert run("take", path, *times, "--who", "li", "--purpose", "look")[0] == 2
    assert list(tmp_path.iterdir()) == [path]
