from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import TicketError
from gate.tickets import base45
from gate.tickets.ticket import BadSignatureError, Ticket, Void, check_issuers, normal_plate, seal, unseal

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ISSUER = KEY.public_key().public_bytes_raw().hex()
NOON = 1_793_000_000_000
TICKET = Ticket("T-000042", "east-gate", "晋B90210", "原煤", 32_000, NOON, NOON, NOON + 86_400_000, "临汾电厂")

texts = st.text(min_size=1, max_size=12)
seconds = st.integers(0, 2**32).map(lambda s: s * 1000)
tickets = st.builds(Ticket, texts, texts, texts, texts, st.integers(1, 10**6), seconds, seconds, seconds, texts).filter(
    lambda t: t.from_ms < t.until_ms
)


@pytest.mark.parametrize(("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581")])
def test_base45_is_that_of_the_rfc(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@given(st.binary(max_size=200))
def test_base45_comes_back(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@pytest.mark.parametrize("text", ["A", "GGW", ":::", "ab0", "ÄÄÄ", "ZZ"])
def test_base45_refuses_what_it_does_not_write(text: str) -> None:
    with pytest.raises(ValueError, match="base45"):
        base45.decode(text)


@given(tickets)
def test_a_ticket_comes_back_as_it_was_signed(ticket: Ticket) -> None:
    signed = unseal(seal(ticket, KEY), (ISSUER,))
    assert signed.content == ticket
    assert signed.issuer == ISSUER


@given(texts, seconds, st.text(max_size=12))
def test_a_void_notice_comes_back(ticket: str, t_ms: int, reason: str) -> None:
    assert unseal(seal(Void(ticket, t_ms, reason), KEY), (ISSUER,)).content == Void(ticket, t_ms, reason)


@given(st.data())
def test_no_changed_token_is_accepted(data: st.DataObject) -> None:
    token = seal(TICKET, KEY)
    raw = bytearray(base45.decode(token[4:]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(TicketError):
        unseal("GW1:" + base45.encode(bytes(raw)), (ISSUER,))


@given(st.text() | st.text(alphabet=base45.ALPHABET).map(lambda t: "GW1:" + t))
def test_any_text_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(TicketError):
        unseal(text, (ISSUER,))


def test_another_issuer_is_told_apart() -> None:
    other = Ed25519PrivateKey.generate()
    with pytest.raises(BadSignatureError) as caught:
        unseal(seal(TICKET, other), (ISSUER,))
    assert caught.value.content == TICKET


def test_a_token_fits_a_small_code() -> None:
    assert len(seal(TICKET, KEY)) < 250


@pytest.mark.parametrize(
    "change",
    [{"kg": 0}, {"kg": 10**7}, {"plate": ""}, {"until_ms": NOON}, {"product": "煤" * 30}, {"issued_ms": -5000}],
)
def test_a_ticket_that_cannot_be_is_not_signed(change: dict[str, object]) -> None:
    with pytest.raises(TicketError):
        seal(replace(TICKET, **change), KEY)  # type: ignore[arg-type]


def test_a_wrong_issuer_key_is_named() -> None:
    with pytest.raises(TicketError, match="64 hex digits"):
        check_issuers(("abcd",))


@pytest.mark.parametrize("text", ["晋B·90210", " 晋b90210 ", "晋B-90210", "晋Ｂ９０２１０"])
def test_plates_are_compared_without_their_dress(text: str) -> None:
    assert normal_plate(text) == "晋B90210"
