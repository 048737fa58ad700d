"""No manipulation is missed, every one is named, and nothing honest is called tampered with."""

import json
import random
import shutil
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gate.evidence.report import Standing
from gate.evidence.statement import NO_DIGEST, sha256
from gate.evidence.verify import verify
from gate.facts import canonical_json
from tests.gate.evidence.forger import Forger, Forgery, forger_at_work


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, clip: Path) -> tuple[Forger, str]:
    return forger_at_work(tmp_path_factory.mktemp("forger"), clip)


def missed(forgery: Forgery, store: Path, fingerprint: str) -> str:
    """Why a manipulation counts as missed, "" when it was found and named."""
    report = verify(store, fingerprint)
    allowed = {Standing.TAMPERED, Standing.INCOMPLETE} if forgery.incomplete else {Standing.TAMPERED}
    found = [p for p in report.problems if p.level != "note"]
    named = [p for p in found if p.file.startswith(forgery.names) and forgery.field in {"", p.field}]
    if report.standing in allowed and named:
        return ""
    return f"{forgery.what}: {report.standing.name}, {[p.say() for p in found]}"


def forge_many(workshop: tuple[Forger, str], count: int, seed: int) -> Counter[str]:
    forger, fingerprint = workshop
    rng = random.Random(seed)
    kinds = list(forger.kinds)
    done: Counter[str] = Counter()
    failures = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        forgery = forger.kinds[kind](rng)
        if why := missed(forgery, forger.store, fingerprint):
            failures.append(f"{kind}: {why}")
        forger.restore()
        done[kind] += 1
    assert not failures, f"{len(failures)} of {count}: {failures[:5]}"
    assert verify(forger.store, fingerprint).standing is Standing.VALID
    return done


def test_manipulations_are_found_and_named(workshop: tuple[Forger, str]) -> None:
    assert min(forge_many(workshop, 126, seed=8).values()) >= 6


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_manipulations_are_found_and_named(workshop: tuple[Forger, str]) -> None:
    assert forge_many(workshop, 10_000, seed=2026).total() == 10_000


@pytest.mark.parametrize("file", ["manifest.json", "seal.json", "entry.json", "keys.jsonl", "plates"])
def test_every_bit_of_a_file_matters(workshop: tuple[Forger, str], file: str) -> None:
    """A stride through the bits of each small file of one bundle, checked alone."""
    forger, fingerprint = workshop
    bundle = forger.store / "bundles" / forger.bundles[1]
    path = next((bundle / file).iterdir()) if (bundle / file).is_dir() else bundle / file
    data = path.read_bytes()
    for bit in range(0, len(data) * 8, max(1, len(data) * 8 // 60)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(changed))
        report = verify(bundle, fingerprint)
        assert report.standing is Standing.TAMPERED, (file, bit)
        assert any(p.file == path.relative_to(bundle).as_posix() for p in report.problems), (file, bit)
    path.write_bytes(data)
    assert verify(bundle, fingerprint).standing is Standing.VALID


def test_honest_handling_is_not_called_tampering(workshop: tuple[Forger, str], tmp_path: Path) -> None:
    forger, fingerprint = workshop
    moved = tmp_path / "elsewhere" / "证据"
    shutil.copytree(forger.original, moved, copy_function=shutil.copyfile)
    assert verify(moved, fingerprint).standing is Standing.VALID
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", moved))
    assert verify(packed, fingerprint).standing is Standing.VALID
    with zipfile.ZipFile(tmp_path / "with-folder.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in moved.rglob("*"):
            archive.write(file, f"store/{file.relative_to(moved)}")
    assert verify(tmp_path / "with-folder.zip", fingerprint).standing is Standing.VALID
    for name in forger.bundles:
        assert verify(moved / "bundles" / name, fingerprint).standing is Standing.VALID


def test_another_sites_store_is_not_ours(workshop: tuple[Forger, str]) -> None:
    forger, fingerprint = workshop
    assert verify(forger.foreign).standing is Standing.VALID
    report = verify(forger.foreign, fingerprint)
    assert report.standing is Standing.TAMPERED
    assert [p.code for p in report.problems if p.level == "tampered"] == ["wrong_fingerprint"]
    ours, theirs = forger.foreign_keys.fingerprints[0], report.fingerprint
    assert ours == theirs


SHAPES = [None, True, -1, 2**70, 1.5, "", "x", "0" * 64, [], [None], ["x"], {}, {"a": []}]


@pytest.mark.parametrize("seed", range(4))
def test_records_of_any_shape_do_not_upset_verification(
    workshop: tuple[Forger, str], tmp_path: Path, seed: int
) -> None:
    """A forger signs with a key of their own whatever they like; the answer is still an answer, and it is no."""
    forger, fingerprint = workshop
    rng = random.Random(seed)
    work = tmp_path / "work"
    shutil.copytree(forger.foreign, work)
    bundle = sorted((work / "bundles").iterdir())[0]
    kept = {p: p.read_bytes() for p in (*bundle.glob("*.json"), work / "chain.jsonl", work / "head.json")}
    for _ in range(40):
        path = rng.choice(sorted(kept))
        if path.name == "manifest.json":
            whole = json.loads(kept[path])
            _distort(whole, rng)
            text = canonical_json(whole).encode()
            path.write_bytes(text)
            fields = {str(k): sha256(canonical_json(v).encode()) for k, v in whole.items()}
            _sign_anew(bundle / "seal.json", forger, {"manifest": sha256(text), "fields": fields})
        elif path.name == "chain.jsonl":
            lines = kept[path].split(b"\n")[:-1]
            at, previous = rng.randrange(len(lines)), NO_DIGEST
            for number, line in enumerate(lines):
                body = {**json.loads(line)["body"], "previous": previous}
                if number == at:
                    _distort(body, rng)
                entry = forger.foreign_keys.sign(body, forger.foreign_keys.fingerprints[0])
                lines[number], previous = entry.raw, entry.digest
            path.write_bytes(b"".join(line + b"\n" for line in lines))
        else:
            body = json.loads(kept[path])["body"]
            _distort(body, rng)
            _sign_anew(path, forger, body)
        verify(work)
        assert verify(work, fingerprint).standing is Standing.TAMPERED
        verify(bundle)
        assert verify(bundle, fingerprint).standing is Standing.TAMPERED
        for name, data in kept.items():
            name.write_bytes(data)


def _distort(value: Any, rng: random.Random) -> None:
    """Put something of another shape somewhere into a record."""
    name = rng.choice(sorted(value) if isinstance(value, dict) else range(len(value)))
    if isinstance(value[name], dict | list) and value[name] and rng.random() < 0.6:
        _distort(value[name], rng)
    else:
        value[name] = rng.choice(SHAPES)


def _sign_anew(path: Path, forger: Forger, changes: dict[str, Any]) -> None:
    body = {**json.loads(path.read_bytes())["body"], **changes}
    path.write_bytes(forger.foreign_keys.sign(body, forger.foreign_keys.fingerprints[0]).raw)
