"""Everything a forger may do to a store, one manipulation at a time, with the name verification must give it."""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.evidence import EvidenceStore, KeyRing
from gate.evidence.statement import read_statement
from gate.facts import canonical_json
from tests.gate.evidence.scene import SITE, clips_of, draft, new_store

VOUCHERS = {"manifest.json", "seal.json", "entry.json"}


@dataclass(frozen=True)
class Forgery:
    """names: beginnings of paths, one of which a problem must name. incomplete: exit 3 is the right answer too."""

    what: str
    names: tuple[str, ...]
    incomplete: bool = False
    field: str = ""


class Forger:
    """Works on `store`, a copy of `original`, which it can put back. Knows the store of another site as well."""

    def __init__(self, original: Path, older_head: bytes, foreign: Path, foreign_keys: KeyRing, work: Path) -> None:
        self.original, self.foreign, self.foreign_keys, self.store = original, foreign, foreign_keys, work
        self.older_head = older_head
        shutil.copytree(original, work)
        self.content = {p.relative_to(original): p.read_bytes() for p in original.rglob("*") if p.is_file()}
        self.bundles = sorted(p.name for p in (original / "bundles").iterdir())
        self.kinds: dict[str, Callable[[random.Random], Forgery]] = {
            "bit in a bundle": self.flip_in_bundle,
            "bit in the chain": self.flip_in_chain,
            "bit in the head": self.flip_in_head,
            "byte cut or added": self.resize,
            "file removed": self.remove_file,
            "file added": self.add_file,
            "bundle removed": self.remove_bundle,
            "bundle renamed": self.rename_bundle,
            "bundle put under another's name": self.replay_bundle,
            "bundle of another site": self.foreign_bundle,
            "clip swapped": self.swap_clips,
            "chain entry removed": self.remove_entry,
            "chain entries exchanged": self.reorder,
            "chain entry repeated": self.repeat_entry,
            "chain end cut": self.cut_chain,
            "older head": self.replay_head,
            "clock changed": self.change_clock,
            "manifest field changed": self.change_field,
            "reading changed": self.change_reading,
            "sealed again with another key": self.reseal,
            "chain signed again with another key": self.resign_chain,
        }

    def restore(self) -> None:
        """Put back whatever differs from the original."""
        for path in sorted(self.store.rglob("*"), reverse=True):
            name = path.relative_to(self.store)
            if path.is_file() and name not in self.content:
                path.unlink()
            elif path.is_dir() and not (self.original / name).is_dir():
                path.rmdir()
        for name, data in self.content.items():
            path = self.store / name
            if not path.exists() or path.read_bytes() != data:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    def flip_in_bundle(self, rng: random.Random) -> Forgery:
        path = rng.choice(self._files())
        bit = self._flip(self.store / path, rng)
        return Forgery(f"bit {bit} of {path}", (path,))

    def flip_in_chain(self, rng: random.Random) -> Forgery:
        data = (self.store / "chain.jsonl").read_bytes()
        bit = self._flip(self.store / "chain.jsonl", rng)
        line = data[: bit // 8].count(b"\n") + 1
        return Forgery(f"bit {bit} of the chain", (f"chain.jsonl:{line}", "head.json"))

    def flip_in_head(self, rng: random.Random) -> Forgery:
        return Forgery(f"bit {self._flip(self.store / 'head.json', rng)} of the head", ("head.json",))

    def resize(self, rng: random.Random) -> Forgery:
        path = rng.choice(self._files())
        data = (self.store / path).read_bytes()
        cut = rng.randrange(1, len(data) + 1)
        data = data[:-cut] if rng.random() < 0.5 else data + rng.randbytes(cut % 7 + 1)
        (self.store / path).write_bytes(data)
        return Forgery(f"{path} now {len(data)} bytes", (path,))

    def remove_file(self, rng: random.Random) -> Forgery:
        path = rng.choice([*self._files(), "chain.jsonl", "head.json"])
        (self.store / path).unlink()
        is_listed = "/" in path and Path(path).name not in VOUCHERS
        return Forgery(f"{path} removed", (path, "bundles/"), incomplete=is_listed or path == "head.json")

    def add_file(self, rng: random.Random) -> Forgery:
        path = f"bundles/{rng.choice(self.bundles)}/{rng.choice(['clips/', 'record/', ''])}extra{rng.randrange(99)}.mp4"
        (self.store / path).write_bytes(rng.randbytes(20))
        return Forgery(f"{path} added", (path,))

    def remove_bundle(self, rng: random.Random) -> Forgery:
        name = rng.choice(self.bundles)
        shutil.rmtree(self.store / "bundles" / name)
        return Forgery(f"{name} removed", (f"bundles/{name}",))

    def rename_bundle(self, rng: random.Random) -> Forgery:
        name = rng.choice(self.bundles)
        (self.store / "bundles" / name).rename(self.store / "bundles" / f"{name}{rng.randrange(9)}")
        return Forgery(f"{name} renamed", (f"bundles/{name}",))

    def replay_bundle(self, rng: random.Random) -> Forgery:
        name, other = rng.sample(self.bundles, 2)
        shutil.rmtree(self.store / "bundles" / name)
        shutil.copytree(self.original / "bundles" / other, self.store / "bundles" / name)
        return Forgery(f"{other} put in place of {name}", (f"bundles/{name}",))

    def foreign_bundle(self, rng: random.Random) -> Forgery:
        theirs = rng.choice(sorted((self.foreign / "bundles").iterdir()))
        name = rng.choice([*self.bundles, f"{theirs.name}x"])
        shutil.rmtree(self.store / "bundles" / name, ignore_errors=True)
        shutil.copytree(theirs, self.store / "bundles" / name)
        return Forgery(f"another site's bundle as {name}", (f"bundles/{name}",))

    def swap_clips(self, rng: random.Random) -> Forgery:
        files = [p for p in self._files() if Path(p).name not in VOUCHERS]
        while True:
            one, two = rng.sample(files, 2)
            ours, theirs = (self.store / one).read_bytes(), (self.store / two).read_bytes()
            if ours != theirs:
                break
        (self.store / one).write_bytes(theirs)
        (self.store / two).write_bytes(ours)
        return Forgery(f"{one} and {two} exchanged", (one,))

    def remove_entry(self, rng: random.Random) -> Forgery:
        lines = self._chain()
        number = rng.randrange(len(lines) - 1)
        self._write_chain(lines[:number] + lines[number + 1 :])
        return Forgery(f"entry {number} removed", (f"chain.jsonl:{number + 1}",))

    def reorder(self, rng: random.Random) -> Forgery:
        lines = self._chain()
        one, two = sorted(rng.sample(range(len(lines)), 2))
        lines[one], lines[two] = lines[two], lines[one]
        self._write_chain(lines)
        return Forgery(f"entries {one} and {two} exchanged", (f"chain.jsonl:{one + 1}",))

    def repeat_entry(self, rng: random.Random) -> Forgery:
        lines = self._chain()
        number, at = rng.randrange(len(lines)), rng.randrange(1, len(lines) + 1)
        self._write_chain([*lines[:at], lines[number], *lines[at:]])
        return Forgery(f"entry {number} repeated at {at}", ("chain.jsonl:",))

    def cut_chain(self, rng: random.Random) -> Forgery:
        data = (self.store / "chain.jsonl").read_bytes()
        keep = rng.randrange(len(data))
        (self.store / "chain.jsonl").write_bytes(data[:keep])
        return Forgery(f"chain cut to {keep} bytes", ("head.json", "chain.jsonl:"))

    def replay_head(self, rng: random.Random) -> Forgery:
        (self.store / "head.json").write_bytes(self.older_head)
        return Forgery("older head", ("head.json",))

    def change_clock(self, rng: random.Random) -> Forgery:
        name = f"bundles/{rng.choice(self.bundles)}"
        shift = rng.choice([-1, 1]) * rng.randrange(1, 10_000_000)
        target = rng.choice(["manifest", "subject", "clip", "seal", "entry", "chain"])
        if target == "chain":
            lines = self._chain()
            number = rng.randrange(len(lines))
            lines[number] = _edited(lines[number], "t_ms", shift)
            self._write_chain(lines)
            return Forgery(f"t_ms of entry {number} by {shift}", (f"chain.jsonl:{number + 1}",))
        if target in {"seal", "entry"}:
            path = f"{name}/{target}.json"
            (self.store / path).write_bytes(_edited((self.store / path).read_bytes(), "t_ms", shift))
            return Forgery(f"t_ms of {path} by {shift}", (path,))
        manifest = self._manifest(name)
        if target == "manifest":
            manifest["sealed_ms"] += shift
        elif target == "subject":
            manifest["subject"]["start_ms"] += shift
        else:
            next(f for f in manifest["files"] if f["role"] == "original")["start_ms"] += shift
        field = {"manifest": "sealed_ms", "subject": "subject", "clip": "files"}[target]
        self._write_manifest(name, manifest)
        return Forgery(f"{field} of {name} by {shift}", (f"{name}/manifest.json",), field=field)

    def change_field(self, rng: random.Random) -> Forgery:
        name = f"bundles/{rng.choice(self.bundles)}"
        manifest = self._manifest(name)
        field = rng.choice(sorted(manifest))
        if rng.random() < 0.3:
            del manifest[field]
        else:
            value = rng.choice([None, "x", rng.randrange(1000), [], {"a": 1.5}])
            manifest[field] = value if value != manifest[field] else "other"
        self._write_manifest(name, manifest)
        return Forgery(f"{field} of {name}", (f"{name}/manifest.json",), field=field)

    def change_reading(self, rng: random.Random) -> Forgery:
        path = rng.choice([p for p in self._files() if p.endswith((".csv", "passage.json", "findings.jsonl"))])
        data = bytearray((self.store / path).read_bytes())
        digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
        at = rng.choice(digits)
        data[at] = 48 + (data[at] - 48 + rng.randrange(1, 10)) % 10
        (self.store / path).write_bytes(bytes(data))
        return Forgery(f"a digit at {at} of {path}", (path,))

    def reseal(self, rng: random.Random) -> Forgery:
        """Change a file and make manifest, seal and entry fit it, all signed by another site's key."""
        name = f"bundles/{rng.choice(self.bundles)}"
        key = self.foreign_keys.fingerprints[0]
        part = rng.choice(["seal", "entry", "both"])
        claim = rng.random() < 0.5
        for file in ("seal", "entry") if part == "both" else (part,):
            path = self.store / name / f"{file}.json"
            body = json.loads(path.read_bytes())["body"]
            path.write_bytes(self.foreign_keys.sign({**body, "key": key} if claim else body, key).raw)
        return Forgery(f"{part} of {name} by another key", (f"{name}/",))

    def resign_chain(self, rng: random.Random) -> Forgery:
        """The chain from some entry on, every link right, but signed by another key."""
        lines = self._chain()
        start, key = rng.randrange(len(lines)), self.foreign_keys.fingerprints[0]
        claim = rng.random() < 0.5
        previous = read_statement(lines[start], "gatewarden-chain/1").body["previous"]
        for number in range(start, len(lines)):
            body = {**json.loads(lines[number])["body"], "previous": previous}
            if claim:
                body["key"] = key
                if number == 0:
                    body["public_key"] = self.foreign_keys.public_key(key).hex()
            entry = self.foreign_keys.sign(body, key)
            lines[number], previous = entry.raw, entry.digest
        self._write_chain(lines)
        return Forgery(f"chain from {start} by another key", ("chain.jsonl",))

    def _files(self) -> list[str]:
        return sorted(p.relative_to(self.store).as_posix() for p in (self.store / "bundles").rglob("*") if p.is_file())

    def _flip(self, path: Path, rng: random.Random) -> int:
        data = bytearray(path.read_bytes())
        bit = rng.randrange(len(data) * 8)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(data))
        return bit

    def _chain(self) -> list[bytes]:
        return (self.store / "chain.jsonl").read_bytes().split(b"\n")[:-1]

    def _write_chain(self, lines: list[bytes]) -> None:
        (self.store / "chain.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))

    def _manifest(self, name: str) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.store / name / "manifest.json").read_bytes())
        return manifest

    def _write_manifest(self, name: str, manifest: dict[str, Any]) -> None:
        (self.store / name / "manifest.json").write_bytes(canonical_json(manifest).encode())


def _edited(statement: bytes, field: str, shift: int) -> bytes:
    """A statement with a number changed and its old signature kept."""
    whole = json.loads(statement)
    whole["body"][field] += shift
    return canonical_json(whole).encode()


def forger_at_work(directory: Path, clip: Path) -> tuple[Forger, str]:
    """A site's store of three bundles with acts in between, and a forger with another site's. The fingerprint."""
    store = new_store(directory)
    for number in range(3):
        store.seal(draft(number, clips_of(number, clip)), 1_793_500_100_000 + number)
        store.log_access("officer", "review", [store.bundles()[-1].number], 1_793_500_100_500 + number)
        if number == 1:
            older_head = (directory / "evidence" / "head.json").read_bytes()
            store.lock_case("case-1", "officer", [1], 1_793_500_100_600)
            store.rotate_key(1_793_500_100_700, 1000)
    other = directory / "other"
    foreign_keys = KeyRing(other / "keys")
    foreign = EvidenceStore(other / "evidence", foreign_keys, SITE)
    for number in range(2):
        foreign.seal(draft(number, clips_of(number, clip)), 1_793_500_100_000 + number)
    (directory / "evidence" / "lock").unlink()
    (directory / "evidence" / "staging").rmdir()
    first = json.loads((directory / "evidence" / "chain.jsonl").read_bytes().split(b"\n")[0])["body"]["key"]
    forger = Forger(directory / "evidence", older_head, other / "evidence", foreign_keys, directory / "forged")
    return forger, first
