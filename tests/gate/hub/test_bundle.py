"""The built pages in the repository belong to the sources beside them."""

import hashlib
from pathlib import Path

WEB = Path(__file__).parents[3] / "gate" / "hub" / "web"
SINGLE = ("index.html", "package.json", "package-lock.json", "vite.config.ts", "postcss.config.mjs", "tsconfig.json")


def test_the_bundle_is_built_from_these_sources() -> None:
    paths = [WEB / name for name in SINGLE]
    paths += [p for folder in ("public", "src") for p in (WEB / folder).rglob("*") if p.is_file()]
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda p: p.relative_to(WEB).as_posix()):
        digest.update(f"{path.relative_to(WEB).as_posix()}\n".encode() + path.read_bytes() + b"\n")
    stamped = (WEB / "dist" / "sources.sha256").read_text().strip()
    assert digest.hexdigest() == stamped, "the sources changed: run `npm ci && npm run build` in gate/hub/web"


def test_the_bundle_is_whole() -> None:
    page = (WEB / "dist" / "index.html").read_text()
    for name in page.split('"'):
        if name.startswith("/"):
            assert (WEB / "dist" / name[1:]).is_file(), name


def test_no_address_of_a_registry_is_kept() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text()
