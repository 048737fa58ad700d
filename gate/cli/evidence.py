"""`gatewarden evidence`: verify, list, export and keep evidence, and look after the keys that sign it."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gate.errors import EvidenceError
from gate.evidence import EvidenceStore, KeyRing
from gate.evidence.bundle import MANIFEST_FILE
from gate.evidence.chain import CHAIN_FILE, chain_lines
from gate.evidence.keys import from_paper, on_paper
from gate.evidence.lineage import CHAIN_FORMAT
from gate.evidence.report import Report, Standing
from gate.evidence.statement import read_statement

app = typer.Typer(no_args_is_help=True)
keys_app = typer.Typer(no_args_is_help=True)
app.add_typer(keys_app, name="keys", help="Show, rotate or revoke the keys that sign evidence.")

_err = Console(stderr=True)
_DAY_MS = 86_400_000
StoreDirectory = Annotated[Path, typer.Argument(metavar="STORE", help="The evidence folder of a site.")]
KeyDirectory = Annotated[
    Path | None,
    typer.Option("--keys", metavar="DIR", help="The private keys; the folder 'keys' beside STORE unless given."),
]
Who = Annotated[str, typer.Option("--who", help="Who does this; it is written into the chain.")]
Language = Annotated[str, typer.Option("--language", help="zh or en.")]


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A bundle, a whole store, or an exported case.")],
    *,
    fingerprint: Annotated[str | None, typer.Option(help="Of the site's key, as it stands on paper.")] = None,
    receipts: Annotated[
        Path | None, typer.Option(help="Receipts the hub gave out for this site, one JSON text per line.")
    ] = None,
    time_roots: Annotated[Path | None, typer.Option(help="PEM certificates of time servers to trust.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole report as JSON.")] = False,
    language: Language = "en",
) -> None:
    """Prove evidence with nothing but its files: exit 0 valid, 3 valid but incomplete, 1 tampered, 2 wrong use."""
    from gate.evidence.timestamp import load_roots
    from gate.evidence.verify import verify as verify_path

    try:
        name = from_paper(fingerprint) if fingerprint is not None else None
        known = receipts.read_text("utf-8").splitlines() if receipts else []
        report = verify_path(path, name, known, load_roots(time_roots) if time_roots else ())
    except (EvidenceError, OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error)) from error
    try:
        if as_json:
            typer.echo(json.dumps(report.to_json(), ensure_ascii=False))
        else:
            _tell(report, language)
        sys.stdout.flush()
    except BrokenPipeError:  # who read the first lines only still gets the answer's own exit status
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    raise typer.Exit(int(report.standing))


@app.command("list")
def list_bundles(store: StoreDirectory, keys: KeyDirectory = None) -> None:
    """One JSON line per bundle the store holds."""
    opened = _open(store, keys)
    for bundle in opened.bundles():
        line = {"number": bundle.number, "id": bundle.id, "sealed_ms": bundle.sealed_ms, "manifest": bundle.manifest}
        typer.echo(json.dumps({**line, "path": str(store / "bundles" / bundle.name)}, ensure_ascii=False))


@app.command()
def export(
    store: StoreDirectory,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.zip", help="The archive to write.")],
    case: Annotated[str, typer.Option(help="Number or name of the case.")],
    who: Who,
    purpose: Annotated[str, typer.Option(help="What it is for; it is written into the chain.")],
    passage: Annotated[
        list[str], typer.Option(help="Passage id or number of the bundle's chain entry; may be given several times.")
    ],
    title: Annotated[str, typer.Option(help="Shown to people who open it.")] = "",
    keys: KeyDirectory = None,
    language: Language = "zh",
) -> None:
    """Several passages in one archive with a viewer inside, for a computer without network."""
    from gate.evidence.case import CaseDraft, export_case

    opened = _open(store, keys)
    draft = CaseDraft(case, who, purpose, _numbers(opened, passage), title, language)
    with _err.status("export"):
        export_case(opened, draft, out, _now_ms())
    typer.echo(json.dumps({"archive": str(out), "bundles": sorted(set(draft.bundles))}))


@app.command()
def look(
    store: StoreDirectory,
    passage: Annotated[str, typer.Argument(help="Passage id or number of the bundle's chain entry.")],
    who: Who,
    purpose: Annotated[str, typer.Option(help="What for; it is written into the chain.")],
    keys: KeyDirectory = None,
) -> None:
    """What a bundle says and where its files lie, as JSON; that you looked is written into the chain first."""
    opened = _open(store, keys)
    numbers = _numbers(opened, [passage])
    opened.log_access(who, purpose, numbers, _now_ms())
    for number in numbers:
        path = opened.bundle_path(number)
        manifest = json.loads((path / MANIFEST_FILE).read_bytes())
        shown = {name: manifest[name] for name in ("subject", "findings", "cameras", "clock", "gaps", "software")}
        files = [str(path / f["path"]) for f in manifest["files"]]
        typer.echo(json.dumps({"number": number, **shown, "files": files}, ensure_ascii=False))


@app.command()
def slip(
    store: StoreDirectory,
    passage: Annotated[str, typer.Argument(help="Passage id or number of the bundle's chain entry.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.pdf", help="The PDF to write.")],
    who: Who,
    timezone: Annotated[str, typer.Option(help="Of the times on it.")] = "Asia/Shanghai",
    keys: KeyDirectory = None,
) -> None:
    """Print a weighing slip again from its evidence; that it was printed again is written into the chain."""
    from gate.sealing.slips import print_slip

    opened = _open(store, keys)
    number = _numbers(opened, [passage])[-1]
    path = opened.bundle_path(number)
    typer.echo(json.dumps({"slip": str(print_slip(path, timezone, out)), "number": number}))
    opened.log_access(who, "slip printed again", [number], _now_ms())


@app.command()
def take(
    site_file: Annotated[Path, typer.Argument(metavar="SITE.yaml", help="The site file of a running site.")],
    *,
    start: Annotated[str, typer.Option("--from", help="When it begins, such as '2026-11-02 08:00:30'.")],
    end: Annotated[str, typer.Option("--to", help="When it ends; an hour later at most.")],
    who: Who,
    purpose: Annotated[str, typer.Option(help="What for; it is written into the chain.")],
) -> None:
    """Seal what all cameras of a site recorded at one time, whatever passed; `export` puts it into a case."""
    from zoneinfo import ZoneInfo

    from gate.sealing.stretch import seal_stretch
    from gate.site import load_site
    from gate.tickets.orders import parse_time

    site = load_site(site_file)
    directory, zone, now_ms = site_file.parent / site.store.directory, ZoneInfo(site.timezone), _now_ms()
    if not (directory / "keys").is_dir():
        raise typer.BadParameter(f"{directory}: this site has not run yet")
    store = EvidenceStore(directory / "evidence", KeyRing(directory / "keys"), site.id)
    with _err.status("cut and seal"):
        span_ms = (parse_time(start, zone), parse_time(end, zone))
        sealed = seal_stretch(site, directory, store, span_ms, now_ms)
    store.log_access(who, purpose, [sealed.number], now_ms)
    typer.echo(json.dumps({"number": sealed.number, "id": sealed.id, "path": str(sealed.path)}, ensure_ascii=False))


@app.command()
def lock(
    store: StoreDirectory,
    case: Annotated[str, typer.Option(help="The case that needs the bundles.")],
    who: Who,
    passage: Annotated[list[str], typer.Option(help="Passage id or number of the bundle's chain entry.")],
    keys: KeyDirectory = None,
) -> None:
    """Keep bundles from being deleted while a case needs them."""
    opened = _open(store, keys)
    opened.lock_case(case, who, _numbers(opened, passage), _now_ms())


@app.command()
def unlock(
    store: StoreDirectory,
    case: Annotated[str, typer.Option(help="The case that needs them no longer.")],
    who: Who,
    reason: Annotated[str, typer.Option(help="Why; it is written into the chain.")],
    keys: KeyDirectory = None,
) -> None:
    """Lift a case's lock."""
    _open(store, keys).unlock_case(case, who, reason, _now_ms())


@app.command()
def retain(
    store: StoreDirectory,
    days: Annotated[float, typer.Option(min=0, help="Keep bundles that ended within so many days.")],
    reason: Annotated[str, typer.Option(help="Why; it is written into the chain.")] = "retention",
    keys: KeyDirectory = None,
) -> None:
    """Delete what is older and under no lock; a signed tombstone stays of each bundle."""
    now_ms = _now_ms()
    for bundle in _open(store, keys).retain(now_ms - int(days * _DAY_MS), now_ms, reason):
        typer.echo(json.dumps({"number": bundle.number, "id": bundle.id, "manifest": bundle.manifest}))


@keys_app.command("show")
def show_keys(store: StoreDirectory, keys: KeyDirectory = None) -> None:
    """The fingerprint to write down on paper."""
    opened = _open(store, keys)
    typer.echo(json.dumps({"site": opened.site, "fingerprint": opened.fingerprint}))
    _err.print(on_paper(opened.fingerprint), highlight=False)


@keys_app.command("rotate")
def rotate_key(
    store: StoreDirectory,
    overlap_days: Annotated[float, typer.Option(min=0, help="How long the old key may still sign.")] = 7,
    keys: KeyDirectory = None,
) -> None:
    """Make a new key, vouched for by the old one, that signs from now on."""
    new = _open(store, keys).rotate_key(_now_ms(), int(overlap_days * _DAY_MS))
    typer.echo(json.dumps({"fingerprint": new}))
    _err.print(on_paper(new), highlight=False)


@keys_app.command("revoke")
def revoke_key(
    store: StoreDirectory,
    key: Annotated[str, typer.Option(help="Fingerprint of the key that is good no longer.")],
    reason: Annotated[str, typer.Option(help="Why; it is written into the chain.")],
    since_ms: Annotated[int | None, typer.Option(help="UTC ms since when it is in doubt; now unless given.")] = None,
    keys: KeyDirectory = None,
) -> None:
    """Declare a key bad and destroy it here; what it signed since then is reported as doubtful."""
    now_ms = _now_ms()
    opened = _open(store, keys)
    opened.revoke_key(from_paper(key), now_ms if since_ms is None else since_ms, reason, now_ms)
    typer.echo(json.dumps({"fingerprint": opened.fingerprint}))


def _open(store: Path, keys: Path | None) -> EvidenceStore:
    """The store as its own chain describes it."""
    chain = store / CHAIN_FILE
    first = next(chain_lines(chain), None) if chain.exists() else None
    if first is None:
        raise typer.BadParameter(f"{store}: holds no evidence")
    site = str(read_statement(first, CHAIN_FORMAT).body["site"])
    ring = keys or store.parent / "keys"
    if not ring.is_dir():
        raise typer.BadParameter(f"{ring}: no folder with the site's keys; name it with --keys")
    return EvidenceStore(store, KeyRing(ring), site)


def _numbers(store: EvidenceStore, wanted: list[str]) -> tuple[int, ...]:
    """Bundles by passage id (all of that passage) or by number."""
    numbers: list[int] = []
    for text in wanted:
        found = [b.number for b in store.bundles() if b.id == text or str(b.number) == text]
        if not found:
            raise typer.BadParameter(f"{text}: no such passage or bundle in this store")
        numbers += found
    return tuple(numbers)


def _tell(report: Report, language: str) -> None:
    sayings = {
        Standing.VALID: ("有效", "VALID"),
        Standing.INCOMPLETE: ("有效但不完整", "VALID BUT INCOMPLETE"),
        Standing.TAMPERED: ("被篡改", "TAMPERED"),
    }
    zh, en = sayings[report.standing]
    typer.echo(zh if language == "zh" else en)
    typer.echo(
        f"{report.kind} · {report.site} · {report.bundles} bundles · {report.files} files · {report.bytes} bytes"
    )
    typer.echo(f"fingerprint {on_paper(report.fingerprint)}")
    for problem in report.problems:
        typer.echo(f"{problem.level}: {problem.say(language)}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
