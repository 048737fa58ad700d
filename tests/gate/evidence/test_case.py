"""An exported case: whole, provable, and playable in a real browser from a file, without a network."""

import json
import random
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from gate.errors import EvidenceError
from gate.evidence import Clip, EvidenceStore, KeyRing
from gate.evidence.case import CaseDraft, export_case
from gate.evidence.heads import head_for_hub
from gate.evidence.hub_memory import HubHeads
from gate.evidence.hub_routes import verification_page
from gate.evidence.report import Standing
from gate.evidence.verify import verify
from tests.gate.evidence.scene import START_MS, draft, make_clip, new_store

NOW_MS = START_MS + 3_600_000


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, EvidenceStore]:
    """A folder with case.zip (passages 1 and 3 of three, two cameras each) and unpacked/, and the store."""
    directory = tmp_path_factory.mktemp("case")
    north = make_clip(directory / "north.mp4", 4)
    south = make_clip(directory / "south.mp4", 2)
    store = new_store(directory)
    for number in range(3):
        t = START_MS + number * 60_000
        clips = (
            Clip(north, "north", t, t + 4000),
            Clip(north, "north", t, t + 4000, "burned"),
            Clip(south, "south", t + 1000, t + 3000),
        )
        store.seal(draft(number, clips), t + 20_000)
    hub = HubHeads(directory / "heads", KeyRing(directory / "hub-keys"))
    store.record("receipt", NOW_MS, {"receipt": hub.accept(head_for_hub(store, 0), NOW_MS).receipt})
    case = CaseDraft("2026-017", "稽查员", "移送", (1, 3), "垫板")
    export_case(store, case, directory / "case.zip", NOW_MS)
    zipfile.ZipFile(directory / "case.zip").extractall(directory / "unpacked")
    return directory, store


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on(
        "request", lambda r: troubles.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None
    )
    yield opened
    opened.close()
    assert not troubles


def test_a_case_verifies_packed_and_unpacked(exported: tuple[Path, EvidenceStore]) -> None:
    directory, store = exported
    for path in (directory / "case.zip", directory / "unpacked"):
        report = verify(path, store.fingerprint)
        assert (report.standing, report.kind, report.bundles) == (Standing.VALID, "case", 2)
        assert report.counter_signed == 4, "the hub signed the head to which the proofs lead"
    unpacked = directory / "unpacked"
    original = store.bundle_path(1)
    for file in original.rglob("*.*"):
        assert (unpacked / "bundles" / original.name / file.relative_to(original)).read_bytes() == file.read_bytes()
    names = {p.name for p in (unpacked / "bundles").iterdir()}
    assert names == {store.bundle_path(1).name, store.bundle_path(3).name}
    assert b"T00001" not in (directory / "case.zip").read_bytes(), "nothing of the passage not exported"


def test_changes_to_a_case_are_found(exported: tuple[Path, EvidenceStore], tmp_path: Path) -> None:
    directory, store = exported
    work = tmp_path / "case"
    shutil.copytree(directory / "unpacked", work)
    rng = random.Random(5)
    files = sorted(p for p in work.rglob("*") if p.is_file())
    for _ in range(120):
        path = rng.choice(files)
        data = bytearray(path.read_bytes())
        bit = rng.randrange(len(data) * 8) if data else 0
        if not data:
            continue
        data[bit // 8] ^= 1 << bit % 8
        kept = path.read_bytes()
        path.write_bytes(bytes(data))
        report = verify(work, store.fingerprint)
        assert report.standing is Standing.TAMPERED, (path, bit)
        assert path.relative_to(work).as_posix() in {p.file for p in report.problems}, (path, bit)
        path.write_bytes(kept)
    bundle = work / "bundles" / store.bundle_path(3).name
    bundle.rename(tmp_path / "taken")
    assert verify(work, store.fingerprint).standing is Standing.INCOMPLETE
    shutil.copytree(store.bundle_path(2), work / "bundles" / store.bundle_path(2).name)
    assert "bundle_foreign" in {p.code for p in verify(work, store.fingerprint).problems}


def test_changes_to_the_archive_are_found_or_change_nothing(
    exported: tuple[Path, EvidenceStore], tmp_path: Path
) -> None:
    """A bit of the zip's own book-keeping may differ; then the files inside are still the very same."""
    directory, store = exported
    data = (directory / "case.zip").read_bytes()
    with zipfile.ZipFile(directory / "case.zip") as archive:
        content = {n: archive.read(n) for n in archive.namelist()}
    rng = random.Random(6)
    changed = tmp_path / "case.zip"
    for _ in range(150):
        bit = (
            rng.randrange(len(data) * 8) if rng.random() < 0.5 else rng.randrange((len(data) - 4000) * 8, len(data) * 8)
        )
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        changed.write_bytes(bytes(flipped))
        if verify(changed, store.fingerprint).standing is Standing.VALID:
            with zipfile.ZipFile(changed) as archive:
                assert {n: archive.read(n) for n in archive.namelist()} == content, bit


def test_a_tampered_bundle_is_not_exported(tmp_path: Path, clip: Path) -> None:
    store = new_store(tmp_path)
    sealed = store.seal(draft(0, (Clip(clip, "north", START_MS, START_MS + 2000),)), NOW_MS)
    file = sealed.path / "record" / "passage.json"
    file.write_bytes(file.read_bytes().replace(b"48620", b"38620"))
    with pytest.raises(EvidenceError, match=r"record/passage\.json"):
        export_case(store, CaseDraft("c", "who", "why", (1,)), tmp_path / "case.zip", NOW_MS)
    with pytest.raises(EvidenceError, match="no bundle"):
        export_case(store, CaseDraft("c", "who", "why", (7,)), tmp_path / "case.zip", NOW_MS)
    assert not list(tmp_path.glob("*case.zip*"))


@pytest.mark.slow  # plays in real time, which a busy machine cannot promise
def test_the_viewer_plays_all_cameras_in_step(exported: tuple[Path, EvidenceStore], page: Page) -> None:
    page.goto((exported[0] / "unpacked" / "index.html").as_uri())
    assert "案卷 2026-017 · 垫板" in page.inner_text("h1")
    assert page.locator("#bundles button").count() == 2
    page.wait_for_function("[...document.querySelectorAll('video')].every(v => v.readyState >= 3)")
    page.click("#play")
    # the south camera's clip begins a second later; a thousandth of the scrub bar is 10 ms
    page.wait_for_function(
        """() => {
            const [north, south] = [...document.querySelectorAll('video')].map(v => v.currentTime * 1000);
            const bar = Number(document.getElementById('scrub').value) * 10;
            return south > 300 && Math.abs(north - south - 1000) < 250 && Math.abs(bar - north) < 250;
        }""",
        polling="raf",
        timeout=60_000,
    )
    page.click("#play")
    page.locator("#scrub").fill("650")
    assert page.inner_text("#weight") == "48 620 kg"
    page.locator("#scrub").fill("250")
    at = page.evaluate("[...document.querySelectorAll('video')].map(v => v.currentTime)")
    assert at == pytest.approx([2.5, 1.5], abs=0.02)
    assert "复磅" in page.inner_text("#details")
    page.click("#language")
    assert "hold and weigh again" in page.inner_text("#details")
    page.locator("#bundles button").nth(1).click()
    assert "T00002" in page.inner_text("#details")
    page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth > 0)")


def browser_verdict(page: Page, path: Path, fingerprint: str) -> tuple[str, set[str]]:
    """Standing, and the sentences of what the page found, for a zip archive or a folder."""
    page.fill(".fingerprint", fingerprint)
    page.evaluate("document.querySelector('.result').replaceChildren()")
    chooser = ".folder" if path.is_dir() else ".archive"
    page.set_input_files(chooser, str(path))
    page.wait_for_selector(".result h3, .result p.tampered", timeout=20_000)
    heading = page.locator(".result h3")
    standing = heading.get_attribute("class") if heading.count() else "tampered"
    return standing or "", set(page.locator(".result li:not(.note)").all_inner_texts())


@pytest.mark.parametrize("stride", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_the_browser_says_what_the_command_says(
    exported: tuple[Path, EvidenceStore], tmp_path: Path, page: Page, stride: int
) -> None:
    directory, store = exported
    (tmp_path / "verify.html").write_text(verification_page(), "utf-8")
    page.goto((tmp_path / "verify.html").as_uri())
    if "English" not in page.inner_text("#language"):
        page.click("#language")
    page.click("#language")
    work = tmp_path / "work"

    def compare(path: Path, fingerprint: str = store.fingerprint) -> str:
        report = verify(path, fingerprint)
        standing, said = browser_verdict(page, path, fingerprint)
        assert standing == report.standing.name.lower()
        ours = {p.say("en").split(" (")[0] for p in report.problems if p.level != "note"}
        assert {text.split(" (")[0] for text in said} == ours
        return standing

    assert compare(directory / "case.zip") == "valid"
    assert compare(directory / "unpacked") == "valid"
    assert compare(directory / "evidence") == "valid"
    assert compare(store.bundle_path(2)) == "valid"
    assert compare(directory / "evidence", "ab" * 32) == "tampered"
    for name in ("receipt.json", "head.json", "case.json", "keys.jsonl", "viewer.js")[::stride]:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(directory / "unpacked", work)
        _edit(work / name, b"1", b"2")
        assert compare(work) == "tampered", name
    for name, change in list(CHANGES.items())[::stride]:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(directory / "evidence", work)
        bundle = work / "bundles" / store.bundle_path(2).name
        change(work, bundle)
        assert compare(work) == ("incomplete" if name.startswith("missing") else "tampered"), name


def _edit(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


CHANGES = {
    "missing clip": lambda work, bundle: next((bundle / "clips").iterdir()).unlink(),
    "missing head": lambda work, bundle: (work / "head.json").unlink(),
    "reading": lambda work, bundle: _edit(bundle / "record" / "passage.json", b"48620", b"38620"),
    "field": lambda work, bundle: _edit(bundle / "manifest.json", b'"software":"gatewarden', b'"software":"gatewardeN'),
    "clock": lambda work, bundle: _edit(bundle / "manifest.json", b'"sealed_ms":1', b'"sealed_ms":2'),
    "seal": lambda work, bundle: _edit(bundle / "seal.json", b'"number":2', b'"number":3'),
    "entry": lambda work, bundle: _edit(bundle / "entry.json", b'"bundle":2', b'"bundle":3'),
    "swap": lambda work, bundle: _swap(*sorted((bundle / "clips").iterdir())),
    "bundle": lambda work, bundle: shutil.rmtree(bundle),
    "extra": lambda work, bundle: (bundle / "clips" / "x.mp4").write_bytes(b"x"),
    "line": lambda work, bundle: _edit(
        work / "chain.jsonl", b'"kind":"bundle","manifest":"', b'"kind":"bundle","manifest":"0'
    ),
    "removed line": lambda work, bundle: _drop_line(work / "chain.jsonl", 2),
    "cut": lambda work, bundle: _drop_line(work / "chain.jsonl", -1),
    "chain": lambda work, bundle: (work / "chain.jsonl").unlink(),
}


def _swap(one: Path, two: Path) -> None:
    ours, theirs = one.read_bytes(), two.read_bytes()
    one.write_bytes(theirs)
    two.write_bytes(ours)


def _drop_line(path: Path, number: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[number]
    path.write_bytes(b"".join(lines))


def test_case_json_is_what_it_says(exported: tuple[Path, EvidenceStore]) -> None:
    directory, store = exported
    case = json.loads((directory / "unpacked" / "case.json").read_bytes())
    assert (case["case"], case["who"], case["purpose"]) == ("2026-017", "稽查员", "移送")
    assert [b["number"] for b in case["bundles"]] == [1, 3]
    assert store.head().body["size"] == 6
