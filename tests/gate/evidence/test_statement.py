"""Signed statements: one text each, and a signature over exactly what stands there."""

import contextlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import EvidenceError
from gate.evidence.statement import read_statement, sign

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
FORM = "test/1"
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.text(max_size=8), values, max_size=5).map(lambda d: {**d, "format": FORM})


@given(bodies)
def test_what_was_signed_reads_back(body: dict[str, object]) -> None:
    try:
        written = sign(body, KEY)
    except UnicodeEncodeError:
        return  # a lone surrogate has no UTF-8 and cannot be signed
    read = read_statement(written.raw, FORM)
    assert read.signed_by(PUBLIC)
    assert read.digest == written.digest
    assert sign(read.body, KEY).raw == written.raw


@given(bodies.filter(lambda b: "\\ud" not in ascii(b)), st.data())
def test_any_changed_bit_is_refused(body: dict[str, object], data: st.DataObject) -> None:
    raw = bytearray(sign(body, KEY).raw)
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with contextlib.suppress(EvidenceError):
        assert not read_statement(bytes(raw), FORM).signed_by(PUBLIC)


@given(st.binary(max_size=300))
def test_no_bytes_upset_the_reader(raw: bytes) -> None:
    with pytest.raises(EvidenceError):
        read_statement(raw, FORM)


@pytest.mark.parametrize(
    "text",
    [
        '{"body":{"format":"test/1", "a":1},"signature":"' + "0" * 128 + '"}',  # a space
        '{"body":{"b":1,"a":2,"format":"test/1"},"signature":"' + "0" * 128 + '"}',  # keys unsorted
        '{"body":{"a":1,"a":1,"format":"test/1"},"signature":"' + "0" * 128 + '"}',  # a key twice
        '{"body":{"a":NaN,"format":"test/1"},"signature":"' + "0" * 128 + '"}',  # no JSON
        '{"body":{"format":"test/1"},"signature":"' + "A" * 128 + '"}',  # capitals
        '{"body":{"format":"test/2"},"signature":"' + "0" * 128 + '"}',  # another format
        '{"body":' + '{"a":' * 100_000 + "1" + "}" * 100_000 + ',"signature":"' + "0" * 128 + '"}',  # too deep
    ],
)
def test_only_the_one_text_is_accepted(text: str) -> None:
    with pytest.raises(EvidenceError):
        read_statement(text.encode(), FORM)


def test_openssl_agrees(tmp_path: Path) -> None:
    """The signature as an expert would check it, without this program."""
    statement = sign({"format": FORM, "车牌": "晋Z0A8D4", "kg": 48620.5}, KEY)
    (tmp_path / "body").write_bytes(statement.raw[len(b'{"body":') : -len(b',"signature":""}') - 128])
    (tmp_path / "signature").write_bytes(statement.signature)
    pem = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in body -sigfile signature"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
