"""`gatewarden tickets`: keys, issue, delivery, check, void and the ledger of lift tickets."""

import dataclasses
import json
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from gate.errors import TicketError
from gate.tickets.book import load_book
from gate.tickets.code import code_text, save_code
from gate.tickets.keys import load_key, make_key, public_hex
from gate.tickets.ledger import Entry, Ledger
from gate.tickets.orders import parse_time, read_orders
from gate.tickets.ticket import Ticket
from gate.tickets.vehicles import load_vehicles

app = typer.Typer(no_args_is_help=True)
LedgerFile = Annotated[Path, typer.Option("--ledger", help="The ledger (SQLite), made where it is missing.")]
KeyFile = Annotated[Path, typer.Option("--key", help="The issuing office's private key.")]
Who = Annotated[str, typer.Option("--who", help="Who does this, for the history.")]
Zone = Annotated[str, typer.Option("--timezone", help="Of times given without an offset.")]
Id = Annotated[str, typer.Argument(help="The ticket's id.")]
_LEDGER, _KEY = Path("tickets.sqlite"), Path("issuer.pem")


@app.command()
def keygen(path: Annotated[Path, typer.Argument(help="Where to write the private key.")] = _KEY) -> None:
    """Make an issuer's key; prints the public key for the site file's registers.issuers."""
    _say({"key": str(path), "issuer": public_hex(make_key(path))})


@app.command()
def issue(
    *,
    site: Annotated[str, typer.Option(help="Id of the site the tickets are for.")],
    product: Annotated[str, typer.Option(help="What may be loaded.")],
    tonnes: Annotated[float, typer.Option(min=0.001, max=200, help="Weight of one load.")],
    until: Annotated[
        str, typer.Option(help="When they end, such as '2026-11-02 08:00'; a date alone lasts to its end.")
    ],
    start: Annotated[str, typer.Option("--from", help="When they begin; now where not given.")] = "",
    plate: Annotated[str, typer.Option(help="Deliver the ticket to this truck at once.")] = "",
    buyer: Annotated[str, typer.Option(help="Who the load goes to.")] = "",
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many; with --plate, one.")] = 1,
    ledger: LedgerFile = _LEDGER,
    key: KeyFile = _KEY,
    who: Who = "office",
    timezone: Zone = "Asia/Shanghai",
) -> None:
    """Issue tickets to a site; prints one JSON line each, with its token once it has a plate."""
    if plate and count > 1:
        raise typer.BadParameter("--plate takes one ticket; leave --count out")
    now_ms, zone = _now_ms(), ZoneInfo(timezone)
    from_ms = parse_time(start, zone) if start else now_ms
    until_ms = parse_time(until, zone, through=True)
    template = Ticket("", site, "", product, round(tonnes * 1000), now_ms, from_ms, until_ms, buyer)
    signer = load_key(key) if plate else None
    with closing(Ledger(ledger)) as book:
        for id_ in book.issue(template, count, who=who):
            _say(_public(book.deliver(id_, plate, signer, now_ms, who=who) if signer else book.entry(id_)))


@app.command()
def deliver(id_: Id, plate: str, ledger: LedgerFile = _LEDGER, key: KeyFile = _KEY, who: Who = "office") -> None:
    """Give a ticket on hand to a truck; prints it with its signed token."""
    with closing(Ledger(ledger)) as book:
        _say(_public(book.deliver(id_, plate, load_key(key), _now_ms(), who=who)))


@app.command()
def use(
    id_: Id,
    passage: Annotated[str, typer.Option(help="The passage it was used in.")] = "by hand",
    ledger: LedgerFile = _LEDGER,
    who: Who = "gate",
) -> None:
    """Note that a ticket carried its load."""
    with closing(Ledger(ledger)) as book:
        book.use(id_, _now_ms(), passage, who=who)
        _say(_public(book.entry(id_)))


@app.command()
def recover(id_: Id, ledger: LedgerFile = _LEDGER, who: Who = "office") -> None:
    """Note that a used ticket came back."""
    with closing(Ledger(ledger)) as book:
        book.recover(id_, _now_ms(), who=who)
        _say(_public(book.entry(id_)))


@app.command()
def void(
    id_: Id,
    reason: Annotated[str, typer.Option(help="Why.")],
    ledger: LedgerFile = _LEDGER,
    key: KeyFile = _KEY,
    who: Who = "office",
) -> None:
    """Void a ticket that carried nothing; prints the signed notice for the gates' registers."""
    with closing(Ledger(ledger)) as book:
        _say({"token": book.void(id_, load_key(key), _now_ms(), reason, who=who)})


@app.command()
def check(
    token: Annotated[str, typer.Argument(help="What the code says, or a picture of it (PNG, JPEG).")],
    *,
    issuer: Annotated[list[str], typer.Option(help="Public key whose tickets count; repeatable.")],
    site: Annotated[str, typer.Option(help="The site it is shown at.")],
    plate: Annotated[str, typer.Option(help="The truck that shows it.")] = "",
    register: Annotated[Path | None, typer.Option(help="The gate's register of tickets (JSON lines).")] = None,
    at: Annotated[str, typer.Option(help="When; now where not given.")] = "",
    timezone: Zone = "Asia/Shanghai",
) -> None:
    """What a ticket is worth, without a network. Exit status 0 only when it is valid."""
    book, faults = load_book(register, issuer)
    for fault in faults:
        print(f"{register}:{fault.line}: {fault.reason}", file=sys.stderr)  # noqa: T201
    t_ms = parse_time(at, ZoneInfo(timezone)) if at else _now_ms()
    answer = book.check(t_ms, plate, site, _token(token))
    _say(dataclasses.asdict(answer))
    raise typer.Exit(0 if answer.state == "valid" else 1)


@app.command("list")
def list_(
    site: Annotated[str, typer.Option(help="Only of this site.")] = "",
    state: Annotated[list[str] | None, typer.Option(help="on_hand, delivered, used, recovered, void.")] = None,
    ledger: LedgerFile = _LEDGER,
) -> None:
    """Tickets in the ledger, one JSON line each."""
    with closing(Ledger(ledger)) as book:
        for entry in book.entries(site, state or ()):
            _say(_public(entry))


@app.command()
def register(site: Annotated[str, typer.Option()] = "", ledger: LedgerFile = _LEDGER) -> None:
    """What a gate's register of tickets must hold: every signed ticket and void notice, one JSON line each."""
    with closing(Ledger(ledger)) as book:
        for token in book.tokens(site):
            _say({"token": token})


@app.command("ledger")
def ledger_(
    site: Annotated[str, typer.Option(help="Only of this site.")] = "",
    history: Annotated[bool, typer.Option(help="Every change of state as well.")] = False,
    ledger: LedgerFile = _LEDGER,
) -> None:
    """The sums, proven against the history. Exit status 1 when they do not add up."""
    with closing(Ledger(ledger)) as book:
        for change in book.history() if history else ():
            _say(dataclasses.asdict(change))
        balance, faults = book.balance(site), book.check()
    _say(dataclasses.asdict(balance) | {"adds_up": balance.adds_up and not faults})
    for fault in faults:
        print(fault, file=sys.stderr)  # noqa: T201
    raise typer.Exit(1 if faults else 0)


@app.command("import")
def import_(
    orders: Annotated[Path, typer.Argument(help="Orders, one row a ticket: CSV (UTF-8 or GBK) or .xlsx.")],
    *,
    ledger: LedgerFile = _LEDGER,
    key: KeyFile = _KEY,
    who: Who = "office",
    timezone: Zone = "Asia/Shanghai",
    partial: Annotated[bool, typer.Option(help="Issue the good rows although others are wrong.")] = False,
) -> None:
    """Issue and deliver a table of orders; rows that are wrong are named on stderr, and then none is issued."""
    now_ms = _now_ms()
    read = read_orders(orders, now_ms, timezone)
    for fault in read.faults:
        print(f"{orders}: {fault}", file=sys.stderr)  # noqa: T201
    if read.faults and not partial:
        raise typer.Exit(1)
    signer = load_key(key)
    with closing(Ledger(ledger)) as book:
        for ticket in read.tickets:
            (id_,) = book.issue(ticket, 1, who=who)
            _say(_public(book.deliver(id_, ticket.plate, signer, now_ms, who=who)))
    raise typer.Exit(1 if read.faults else 0)


@app.command()
def vehicles(path: Annotated[Path, typer.Argument(help="A register of vehicles: CSV or .xlsx.")]) -> None:
    """Check a register of vehicles; rows that are wrong are named on stderr. Exit status 1 when there are any."""
    known, faults = load_vehicles(path)
    for fault in faults:
        print(f"{path}: {fault}", file=sys.stderr)  # noqa: T201
    _say({"vehicles": len(known), "rows_refused": len(faults)})
    raise typer.Exit(1 if faults else 0)


@app.command()
def code(
    id_: Id,
    out: Annotated[Path | None, typer.Option(help="PNG or SVG file; shown in the terminal where not given.")] = None,
    ledger: LedgerFile = _LEDGER,
) -> None:
    """The QR code of a delivered ticket."""
    with closing(Ledger(ledger)) as book:
        token = book.entry(id_).token
    if not token:
        raise TicketError(f"ticket {id_} is on hand; it gets its code when it is delivered to a truck")
    if out is None:
        print(code_text(token))  # noqa: T201
    else:
        save_code(token, out)


def _token(text: str) -> str:
    path = Path(text)
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        return text
    import cv2

    from gate.tickets.code import read_codes

    picture = cv2.imread(str(path))
    if picture is None:
        raise TicketError(f"{path}: cannot be read as a picture")
    found = read_codes(picture)
    if len(found) != 1:
        raise TicketError(f"{path}: expected one ticket's code, found {len(found)}")
    return found[0]


def _public(entry: Entry) -> dict[str, Any]:
    return dataclasses.asdict(entry)


def _say(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False))  # noqa: T201


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
