import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from gate.errors import TicketError
from gate.tickets.book import TicketBook
from gate.tickets.ledger import Ledger
from tests.gate.tickets.test_ticket import ISSUER, KEY, NOON, TICKET

TEMPLATE = replace(TICKET, id="", plate="")


def test_a_ticket_runs_its_course() -> None:
    ledger = Ledger(":memory:")
    (id_,) = ledger.issue(TEMPLATE, 1, who="office")
    entry = ledger.deliver(id_, "晋B·90210", KEY, NOON + 5, who="clerk")
    book = TicketBook(issuers=(ISSUER,))
    assert book.check(NOON, "晋B90210", "east-gate", entry.token).state == "valid"
    ledger.use(id_, NOON + 10, "east-gate-1")
    ledger.recover(id_, NOON + 20, who="clerk")
    assert [c.after for c in ledger.history(id_)] == ["on_hand", "delivered", "used", "recovered"]
    assert ledger.balance().recovered == 1
    assert ledger.check() == []
    ledger.close()


def test_a_void_ticket_leaves_a_notice_for_the_gates() -> None:
    ledger = Ledger(":memory:")
    first, second = ledger.issue(TEMPLATE, 2, who="office")
    ledger.deliver(first, "晋B90210", KEY, NOON, who="clerk")
    ledger.void(first, KEY, NOON + 1000, "打印错误", who="office")
    ledger.void(second, KEY, NOON + 1000, "不再需要", who="office")
    book = TicketBook(issuers=(ISSUER,))
    for token in ledger.tokens():
        book.add(token)
    assert [u.state for u in book.check_plate(NOON + 2000, "晋B90210", "east-gate")] == ["void"]
    assert len(ledger.tokens("west-gate")) == 0
    ledger.close()


FORBIDDEN: dict[str, Callable[[Ledger, str], object]] = {
    "use before delivery": lambda ledger, id_: ledger.use(id_, NOON, "p"),
    "recover before use": lambda ledger, id_: ledger.recover(id_, NOON, who="clerk"),
    "void without a reason": lambda ledger, id_: ledger.void(id_, KEY, NOON, " ", who="office"),
    "use an unknown ticket": lambda ledger, _: ledger.use("T99", NOON, "p"),
    "deliver to no plate": lambda ledger, id_: ledger.deliver(id_, "", KEY, NOON, who="clerk"),
}


@pytest.mark.parametrize("step", FORBIDDEN)
def test_what_cannot_be_is_refused_and_changes_nothing(step: str) -> None:
    ledger = Ledger(":memory:")
    (id_,) = ledger.issue(TEMPLATE, 1, who="office")
    before = (ledger.balance(), ledger.history())
    with pytest.raises(TicketError):
        FORBIDDEN[step](ledger, id_)
    assert (ledger.balance(), ledger.history()) == before
    ledger.close()


def test_a_ticket_is_delivered_and_used_once_and_then_not_void() -> None:
    ledger = Ledger(":memory:")
    (id_,) = ledger.issue(TEMPLATE, 1, who="office")
    ledger.deliver(id_, "晋B90210", KEY, NOON, who="clerk")
    with pytest.raises(TicketError, match="is delivered"):
        ledger.deliver(id_, "晋B90211", KEY, NOON, who="clerk")
    ledger.use(id_, NOON, "p")
    with pytest.raises(TicketError, match="is used"):
        ledger.use(id_, NOON, "q")
    with pytest.raises(TicketError, match="is used"):
        ledger.void(id_, KEY, NOON, "x", who="office")
    assert ledger.entry(id_).plate == "晋B90210"
    ledger.close()


def test_the_history_cannot_be_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    ledger.issue(TEMPLATE, 3, who="office")
    ledger.close()
    with sqlite3.connect(path) as db:
        for statement in ("UPDATE change SET who = 'x'", "DELETE FROM change", "DELETE FROM ticket"):
            with pytest.raises(sqlite3.IntegrityError, match="kept"):
                db.execute(statement)
    db.close()


def test_a_state_changed_behind_the_ledgers_back_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    (id_,) = ledger.issue(TEMPLATE, 1, who="office")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE ticket SET state = 'used' WHERE id = ?", (id_,))
    db.close()
    assert any("history says" in fault for fault in ledger.check())
    ledger.close()


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("not a database, but long enough to be looked at as one" * 50)
    with pytest.raises(TicketError, match=r"note\.txt"):
        Ledger(path)


class Office(RuleBasedStateMachine):
    """Any order of changes: what is refused changes nothing, and the sums hold after every step."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(":memory:")
        self.now_ms = NOON

    def teardown(self) -> None:
        assert self.ledger.check() == []
        self.ledger.close()

    @rule(target=tickets, count=st.integers(1, 4), site=st.sampled_from(["east-gate", "west-gate"]))
    def issue(self, count: int, site: str) -> object:
        return multiple(*self.ledger.issue(replace(TEMPLATE, site=site), count, who="office"))

    @rule(ticket=tickets, step=st.sampled_from(["deliver", "use", "recover", "void"]))
    def change(self, ticket: str, step: str) -> None:
        self.now_ms += 1000
        before = self.ledger.entry(ticket).state
        allowed = {
            "deliver": ("on_hand",),
            "use": ("delivered",),
            "recover": ("used",),
            "void": ("on_hand", "delivered"),
        }
        try:
            match step:
                case "deliver":
                    self.ledger.deliver(ticket, "晋B90210", KEY, self.now_ms, who="clerk")
                case "use":
                    self.ledger.use(ticket, self.now_ms, "passage")
                case "recover":
                    self.ledger.recover(ticket, self.now_ms, who="clerk")
                case _:
                    self.ledger.void(ticket, KEY, self.now_ms, "reason", who="office")
        except TicketError:
            assert before not in allowed[step]
            assert self.ledger.entry(ticket).state == before
        else:
            assert before in allowed[step]

    @invariant()
    def sums_hold(self) -> None:
        whole = self.ledger.balance()
        parts = [self.ledger.balance(site) for site in ("east-gate", "west-gate")]
        assert whole.adds_up
        assert all(p.adds_up for p in parts)
        assert whole.issued == sum(p.issued for p in parts)


Office.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestOffice = Office.TestCase
