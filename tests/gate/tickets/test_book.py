import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.errors import TicketError
from gate.tickets.book import TicketBook, load_book
from gate.tickets.ticket import Void, seal
from tests.gate.tickets.test_ticket import ISSUER, KEY, NOON, TICKET

HOUR = 3_600_000


def book() -> TicketBook:
    return TicketBook([TICKET], issuers=(ISSUER,))


def test_a_good_ticket_is_valid() -> None:
    use = book().check(NOON + HOUR, "晋B·90210", "east-gate", seal(TICKET, KEY))
    assert (use.state, use.ticket, use.plate, use.tonnes) == ("valid", "T-000042", "晋B90210", 32.0)


@pytest.mark.parametrize(
    ("t_ms", "plate", "site", "state"),
    [
        (NOON - 1, "晋B90210", "east-gate", "not_yet_valid"),
        (NOON, "晋B90210", "east-gate", "valid"),
        (NOON + 24 * HOUR - 1, "晋B90210", "east-gate", "valid"),
        (NOON + 24 * HOUR, "晋B90210", "east-gate", "expired"),
        (NOON, "晋B11111", "east-gate", "other_plate"),
        (NOON, "", "east-gate", "valid"),
        (NOON, "晋B90210", "west-gate", "other_site"),
    ],
)
def test_when_where_and_for_whom(t_ms: int, plate: str, site: str, state: str) -> None:
    assert book().check(t_ms, plate, site, seal(TICKET, KEY)).state == state


def test_a_ticket_the_register_has_not_heard_of_is_as_good_as_its_signature() -> None:
    fresh = TicketBook(issuers=(ISSUER,))
    assert fresh.check(NOON, "晋B90210", "east-gate", seal(TICKET, KEY)).state == "valid"
    assert [u.state for u in fresh.check_plate(NOON, "晋B90210", "east-gate")] == ["valid"]


def test_a_forged_or_foreign_text_is_told_apart() -> None:
    forged = seal(TICKET, Ed25519PrivateKey.generate())
    use = book().check(NOON, "晋B90210", "east-gate", forged)
    assert (use.state, use.ticket) == ("bad_signature", "T-000042")
    assert book().check(NOON, "晋B90210", "east-gate", "https://example.com").state == "unknown"


def test_a_ticket_is_used_once() -> None:
    held = book()
    held.use("T-000042", NOON + HOUR, "east-gate-1")
    held.use("T-000042", NOON + 2 * HOUR, "east-gate-2")
    use = held.check(NOON + 3 * HOUR, "晋B90210", "east-gate", seal(TICKET, KEY))
    assert use.state == "used"
    assert "east-gate-1" in use.detail
    assert held.uses()["T-000042"].passage == "east-gate-1"


def test_a_void_ticket_is_void_from_its_time_on() -> None:
    held = book()
    held.add(seal(Void("T-000042", NOON + HOUR, "煤质不符"), KEY))
    assert held.check(NOON, "晋B90210", "east-gate", seal(TICKET, KEY)).state == "valid"
    use = held.check(NOON + HOUR, "晋B90210", "east-gate", seal(TICKET, KEY))
    assert use.state == "void"
    assert "煤质不符" in use.detail


def test_of_several_tickets_the_valid_one_that_ends_first_counts() -> None:
    later = replace(TICKET, id="T-2", until_ms=NOON + 48 * HOUR, issued_ms=NOON + HOUR)
    held = TicketBook([later, TICKET], issuers=(ISSUER,))
    assert [u.ticket for u in held.check_plate(NOON, "晋B90210", "east-gate")] == ["T-000042"]
    held.use("T-000042", NOON, "p")
    assert [u.ticket for u in held.check_plate(NOON, "晋B90210", "east-gate")] == ["T-2"]
    held.use("T-2", NOON, "q")
    assert [(u.ticket, u.state) for u in held.check_plate(NOON, "晋B90210", "east-gate")] == [("T-2", "used")]
    assert held.check_plate(NOON, "晋C00000", "east-gate") == ()


def test_a_register_is_loaded_and_its_bad_lines_named(tmp_path: Path) -> None:
    path = tmp_path / "tickets.jsonl"
    lines = [
        json.dumps({"token": seal(TICKET, KEY)}),
        "",
        "{",
        '{"token": 5}',
        json.dumps({"token": seal(TICKET, Ed25519PrivateKey.generate())}),
        json.dumps({"token": seal(Void("T-000042", NOON), KEY), "note": "更正"}),
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    held, faults = load_book(path, (ISSUER,))
    assert len(held) == 1
    assert [f.line for f in faults] == [3, 4, 5]
    assert held.check_plate(NOON, "晋B90210", "east-gate")[0].state == "void"
    with pytest.raises(TicketError, match="absent"):
        load_book(tmp_path / "absent", (ISSUER,))
