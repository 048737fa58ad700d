"""Tickets registered while the gate runs."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.facts import canonical_json
from gate.tickets.book import TicketBook
from gate.tickets.registers import TicketFeed
from gate.tickets.ticket import Ticket, seal

KEY = Ed25519PrivateKey.generate()
PLATE = "晋A31567"


def line(number: int, key: Ed25519PrivateKey = KEY) -> str:
    ticket = Ticket(f"T-{number}", "east", PLATE, "煤", 30_000, 0, 0, 10**12)
    return canonical_json({"token": seal(ticket, key)}) + "\n"


def known(book: TicketBook) -> int:
    return len(book)


def test_lines_are_learnt_as_they_come_and_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    book = TicketBook(issuers=[KEY.public_key().public_bytes_raw().hex()])
    path = tmp_path / "tickets.jsonl"
    feed = TicketFeed(path, book)
    assert feed.look() == []
    second = line(2)
    path.write_text(line(1) + second[:20])
    assert feed.look() == []
    assert known(book) == 1
    with path.open("a") as file:
        file.write(second[20:])
    assert feed.look() == []
    assert known(book) == 2
    assert book.check_plate(5, PLATE, "east")[0].state == "valid"


def test_a_forged_line_is_told_and_the_rest_is_learnt(tmp_path: Path) -> None:
    book = TicketBook(issuers=[KEY.public_key().public_bytes_raw().hex()])
    path = tmp_path / "tickets.jsonl"
    path.write_text(line(1, Ed25519PrivateKey.generate()) + "no json\n" + line(2))
    faults = TicketFeed(path, book).look()
    assert len(faults) == 2
    assert str(path) in faults[0]
    assert known(book) == 1


def test_a_replaced_file_is_read_anew(tmp_path: Path) -> None:
    book = TicketBook(issuers=[KEY.public_key().public_bytes_raw().hex()])
    path = tmp_path / "tickets.jsonl"
    feed = TicketFeed(path, book)
    path.write_text(line(1) + line(2))
    feed.look()
    path.write_text(line(3))
    assert feed.look() == []
    assert known(book) == 3
